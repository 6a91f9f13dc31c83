"""Learning now, all of it, because somebody asked: what lags behind, what failed, or everything anew."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from accounts.gate import Gate
from calibration.services.due import DUE
from calibration.services.learning import BATCH_PAIRS, Run, learn_pairs
from calibration.services.states import begin_anew, list_unfinished, retry_failed
from memory.backlog import Scope, find_all, find_behind
from memory.evidence import find_numbers
from memory.services.locking import locked_pair
from memory.services.writes import carry_out
from ofmemory.errors import NotFound
from privacy.domain import Pair
from privacy.errors import Restricted

Progress = Callable[[int, int], None]


def catch_up(
    scope: Scope, *, failed_too: bool = False, anew: bool = False, progress: Progress = lambda *_: None
) -> Run:
    """Learn until nothing lags behind any more, or nothing more can be learnt.

    Args:
        scope: whom.
        failed_too: also those that wait after failures.
        anew: everybody from their first interaction on; what was learnt before stays in use until that is done.
        progress: called with how many pairs are done, of how many.

    Raises:
        DatabaseError, KeysUnavailable: what is broken is not a pair; what is done stays.
    """
    if failed_too:
        retry_failed(scope)
    if anew:
        _begin_anew(find_all(scope).values())
    numbers = _waiting(scope)
    done = Run()
    while numbers:
        run = _round(numbers, progress)
        done += run
        if run.interactions == 0:
            break
        numbers = _waiting(scope)
    return done


def retry(pairs: Iterable[Pair]) -> int:
    """Have those of the pairs that learning failed with tried again soon; return how many."""
    found = [pair for pair in pairs if retry_failed(Scope(pair.creator_id, pair.fan_id))]
    DUE.add(*find_numbers(found))
    return len(found)


def _waiting(scope: Scope) -> list[int]:
    """Return the numbers of pairs with something new, and of those being learnt anew."""
    return list(dict.fromkeys([*find_behind(scope), *find_numbers(list_unfinished(scope))]))


def _begin_anew(pairs: Iterable[Pair]) -> None:
    for pair in pairs:
        # Erased or restricted since they were listed.
        with suppress(NotFound, Restricted):
            _forget(pair)


def _forget(pair: Pair) -> None:
    def work() -> None:
        locked_pair(pair)
        begin_anew(pair)

    carry_out([pair], Gate(pair.creator_id, action="memory.learnt"), work)


def _round(numbers: Sequence[int], progress: Progress) -> Run:
    done = Run()
    for start in range(0, len(numbers), BATCH_PAIRS):
        done += learn_pairs(numbers[start : start + BATCH_PAIRS])
        progress(min(start + BATCH_PAIRS, len(numbers)), len(numbers))
    return done
