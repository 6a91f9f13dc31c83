"""Forgetting a pair: on request, or after two years of silence."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from accounts.gate import Gate
from memory import selectors
from memory.domain import Pair
from memory.events import memory_cleared
from memory.models import (
    EmotionalState,
    EngagementMetrics,
    FanMemory,
    FanPreferences,
    IdempotentAnswer,
    Interaction,
    PersonalityChange,
    PersonalityProfile,
)
from memory.services.locking import find_locked_pair, locked_pair
from memory.services.writes import announce, writing

# Every table with rows of a pair, but for engagement_metrics, which is locked first and deleted last.
_TABLES: tuple[type[models.Model], ...] = (
    FanMemory,
    Interaction,
    FanPreferences,
    PersonalityProfile,
    PersonalityChange,
    EmotionalState,
    IdempotentAnswer,
)


def clear_memory(*, fan_id: str, creator_id: str) -> dict[str, int]:
    """Delete everything about a pair, for good; return how many rows of each table.

    Raises:
        NotFound: the fan was never seen.
    """
    pair = Pair(creator_id, fan_id)
    with writing([pair], Gate(creator_id)):
        return delete_pair(pair)


def delete_pair(pair: Pair) -> dict[str, int]:
    """Delete a pair inside the caller's ``writing`` block; see ``clear_memory``."""
    deleted = _delete(locked_pair(pair))
    announce(memory_cleared, creator_id=pair.creator_id, fan_id=pair.fan_id)
    return deleted


def cleanup_old_memories(
    *,
    inactive_for: timedelta | None = None,
    dry_run: bool = False,
    progress: Callable[[Pair], None] | None = None,
) -> list[Pair]:
    """Forget every pair without any interaction for ``inactive_for`` (24 months where left out).

    Args:
        dry_run: change nothing; return exactly what a run would forget now.
        progress: called with each pair done.

    Returns:
        The pairs forgotten, or to be forgotten.
    """
    before = timezone.now() - (inactive_for or settings.RETENTION)
    inactive = selectors.list_inactive_pairs(before)
    if dry_run:
        return inactive
    done: list[Pair] = []
    for pair in inactive:
        if _forget_if_inactive(pair, before):
            done.append(pair)
        if progress:
            progress(pair)
    return done


def _forget_if_inactive(pair: Pair, before: datetime) -> bool:
    """Look again under the lock: the fan may have come back, or been erased, since the list was made."""
    with writing([pair], Gate(pair.creator_id)):
        metrics = find_locked_pair(pair)
        if metrics is None or metrics.last_interaction is None or metrics.last_interaction >= before:
            return False
        _delete(metrics)
        announce(memory_cleared, creator_id=pair.creator_id, fan_id=pair.fan_id)
    return True


def _delete(metrics: EngagementMetrics) -> dict[str, int]:
    of_pair = {"creator_id": metrics.creator_id, "fan_id": metrics.fan_id}
    deleted = {model._meta.db_table: model._default_manager.filter(**of_pair).delete()[0] for model in _TABLES}
    return deleted | {EngagementMetrics._meta.db_table: metrics.delete()[0]}
