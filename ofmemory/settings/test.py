"""Tests: base.py with cheap password hashes and no limits other than those a test sets."""

from ofmemory.settings.base import *  # noqa: F403
from ofmemory.settings.base import DATABASES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
for _database in DATABASES.values():
    _database["CONN_MAX_AGE"] = 0
# A busy machine is no dead cache; tests of a dead one point at no server at all.
REDIS_TIMEOUT_SECONDS = 10.0
RATE_LIMITS = dict.fromkeys(
    (
        "reads_per_creator",
        "reads_per_fan",
        "writes_per_creator",
        "writes_per_fan",
        "bulk_per_creator",
        "logins_per_user",
    ),
    0,
)
