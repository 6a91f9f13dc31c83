"""The brake on guessing passwords."""

import logging

from django.conf import settings

from accounts.cache import admit_one, login_key
from ofmemory.errors import CacheUnavailable

logger = logging.getLogger(__name__)


def admit_login(username: str) -> None:
    """Count one try to log in as ``username``, whether it exists or not.

    Without Redis the try is let through: the slow password hash is then the only brake.

    Raises:
        RateLimitExceeded: too many tries in the last minute.
    """
    try:
        admit_one(login_key(username), settings.RATE_LIMITS["logins_per_user"])
    except CacheUnavailable:
        logger.warning("login_limit_unavailable")
