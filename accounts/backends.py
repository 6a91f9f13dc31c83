"""Password login for the admin and the API."""

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser

from accounts.models import User


class AccountBackend(ModelBackend):
    """Django's own, but demo accounts count as disabled wherever DEMO_ENABLED is off."""

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        if getattr(user, "is_demo", False) and not settings.DEMO_ENABLED:
            return False
        return super().user_can_authenticate(user)
