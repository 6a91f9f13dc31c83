"""The brakes on guessing: passwords, codes of second factors, tokens.

Counted in Redis, exactly and for all processes together. Without Redis each process counts its share of the limit.
"""

import logging
from collections import OrderedDict
from threading import Lock
from time import monotonic

from django.conf import settings

from accounts.cache import admit_one, code_key, failures_key, login_address_key, login_key, wait_of
from ofmemory.errors import CacheUnavailable, RateLimitExceeded
from ofmemory.infra.cache.limits import local_admit

logger = logging.getLogger(__name__)

# Addresses this process turns away without asking, at most; address → when it may try again, on the monotonic clock.
MAX_REMEMBERED = 10_000
_spent: OrderedDict[str, float] = OrderedDict()
_lock = Lock()


def admit_login(username: str, *, address: str = "") -> None:
    """Count one try to log in as ``username``, whether it exists or not, on the name and on the client's address.

    Raises:
        RateLimitExceeded: too many tries in the last minute.
    """
    if address:
        _admit(login_address_key(address), "logins_per_ip")
    _admit(login_key(username), "logins_per_user")


def admit_code(user_id: int, *, address: str = "") -> None:
    """Count one try of a second factor: on the person, and on the address like any other try to log in.

    Raises:
        RateLimitExceeded: too many tries in the last minute.
    """
    if address:
        _admit(login_address_key(address), "logins_per_ip")
    _admit(code_key(user_id), "codes_per_user")


def refuse_spent(address: str) -> None:
    """Turn away an address from which too many wrong tokens came. Counts nothing, asks no database.

    Raises:
        RateLimitExceeded: its failures in the last minute are used up.
    """
    limit = settings.RATE_LIMITS["failures_per_ip"]
    if limit <= 0:
        return
    wait_seconds = _spent.get(address, 0.0) - monotonic()
    if wait_seconds <= 0:
        try:
            wait_seconds = wait_of(failures_key(address), limit) / 1_000_000
        except CacheUnavailable:
            return  # what this process has counted itself, it remembers
    if wait_seconds > 0:
        _remember(address, wait_seconds)
        raise _refusal(limit, wait_seconds)


def count_failure(address: str) -> None:
    """Count a wrong token on the address it came from.

    Several requests at once may each have found the limit not yet used up: those beyond it are refused here.

    Raises:
        RateLimitExceeded: the limit was used up meanwhile.
    """
    try:
        _admit(failures_key(address), "failures_per_ip")
    except RateLimitExceeded as error:
        _remember(address, float(error.retry_after_seconds or 0))
        raise


def forget_addresses() -> None:
    """Drop what this process remembers."""
    with _lock:
        _spent.clear()


def _admit(key: str, name: str) -> None:
    limit = settings.RATE_LIMITS[name]
    try:
        admit_one(key, limit)
    except CacheUnavailable:
        logger.warning("login_limit_of_process_only")
        local_admit(((key, limit),))


def _remember(address: str, wait_seconds: float) -> None:
    with _lock:
        _spent[address] = monotonic() + wait_seconds
        _spent.move_to_end(address)
        if len(_spent) > MAX_REMEMBERED:
            _spent.popitem(last=False)


def _refusal(limit: int, wait_seconds: float) -> RateLimitExceeded:
    return RateLimitExceeded(
        "Too many requests.",
        details={"limit": limit, "windowSeconds": 60},
        retry_after_seconds=max(1, -int(-wait_seconds // 1)),
    )
