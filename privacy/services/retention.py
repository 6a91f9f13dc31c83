"""Storage limitation (Art. 5(1)(e)): pairs that have been silent for too long are erased, like on request."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, connection

from ofmemory.errors import OfMemoryError
from privacy.domain import Pair
from privacy.errors import OnHold
from privacy.registry import store
from privacy.services import erasing
from privacy.services.holds import is_held
from privacy.services.requests import find_open_erasure

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cleanup:
    """What a run did, or with a dry run would do.

    Args:
        before: who was silent since then is erased; by the database's clock.
        erased: gone, and proven so.
        held: kept because a legal hold demands it.
        requested: their erasure was asked for before, and goes its own way.
        unfinished: their erasure has begun; a store did not answer, and ``erasing.resume`` goes on with it.
        returned: came back, or was erased, while the run was under way.
    """

    before: datetime
    erased: list[Pair] = field(default_factory=list)
    held: list[Pair] = field(default_factory=list)
    requested: list[Pair] = field(default_factory=list)
    unfinished: list[Pair] = field(default_factory=list)
    returned: list[Pair] = field(default_factory=list)


def cleanup(
    *,
    inactive_for: timedelta | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Cleanup:
    """Erase every pair without any interaction for ``inactive_for`` (``RETENTION`` where left out).

    Args:
        dry_run: change nothing; return exactly what a run would do now.
        progress: called with how many pairs are done, of how many.
    """
    done = Cleanup(_now() - (settings.RETENTION if inactive_for is None else inactive_for))
    pairs: Sequence[Pair] = store().list_inactive_pairs(done.before)
    for number, pair in enumerate(pairs, start=1):
        outcome = _foreseen(pair, done) if dry_run else _erased_if_inactive(pair, done)
        outcome.append(pair)
        if progress:
            progress(number, len(pairs))
    return done


def _foreseen(pair: Pair, done: Cleanup) -> list[Pair]:
    """Return the list that a run would put the pair on now."""
    if is_held(pair):
        return done.held
    return done.requested if find_open_erasure(pair) else done.erased


def _erased_if_inactive(pair: Pair, done: Cleanup) -> list[Pair]:
    """Erase a pair; return the list of the outcome. One that fails must not keep the others."""
    foreseen = _foreseen(pair, done)
    if foreseen is not done.erased:
        return foreseen
    try:
        if not erasing.erase_inactive(pair, done.before):
            return done.returned
    except OnHold:
        return done.held
    except (OfMemoryError, DatabaseError) as error:
        logger.warning("retention_failed", extra={"error": type(error).__name__})
        return done.unfinished
    # One that is complete names the pair no more.
    return done.unfinished if find_open_erasure(pair) else done.erased


def _now() -> datetime:
    """Return the database's time: a clock that runs ahead in one process must not cost a fan two years."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
    return now
