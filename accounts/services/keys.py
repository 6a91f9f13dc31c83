"""API keys: ``ofm_<prefix>_<secret>``. The prefix finds the row, the digest proves the whole key."""

import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.domain import ALL_SCOPES, Scope
from accounts.models import ApiKey, Creator
from accounts.services.revocation import announce_change
from accounts.services.validation import validate
from ofmemory.errors import NotFound

KEY_START = "ofm_"


def create_key(
    *,
    creator_id: str,
    name: str,
    scopes: Iterable[Scope] = ALL_SCOPES,
    fan_id: str = "",
    expires_at: datetime | None = None,
    is_demo: bool = False,
) -> tuple[ApiKey, str]:
    """Make a key for a service of ``creator_id``; return its row and the key itself, which is stored nowhere.

    Args:
        fan_id: bind the key to this one fan; empty for all.

    Raises:
        NotFound: no such creator.
        InvalidInput: the name or the fan id is empty or too long, or there is no scope.
    """
    if not Creator.objects.filter(id=creator_id).exists():
        raise NotFound("No such creator.")
    prefix, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    key = f"{KEY_START}{prefix}_{secret}"
    row = ApiKey(
        creator_id=creator_id,
        name=name,
        prefix=prefix,
        digest=_digest(key),
        scopes=sorted(scopes),
        fan_id=fan_id,
        expires_at=expires_at,
        is_demo=is_demo,
    )
    validate(row)
    row.save(force_insert=True)
    return row, key


def list_keys(creator_id: str) -> list[ApiKey]:
    """Return the keys of a creator, revoked ones too, newest first.

    Raises:
        NotFound: no such creator.
    """
    if not Creator.objects.filter(id=creator_id).exists():
        raise NotFound("No such creator.")
    return list(ApiKey.objects.filter(creator_id=creator_id))


def get_key(prefix: str) -> ApiKey:
    """Return the key whose public part is ``prefix``.

    Raises:
        NotFound: there is none.
    """
    row = ApiKey.objects.filter(prefix=prefix).first()
    if row is None:
        raise NotFound("No such key.")
    return row


def find_key(key: str) -> ApiKey | None:
    """Return the live key that this is, or None; notes the day of its last use."""
    prefix, separator, _ = key.removeprefix(KEY_START).partition("_")
    # The prefix is looked up: nothing but what we make (NUL, say) may reach the database.
    if not separator or not prefix.isalnum():
        return None
    now = timezone.now()
    row = (
        ApiKey.objects.filter(prefix=prefix, revoked_at__isnull=True, creator__is_active=True)
        .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
        .first()
    )
    if row is None or not hmac.compare_digest(bytes(row.digest), _digest(key)):
        return None
    if row.is_demo and not settings.DEMO_ENABLED:
        return None
    if row.last_used_on != now.date():
        ApiKey.objects.filter(id=row.id).update(last_used_on=now.date())
    return row


def revoke_key(key: ApiKey) -> bool:
    """Make a key useless at once; return False when it already was."""
    revoked = ApiKey.objects.filter(id=key.id, revoked_at__isnull=True).update(revoked_at=timezone.now())
    announce_change([key.creator_id])
    return revoked == 1


def facts_of(row: ApiKey) -> dict[str, object]:
    """Return what may be told about a key: everything but the key."""
    return {
        "prefix": row.prefix,
        "name": row.name,
        "creator": row.creator_id,
        "scopes": list(row.scopes),
        "fan": row.fan_id or None,
        "created": _iso(row.created_at),
        "expires": _iso(row.expires_at),
        "revoked": _iso(row.revoked_at),
        "lastUsed": row.last_used_on.isoformat() if row.last_used_on else None,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()
