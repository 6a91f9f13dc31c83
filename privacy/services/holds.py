"""Legal holds: while one stands nothing of the pair is destroyed (Art. 17(3)(e)). Holding gives nobody access."""

from datetime import date
from hashlib import blake2b
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from ofmemory.errors import Conflict, InvalidInput, NotFound
from privacy.domain import Pair
from privacy.errors import OnHold
from privacy.keys import keyring
from privacy.models import LegalHold
from privacy.services import audit
from privacy.services.pair_lock import locked

# Taken shared by all that destroy, and alone by who places a hold, until the end of their transactions: so when a hold
# is in place, whoever had found none before is done.
_SHARED = "SELECT pg_advisory_xact_lock_shared(%s)"
_ALONE = "SELECT pg_advisory_xact_lock(%s)"


def place(*, creator_id: str, fan_id: str = "", matter: str, ground: str, review_on: date, actor: str) -> LegalHold:
    """Hold a fan's data, or with no fan all of the creator's.

    Args:
        matter: what it is about, for people; sealed.
        ground: the legal ground, such as "Art. 17(3)(e)".
        review_on: the day somebody must look whether it is still needed.

    Raises:
        InvalidInput: matter or ground is empty.
        Erased: there is nothing left to hold.
    """
    if not matter.strip() or not ground.strip():
        raise InvalidInput("A hold needs a matter and a ground.")
    with locked(Pair(creator_id, fan_id)) if fan_id else transaction.atomic():
        # After the pair's lock, in the order of those who destroy.
        _lock(_ALONE, creator_id)
        hold = LegalHold.objects.create(
            creator_id=creator_id, fan_id=fan_id, matter=matter, ground=ground, review_on=review_on, placed_by=actor
        )
        _record("hold.placed", hold, actor)
    return hold


def release(hold_id: UUID, *, actor: str) -> LegalHold:
    """End a hold. What had to wait for it goes on with the next run of the task that looks for it.

    Raises:
        NotFound: there is no such hold.
        Conflict: it was released before.
    """
    with transaction.atomic():
        hold = LegalHold.objects.filter(pk=hold_id).first()
        if hold is None:
            raise NotFound("There is no such hold.")
        standing = LegalHold.objects.filter(pk=hold_id, released_at=None)
        if not standing.update(released_at=Now(), released_by=actor):
            raise Conflict("The hold was released before.")
        _record("hold.released", hold, actor)
        # Not the matter: of somebody erased, in a restored database, nobody can open it any more.
        hold.refresh_from_db(fields=["released_at", "released_by"])
    return hold


def is_held(pair: Pair) -> bool:
    """Return whether a hold stands on the pair, or on all fans of its creator."""
    standing = LegalHold.objects.filter(creator_id=pair.creator_id, released_at=None)
    return standing.filter(fan_id__in=["", pair.fan_id]).exists()


def guard(pair: Pair) -> None:
    """Let only those pass who may destroy the pair's data; every path that does calls this inside its transaction.

    Until that transaction ends no hold can be placed.

    Raises:
        OnHold: a hold stands.
    """
    _lock(_SHARED, pair.creator_id)
    if is_held(pair):
        raise OnHold


def number_of(creator_id: str) -> int:
    """Return the number of the creator's advisory lock."""
    return int.from_bytes(blake2b(f"hold\0{creator_id}".encode(), digest_size=8).digest(), "big", signed=True)


def _lock(how: str, creator_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(how, [number_of(creator_id)])


def _record(action: str, hold: LegalHold, actor: str) -> None:
    keys = keyring.find(hold.pair) if hold.fan_id else None
    audit.record(
        action,
        actor=actor,
        creator_id=hold.creator_id,
        subject=UUID(bytes=keys.handle) if keys else None,
        details={"hold": str(hold.pk), "of": "fan" if hold.fan_id else "creator"},
    )
