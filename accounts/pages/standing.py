"""How far somebody has come with logging in: the session remembers whose second factor was proven in it."""

from django.conf import settings
from django.http import HttpRequest

from accounts.services import second_factors

_PROVEN = "second_factor_of"


def note_proven(request: HttpRequest, user_id: int) -> None:
    """Remember that the person's second factor was proven in this session."""
    request.session[_PROVEN] = user_id


def page_before(request: HttpRequest) -> str:
    """Return the name of the page that a logged-in person has to pass first; empty: none.

    Somebody with a factor must have proven it in this very session: one that was opened before the factor was added
    doesn't do. Somebody without one must add it where STAFF_2FA_REQUIRED.
    """
    user_id = int(request.user.pk or 0)
    if second_factors.kinds_of(user_id):
        return "" if request.session.get(_PROVEN) == user_id else "mfa_reauthenticate"
    return "mfa_index" if settings.STAFF_2FA_REQUIRED else ""


def on_used(request: HttpRequest, user: object, **_: object) -> None:
    """A code or passkey was accepted, at the login or to confirm."""
    note_proven(request, user.pk)  # type: ignore[attr-defined]


def on_added(request: HttpRequest, user: object, **_: object) -> None:
    """A factor was added: whoever holds this session holds it."""
    note_proven(request, user.pk)  # type: ignore[attr-defined]
