"""How every process learns at once that somebody's rights changed.

Each creator has an *access epoch* in Redis: a token that changes with every change of rights. Requests read it in the
script they run anyway; a process that cached a caller under another epoch loads the caller afresh before it answers.
So a revoked key stops working everywhere at once, at no extra round trip.
"""

import uuid
from collections.abc import Iterable

from django.db import transaction

from accounts.cache import set_epoch


def announce_change(creator_ids: Iterable[str]) -> None:
    """After commit, give every creator in ``creator_ids`` a new access epoch.

    Redis is told as soon as it answers; processes that can't ask it notice within ``RECHECK_SECONDS``.
    """
    changed = list(creator_ids)

    def bump() -> None:
        for creator_id in changed:
            set_epoch(creator_id, uuid.uuid4().hex)

    transaction.on_commit(bump, robust=True)
