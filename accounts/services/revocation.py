"""How every process learns at once that somebody's rights changed.

Each creator has an *access epoch* in Redis: a token that changes with every change of rights. Requests read it in the
script they run anyway; a process that cached a caller under another epoch loads the caller afresh before it answers.
So a revoked key stops working everywhere at once, at no extra round trip.
"""

import logging
import uuid
from collections.abc import Iterable

from django.db import transaction

from accounts.cache import set_epoch
from ofmemory.errors import CacheUnavailable

logger = logging.getLogger(__name__)


def announce_change(creator_ids: Iterable[str]) -> None:
    """After commit, give every creator in ``creator_ids`` a new access epoch.

    Without Redis processes notice when their cached callers expire (``PRINCIPAL_SECONDS``).
    """
    changed = list(creator_ids)

    def bump() -> None:
        try:
            for creator_id in changed:
                set_epoch(creator_id, uuid.uuid4().hex)
        except CacheUnavailable:
            logger.warning("access_epoch_not_announced", extra={"count": len(changed)})

    transaction.on_commit(bump, robust=True)
