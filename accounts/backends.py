"""Password login for the admin and the API."""

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser


class AccountBackend(ModelBackend):
    """Django's own, but demo accounts count as disabled wherever DEMO_ENABLED is off."""

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        if getattr(user, "is_demo", False) and not settings.DEMO_ENABLED:
            return False
        return super().user_can_authenticate(user)
