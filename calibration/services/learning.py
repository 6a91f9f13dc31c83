"""The learning run: what happened since the last one is read, taken in, and stored with what follows from it.

A pair's state is that of its interactions taken in one by one, in the order in which they happened. A run goes on from
the state of the one before. When something arrived late, when the algorithms changed or what may be learnt did, it
begins anew; what was learnt before stays in use until that has caught up.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError
from django.utils import timezone

from accounts.gate import Gate
from calibration.algorithms.learner import learn, rewarded
from calibration.services.due import DUE
from calibration.services.events import Material, load_material, readied
from calibration.services.noticing import store_escalations, store_rewards
from calibration.services.projecting import project
from calibration.services.states import Kept, Overtaken, list_unfinished, note_failure, store_kept
from memory import evidence
from memory.backlog import find_behind
from memory.services.learnt import Learnt, store_learnt
from memory.services.locking import locked_pair
from memory.services.writes import carry_out
from ofmemory.errors import CacheUnavailable, NotFound
from privacy.domain import Pair
from privacy.errors import Erased, KeysUnavailable, NotConsented, Restricted

logger = logging.getLogger(__name__)

# Pairs whose interactions are loaded, and whose messages are read, together.
BATCH_PAIRS = 32
ATTEMPTS = 3
# The pair is gone, or nothing may be learnt about it: nothing to do, and no failure.
_NOT_ANY_MORE = (NotFound, Erased, NotConsented, Restricted)
# What is broken is not the pair.
_ELSEWHERE = (KeysUnavailable, CacheUnavailable)


@dataclass(frozen=True, slots=True)
class Run:
    """What came of some pairs.

    Args:
        pairs: how many were stored.
        messages: how many messages were read.
        interactions: how many interactions were taken in.
        failed: how many pairs failed.
    """

    pairs: int = 0
    messages: int = 0
    interactions: int = 0
    failed: int = 0

    def __add__(self, other: "Run") -> "Run":
        return Run(
            self.pairs + other.pairs,
            self.messages + other.messages,
            self.interactions + other.interactions,
            self.failed + other.failed,
        )


def learn_due(seconds: float | None = None) -> Run:
    """Learn about pairs that are due, until there are none or the time is over.

    Args:
        seconds: LEARNING_TICK_SECONDS where left out.

    Raises:
        CacheUnavailable: the broker did not answer.
        DatabaseError, KeysUnavailable: what is broken is not a pair; the sweep finds them again.
    """
    over = time.monotonic() + (settings.LEARNING_TICK_SECONDS if seconds is None else seconds)
    done = Run()
    while numbers := DUE.take(BATCH_PAIRS):
        done += learn_pairs(numbers)
        if time.monotonic() >= over:
            break
    return done


def sweep() -> int:
    """Wake what was never woken, or whose waking was lost; return how many pairs."""
    unchanged_for = settings.LEARNING_SWEEP_AFTER
    unfinished = evidence.find_numbers(list_unfinished(unchanged_for=unchanged_for))
    numbers = find_behind(unchanged_for=unchanged_for) + unfinished
    for start in range(0, len(numbers), 1000):
        DUE.add(*numbers[start : start + 1000])
    return len(numbers)


def learn_pairs(numbers: Sequence[int]) -> Run:
    """Learn about pairs, by their numbers; those that do not exist any more are left out."""
    with evidence.one_snapshot():
        materials = load_material(evidence.find_pairs(numbers))
    return sum((_attempt(material) for material in materials), start=Run())


def learn_pair(pair: Pair, *, rounds: int = 2) -> bool:
    """Learn about one pair now; return whether nothing is left to learn.

    Args:
        rounds: of ``BATCH_EVENTS`` interactions; a longer history is left to the worker.

    Raises:
        Overtaken: others keep storing it.
    """
    overtaken = 0
    while rounds > 0:
        with evidence.one_snapshot():
            known = evidence.find_pair(pair)
            materials = load_material([known] if known else [])
        if not materials:
            return False
        try:
            if _take_in(readied(materials[0])):
                return True
            rounds -= 1
        except Overtaken:
            if (overtaken := overtaken + 1) == ATTEMPTS:
                raise
    return False


def _attempt(material: Material) -> Run:
    """Take in one pair's material; its failure is noted and is no other pair's."""
    number, pair = material.known.number, material.known.pair
    try:
        material = readied(material)
        if not _take_in(material):
            DUE.add(number)
    except Overtaken:
        DUE.add(number)
        return Run()
    except _NOT_ANY_MORE:
        return Run()
    except (DataError, IntegrityError) as error:
        return _failed(pair, error)
    except (DatabaseError, *_ELSEWHERE):
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one pair must not keep the others waiting
        return _failed(pair, error)
    return Run(pairs=1, messages=len(material.read), interactions=len(material.events))


def _failed(pair: Pair, error: Exception) -> Run:
    # The kind of error only: its text may quote what was said.
    kind = type(error).__name__
    logger.error("learning_failed", extra={"error": kind, "count": note_failure(pair, kind)})
    return Run(failed=1)


def _take_in(material: Material) -> bool:
    """Take in one pair's material and store what follows; return whether nothing is left to take in.

    Raises:
        Overtaken: somebody else stored the pair meanwhile; nothing was stored.
    """
    if material.is_all and not material.rows and material.known.learnt == material.known.total:
        return True
    known, kept = material.known, _advanced(material)
    is_done = material.is_all
    if is_done and known.total not in (kept.folded_count, kept.recounted):
        # Something arrived that belongs before what was taken in already.
        kept, is_done = kept.begun_anew(known.total), False
    elif is_done:
        # Begun anew, and the counters still say otherwise: then the rows are right.
        kept = replace(kept, folded_count=known.total, recounted=None)
    _store(material, kept)
    return is_done


def _advanced(material: Material) -> Kept:
    kept, events = material.kept, material.events
    if not events:
        return kept
    return replace(
        kept,
        state=learn(kept.state, events, material.allowed),
        folded_count=kept.folded_count + len(events),
        cursor=(events[-1].at, events[-1].id),
    )


def _projected(material: Material, kept: Kept) -> Learnt:
    if kept.cursor is None:
        return Learnt()
    before = material.kept
    is_calibrated = before.state.calibrated.interaction_count == kept.state.calibrated.interaction_count
    is_as_before = is_calibrated and before.recounted is None
    return project(material.known.pair, kept.state, material.allowed, kept.cursor[0], with_profile=not is_as_before)


def _store(material: Material, kept: Kept) -> None:
    known, now = material.known, timezone.now()

    def work() -> None:
        counters = locked_pair(known.pair)
        if counters.limits != known.limits:
            raise Overtaken
        store_kept(known.pair, kept, known.limits)
        # Before what follows from them: what nobody has looked at yet stops selling.
        store_escalations(known.pair, kept.state)
        # While it catches up, what was learnt before stays in use.
        is_catching_up = kept.recounted is not None
        learnt = Learnt() if is_catching_up else _projected(material, kept)
        store_learnt(
            known.pair,
            replace(learnt, messages=material.read),
            learnt_interactions=counters.learnt_interactions if is_catching_up else min(kept.folded_count, known.total),
            at=now,
        )
        store_rewards(known.pair, rewarded(material.kept.state, material.events, material.allowed))

    carry_out([known.pair], Gate(known.pair.creator_id, action="memory.learnt"), work)
