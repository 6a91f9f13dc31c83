"""Logging in, staying logged in, logging out.

A login opens a *family* of refresh tokens of which only the newest is good. Using an older one means that two parties
hold the family, so all of it is revoked (RFC 9700 section 4.14.2).
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Membership, RefreshSession, User
from accounts.services import jwt
from accounts.services.revocation import announce_change
from accounts.services.second_factors import check_code, kinds_of
from accounts.throttle import admit_code, admit_login
from ofmemory.errors import Forbidden, Unauthorized


@dataclass(frozen=True, slots=True)
class TokenPair:
    access_token: str
    refresh_token: str
    expires_in_seconds: int


def open_session(
    *, username: str, password: str, creator_id: str | None = None, code: str = "", address: str = ""
) -> TokenPair:
    """Check a password, and a second factor where there is one, and return the first tokens of a new session.

    Args:
        creator_id: the creator meant when a later request names none; may be left out by members of one creator.
        code: of the authenticator app, or a recovery code; of no effect for people without a second factor.
        address: where the caller is, for limits; empty for calls from inside the product.

    Raises:
        Unauthorized: unknown user, wrong password, disabled account, or a code that is missing or wrong: always the
            same answer, so that it never tells that the password was right.
        Forbidden: not a member of ``creator_id``; or staff that must have a second factor and has none.
        RateLimitExceeded: too many tries for this user name or from this address.
    """
    admit_login(username, address=address)
    user = authenticate(username=username, password=password)
    if not isinstance(user, User):
        raise Unauthorized
    _pass_second_factor(user, code, address)
    now = timezone.now()
    session = RefreshSession.objects.create(
        user=user,
        default_creator_id=_default_creator_id(user, creator_id),
        current_jti=uuid.uuid4(),
        expires_at=now + timedelta(seconds=settings.JWT_REFRESH_SECONDS),
    )
    return _tokens(session)


def refresh_session(refresh_token: str) -> TokenPair:
    """Trade the newest refresh token of a session for new tokens.

    Raises:
        Unauthorized: not the newest token of a live session; an older one revokes the session.
    """
    claims = jwt.read(refresh_token, type_="refresh")
    new_jti = uuid.uuid4()
    now = timezone.now()
    # The claim: of two callers with the same token one changes the row, the other finds it changed.
    rotated = RefreshSession.objects.filter(
        id=claims["sid"],
        current_jti=claims["jti"],
        revoked_at__isnull=True,
        expires_at__gt=now,
        user__in=_users_allowed_in(),
    ).update(current_jti=new_jti)
    if rotated != 1:
        _revoke(claims["sid"], reason="reuse")
        raise Unauthorized
    return _tokens(RefreshSession.objects.get(id=claims["sid"]))


def close_session(refresh_token: str) -> None:
    """Log out: the session's refresh tokens and its access tokens stop working.

    Raises:
        Unauthorized: not a refresh token of ours.
    """
    _revoke(jwt.read(refresh_token, type_="refresh")["sid"], reason="logout")


def close_sessions_of(user: User, *, reason: str) -> int:
    """Log a person out everywhere; return how many sessions that closed."""
    closed = RefreshSession.objects.filter(user=user, revoked_at__isnull=True).update(
        revoked_at=timezone.now(), revoked_reason=reason
    )
    announce_change(user.memberships.values_list("creator_id", flat=True))
    return closed


def end_sessions(session_ids: Iterable[uuid.UUID]) -> None:
    """Have staff log people out of these sessions."""
    for session_id in session_ids:
        _revoke(str(session_id), reason="ended")


def forget_old_sessions() -> int:
    """Delete sessions whose refresh tokens have expired; return how many."""
    return RefreshSession.objects.filter(expires_at__lt=timezone.now()).delete()[0]


def _pass_second_factor(user: User, code: str, address: str) -> None:
    if kinds_of(user.pk):
        if not code:
            raise Unauthorized
        admit_code(user.pk, address=address)
        if check_code(user, code) is None:
            raise Unauthorized
    elif user.is_staff and settings.STAFF_2FA_REQUIRED:
        raise Forbidden


def _users_allowed_in() -> QuerySet[User]:
    active = User.objects.filter(is_active=True)
    return active if settings.DEMO_ENABLED else active.filter(is_demo=False)


def _revoke(session_id: str, *, reason: str) -> None:
    RefreshSession.objects.filter(id=session_id, revoked_at__isnull=True).update(
        revoked_at=timezone.now(), revoked_reason=reason
    )
    announce_change(
        Membership.objects.filter(user__refresh_sessions__id=session_id).values_list("creator_id", flat=True)
    )


def _default_creator_id(user: User, wanted: str | None) -> str | None:
    memberships = list(user.memberships.filter(creator__is_active=True).values_list("creator_id", flat=True)[:2])
    if wanted is None:
        return memberships[0] if len(memberships) == 1 else None
    if not user.memberships.filter(creator_id=wanted, creator__is_active=True).exists():
        raise Forbidden
    return wanted


def _tokens(session: RefreshSession) -> TokenPair:
    now = timezone.now()
    claims = {"sub": str(session.user_id), "sid": str(session.id)}
    access = jwt.sign(
        {**claims, "jti": str(uuid.uuid4())}, type_="access", now=now, lifetime_seconds=settings.JWT_ACCESS_SECONDS
    )
    # A session ends when it was to end; refreshing does not prolong it.
    remaining = int((session.expires_at - now).total_seconds())
    refresh = jwt.sign(
        {**claims, "jti": str(session.current_jti)}, type_="refresh", now=now, lifetime_seconds=remaining
    )
    return TokenPair(access, refresh, settings.JWT_ACCESS_SECONDS)
