"""What learning keeps of a pair between its runs: finding it, and storing it so that nobody's work is overwritten."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from calibration.algorithms.learner import ALGORITHMS_VERSION, LearnedState
from calibration.models import LearntState
from memory.backlog import EVERYBODY, Scope
from memory.evidence import Known
from memory.services.locking import find_locked_pair
from ofmemory.infra.db import upsert
from privacy.domain import Limit, Pair
from privacy.errors import Unreadable

logger = logging.getLogger(__name__)

# Runs in a row that may fail before a pair is left alone until somebody looks at it.
MAX_FAILURES = 8
# Taken up at once; the rest by and by.
MOST_UNFINISHED = 2000
FIRST_RETRY, LAST_RETRY = timedelta(seconds=30), timedelta(hours=6)


class Overtaken(Exception):
    """Another run stored the pair meanwhile, or what may be learnt changed: this one has to load it anew."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a pair.

    Args:
        version: how often it was stored; 0 where it never was.
        folded_count: interactions in ``state``.
        cursor: instant and id of the latest of them.
        recounted: the number of interactions there were when it was begun anew, until it has caught up again.
    """

    state: LearnedState = field(default_factory=LearnedState)
    version: int = 0
    folded_count: int = 0
    cursor: tuple[datetime, UUID] | None = None
    recounted: int | None = None

    def begun_anew(self, total: int) -> "Kept":
        """Return it without anything learnt; what is stored in its place stays until it has caught up."""
        return Kept(version=self.version, recounted=total)


def find_kept(known: Known) -> Kept | None:
    """Return what is kept of the pair, to go on from; None where it has to wait after failures."""
    return find_all_kept([known]).get(known)


def find_all_kept(pairs: Sequence[Known]) -> dict[Known, Kept]:
    """Return what is kept of the pairs, in one query; those that have to wait after failures are left out."""
    creators, fans = {known.pair.creator_id for known in pairs}, {known.pair.fan_id for known in pairs}
    rows = {row.pair: row for row in LearntState.objects.filter(creator_id__in=creators, fan_id__in=fans)}
    found = {known: _kept(rows.get(known.pair), known) for known in pairs}
    return {known: kept for known, kept in found.items() if kept is not None}


def _kept(row: LearntState | None, known: Known) -> Kept | None:
    if row is None:
        return Kept()
    if _has_to_wait(row):
        return None
    state = _state_in(row)
    if state is None or row.algorithms != ALGORITHMS_VERSION or row.limits != known.limits:
        return Kept(version=row.version).begun_anew(known.total)
    cursor = (row.folded_to, row.folded_id) if row.folded_to and row.folded_id else None
    return Kept(state, row.version, row.folded_count, cursor, row.recounted)


def _state_in(row: LearntState) -> LearnedState | None:
    """Return the state; None where it is none of ours, or can't be opened: it can be made again."""
    try:
        return msgspec.json.decode(row.state, type=LearnedState) if row.state else LearnedState()
    except (msgspec.DecodeError, Unreadable) as error:
        logger.warning("learnt_state_unusable", extra={"error": type(error).__name__})
        return None


def _has_to_wait(row: LearntState) -> bool:
    return row.failure_count > 0 and (row.retry_at is None or row.retry_at > timezone.now())


def store_kept(pair: Pair, kept: Kept, limits: Limit) -> None:
    """Store what is kept, inside a ``writing`` block that has locked the pair; failures are forgotten.

    Raises:
        Overtaken: somebody stored it since it was found.
    """
    folded_to, folded_id = kept.cursor or (None, None)
    values: dict[str, Any] = {
        "algorithms": ALGORITHMS_VERSION,
        "limits": int(limits),
        "version": kept.version + 1,
        "folded_count": kept.folded_count,
        "recounted": kept.recounted,
        "folded_to": folded_to,
        "folded_id": folded_id,
        "failure_count": 0,
        "failed_with": "",
        "retry_at": None,
        "updated_at": timezone.now(),
    }
    row = LearntState(creator_id=pair.creator_id, fan_id=pair.fan_id, **values)
    row.state = msgspec.json.encode(kept.state)
    inserted = upsert(row, unique=("creator_id", "fan_id"), only_if="learnt_states.version = %s", params=[kept.version])
    if inserted is None or (inserted and kept.version):
        raise Overtaken


@transaction.atomic
def note_failure(pair: Pair, kind: str) -> int:
    """Note that a run of the pair failed, and when to try again: later each time, and in the end not at all.

    Args:
        kind: of the error, without anything that was said.

    Returns:
        How many runs in a row have failed; 0 for a pair that was erased meanwhile, of which nothing may be kept.
    """
    if find_locked_pair(pair) is None:
        return 0
    row, _ = LearntState.objects.get_or_create(
        creator_id=pair.creator_id, fan_id=pair.fan_id, defaults={"algorithms": ALGORITHMS_VERSION}
    )
    count = row.failure_count + 1
    wait = min(FIRST_RETRY * 2 ** (count - 1), LAST_RETRY)
    retry_at = timezone.now() + wait if count < MAX_FAILURES else None
    LearntState.objects.filter(pk=row.pk).update(
        failure_count=F("failure_count") + 1, failed_with=kind[:100], retry_at=retry_at
    )
    return count


def retry_failed(scope: Scope = EVERYBODY) -> int:
    """Have the pairs that learning failed with tried again now; return how many."""
    failed = scope.of(LearntState.objects.filter(failure_count__gt=0))
    return int(failed.update(failure_count=0, failed_with="", retry_at=None))


def begin_anew(pair: Pair) -> None:
    """Inside a ``writing`` block that has locked the pair: forget how far learning had come.

    What was taken in has changed since. Nothing is lost: it is all taken in again.
    """
    of_nothing = {"algorithms": 0, "version": F("version") + 1}
    _of_pair(pair).update(**of_nothing)


def list_unfinished(scope: Scope = EVERYBODY, *, unchanged_for: timedelta = timedelta(0)) -> list[Pair]:
    """Return pairs that other algorithms learnt about, or that have not caught up again, longest ago first.

    Those that wait after failures are left out.
    """
    rows = LearntState.objects.filter(~Q(algorithms=ALGORITHMS_VERSION) | Q(recounted__isnull=False), failure_count=0)
    rows = scope.of(rows).filter(updated_at__lte=Now() - unchanged_for).order_by("updated_at")
    return [Pair(*ids) for ids in rows.values_list("creator_id", "fan_id")[:MOST_UNFINISHED]]


def find_state(pair: Pair) -> LearnedState:
    """Return what is learnt of the pair so far; nothing where that was by other algorithms, or is being made anew."""
    row = _of_pair(pair).filter(algorithms=ALGORITHMS_VERSION, recounted=None).first()
    return (_state_in(row) if row else None) or LearnedState()


def iterate_states(creator_id: str, most: int) -> Iterator[tuple[str, LearnedState]]:
    """Yield fan id and what is learnt, of up to ``most`` of a creator's fans; what can't be opened is left out."""
    rows = LearntState.objects.filter(creator_id=creator_id, algorithms=ALGORITHMS_VERSION, recounted=None)
    for row in rows.order_by("fan_id")[:most].iterator(chunk_size=200):
        if (state := _state_in(row)) is not None:
            yield row.fan_id, state


def _of_pair(pair: Pair) -> QuerySet[LearntState]:
    return LearntState.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id)
