"""PostgreSQL: one engine everywhere."""

from typing import Any

from ofmemory.settings.env import DATABASE_URL, env

_default: dict[str, Any] = env.db_url_config(DATABASE_URL)
_default |= {
    # A pool makes every request wait its whole timeout while PostgreSQL is down; a kept connection fails in 1 ms.
    "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE_SECONDS", default=600),
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": _default.get("OPTIONS", {})
    | {
        "connect_timeout": 3,
        "server_side_binding": True,
        "prepare_threshold": 3,
        "options": "-c statement_timeout=5s -c lock_timeout=3s -c idle_in_transaction_session_timeout=30s",
    },
}
DATABASES = {"default": _default}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
