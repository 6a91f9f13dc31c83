"""Background work of memory: wake-ups only; what is to be done stands in the database. No argument names a fan."""

from celery import shared_task

from memory import cache
from memory.services import idempotency
from ofmemory.errors import CacheUnavailable


@shared_task
def forget_old_answers() -> int:
    """Delete answers to requests that can't be repeated any more."""
    return idempotency.forget_old_answers()


@shared_task(autoretry_for=(CacheUnavailable,), retry_backoff=1, retry_backoff_max=30, max_retries=120)
def clear_cache(keys: list[str]) -> None:
    """Remove from the cache what a commit made old while Redis was away.

    Args:
        keys: as ``cache.pair_key`` spells them.
    """
    for key in keys:
        cache.end_write_of([key])
