"""Background work of memory: wake-ups only; what is to be done stands in the database or in the arguments' ids."""

from celery import shared_task

from memory import cache
from memory.domain import Pair
from memory.services import idempotency
from ofmemory.errors import CacheUnavailable


@shared_task
def forget_old_answers() -> int:
    """Delete answers to requests that can't be repeated any more."""
    return idempotency.forget_old_answers()


@shared_task(autoretry_for=(CacheUnavailable,), retry_backoff=1, retry_backoff_max=30, max_retries=120)
def clear_cache(pairs: list[tuple[str, str]]) -> None:
    """Remove from the cache what a commit made old while Redis was away."""
    for creator_id, fan_id in pairs:
        cache.end_write([Pair(creator_id, fan_id)])
