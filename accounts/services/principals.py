"""From a bearer token to the caller behind it, without asking the database every time."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from threading import Lock
from time import monotonic

from django.conf import settings
from django.db import OperationalError
from django.utils import timezone

from accounts.domain import SCOPES_OF_ROLE, Principal, Role, Scope
from accounts.models import ApiKey, RefreshSession
from accounts.services import jwt
from accounts.services.keys import KEY_START, find_key
from accounts.throttle import count_failure, refuse_spent
from ofmemory.errors import Unauthorized

# A caller is looked up afresh at least this often, whatever the epoch says.
PRINCIPAL_SECONDS = 60
RECHECK_SECONDS = 5
# While the database is away nobody's rights can change in it: what was found last holds for so long, as long as Redis
# tells of no change.
PRINCIPAL_SECONDS_WITHOUT_DATABASE = 900
MAX_CACHED = 10_000


@dataclass(slots=True)
class _Entry:
    principal: Principal
    loaded_at: float
    expires_at: datetime
    # creator id → the access epoch that was current *before* the caller was last loaded.
    epochs: dict[str, bytes] = field(default_factory=dict)
    # When the database last could not be asked about the caller.
    failed_at: float = -RECHECK_SECONDS


_entries: OrderedDict[bytes, _Entry] = OrderedDict()
_lock = Lock()


def resolve_principal(token: str, *, address: Callable[[], str]) -> Principal:
    """Return who holds ``token`` (a JWT or an API key).

    Args:
        address: tells where the caller is; asked only for a token that this process has not verified before.

    Raises:
        Unauthorized: nobody does, or no longer.
        RateLimitExceeded: not verified before, and too many wrong tokens came from there; the database is not asked.
    """
    entry = _entries.get(_digest(token))
    return (_current(token, entry) if entry else _unverified(token, address())).principal


def confirm_principal(token: str, *, creator_id: str, epoch: bytes | None) -> Principal:
    """Return the caller as of the access epoch just read from Redis.

    The epoch was read first and the caller is loaded second, so a change of rights before the reading is seen by the
    load, and one after it changes the epoch for the next request. No epoch means that nothing changed for a day, or
    that Redis lost it: then the caller is as of at most ``RECHECK_SECONDS`` ago.

    Raises:
        Unauthorized: the token has been revoked meanwhile.
    """
    if epoch is None:
        return recheck_principal(token)
    entry = _entry(token)
    if creator_id not in entry.epochs or entry.epochs[creator_id] != epoch:
        entry = _load(token)
        entry.epochs[creator_id] = epoch
    return entry.principal


def recheck_principal(token: str) -> Principal:
    """Return the caller as of at most ``RECHECK_SECONDS`` ago; for when no access epoch can be read.

    Raises:
        Unauthorized: the token has been revoked meanwhile.
    """
    entry = _entry(token)
    if monotonic() - entry.loaded_at > RECHECK_SECONDS:
        entry = _load_or_keep(token, entry)
    return entry.principal


def forget_principals() -> None:
    """Drop what this process has cached."""
    with _lock:
        _entries.clear()


def _entry(token: str) -> _Entry:
    entry = _entries.get(_digest(token))
    return _current(token, entry) if entry else _load(token)


def _current(token: str, entry: _Entry) -> _Entry:
    """Return what is known of a token verified before, looked up afresh from time to time."""
    if monotonic() - entry.loaded_at > PRINCIPAL_SECONDS:
        entry = _load_or_keep(token, entry)
    if timezone.now() >= entry.expires_at:
        raise Unauthorized
    return entry


def _unverified(token: str, address: str) -> _Entry:
    refuse_spent(address)
    try:
        return _load(token)
    except Unauthorized:
        count_failure(address)
        raise


def _load_or_keep(token: str, entry: _Entry) -> _Entry:
    """Look the caller up afresh; where the database is away, go on with what was found last."""
    now = monotonic()
    is_kept = now - entry.loaded_at <= PRINCIPAL_SECONDS_WITHOUT_DATABASE
    if is_kept and now - entry.failed_at < RECHECK_SECONDS:
        return entry  # not once a request: what fails takes longer than what is answered from the cache
    try:
        return _load(token)
    except OperationalError:
        if not is_kept:
            raise
        entry.failed_at = now
        return entry


def _load(token: str) -> _Entry:
    try:
        principal, expires_at = _from_key(token) if token.startswith(KEY_START) else _from_jwt(token)
    except Unauthorized:
        with _lock:
            _entries.pop(_digest(token), None)
        raise
    entry = _Entry(principal, monotonic(), expires_at)
    with _lock:
        _entries[_digest(token)] = entry
        if len(_entries) > MAX_CACHED:
            _entries.popitem(last=False)
    return entry


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _from_key(token: str) -> tuple[Principal, datetime]:
    key: ApiKey | None = find_key(token)
    if key is None:
        raise Unauthorized
    principal = Principal(
        kind="key",
        id=str(key.id),
        grants={key.creator_id: frozenset(Scope(scope) for scope in key.scopes)},
        default_creator_id=key.creator_id,
        fan_id=key.fan_id or None,
    )
    return principal, key.expires_at or datetime.max.replace(tzinfo=UTC)


def _from_jwt(token: str) -> tuple[Principal, datetime]:
    claims = jwt.read(token, type_="access")
    session = (
        RefreshSession.objects.select_related("user")
        .filter(id=claims["sid"], user_id=claims["sub"], revoked_at__isnull=True, user__is_active=True)
        .first()
    )
    if session is None or (session.user.is_demo and not settings.DEMO_ENABLED):
        raise Unauthorized
    memberships = session.user.memberships.filter(creator__is_active=True)
    principal = Principal(
        kind="user",
        id=str(session.user_id),
        grants={member.creator_id: SCOPES_OF_ROLE[Role(member.role)] for member in memberships},
        default_creator_id=session.default_creator_id,
    )
    return principal, datetime.fromtimestamp(claims["exp"] + settings.JWT_LEEWAY_SECONDS, tz=UTC)
