"""Tests: base.py with cheap password hashes and no limits other than those a test sets."""

from ofmemory.settings.base import *  # noqa: F403
from ofmemory.settings.base import DATABASES, RATE_LIMITS

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
for _database in DATABASES.values():
    _database["CONN_MAX_AGE"] = 0
LOG_REQUESTS = "none"
# A busy machine is no dead cache; tests of a dead one point at no server at all.
REDIS_TIMEOUT_SECONDS = 10.0
RATE_LIMITS = dict.fromkeys(RATE_LIMITS, 0)
# Nor is it a frozen database.
DATABASE_TIMEOUT_SECONDS = 30.0
REQUEST_SECONDS = dict.fromkeys(("read", "messages", "long"), 60.0)
