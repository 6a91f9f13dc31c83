"""What follows when somebody has lost what they log in with."""

from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone

from accounts.events import RESET, tell
from accounts.models import User
from accounts.services.second_factors import lock_factors
from accounts.services.sessions import close_sessions_of
from ofmemory.errors import Conflict


@transaction.atomic
def reset_second_factor(user: User, *, actor: str) -> int:
    """Take away all factors of somebody whose device is lost, and log them out everywhere; return how many.

    Raises:
        Conflict: there are none.
    """
    lock_factors(user.pk)
    rows = Authenticator.objects.filter(user_id=user.pk)
    kinds = sorted(rows.values_list("type", flat=True))
    if not kinds:
        raise Conflict("This user has no second factor.")
    rows.delete()
    close_sessions_of(user, reason="ended")
    _end_page_sessions(user)
    tell(RESET, user_id=user.pk, actor=actor, kinds=kinds)
    return len(kinds)


def _end_page_sessions(user: User) -> None:
    """Django keeps no index of whose a session is; there are few, and this is rare."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        if session.get_decoded().get("_auth_user_id") == str(user.pk):
            session.delete()
