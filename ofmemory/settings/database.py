"""PostgreSQL: one engine everywhere. The keys lie in a database of their own: no dump of the main one holds them."""

from typing import Any

from ofmemory.settings.env import DATABASE_URL, KEYS_DATABASE_URL, env

# Prepared once, run often: without it PostgreSQL plans a read for longer than it runs it. A pooler that hands each
# transaction another connection must know prepared statements (PgBouncer from 1.21 on), or this is switched off.
_prepared = env.bool("DATABASE_PREPARED_STATEMENTS", default=True)
# How long a statement may take; the server ends it then, and a moment later we stop waiting.
DATABASE_TIMEOUT_SECONDS = env.float("DATABASE_TIMEOUT_SECONDS", default=5.0)


def _database(url: str) -> dict[str, Any]:
    config: dict[str, Any] = env.db_url_config(url)
    return config | {
        # Django's own, with deadlines and a breaker.
        "ENGINE": "ofmemory.infra.database",
        # A pool makes every request wait its whole timeout while PostgreSQL is down; a kept connection fails in 1 ms.
        "CONN_MAX_AGE": env.int("DATABASE_CONN_MAX_AGE_SECONDS", default=600),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": config.get("OPTIONS", {})
        | {
            "connect_timeout": 3,
            "server_side_binding": _prepared,
            "prepare_threshold": 3 if _prepared else None,
            # Bitmap scans: with many small fans the planner expects few rows and would gather and sort all of a large
            # fan's history to find the newest 50. The index gives them in order.
            "options": (
                f"-c statement_timeout={DATABASE_TIMEOUT_SECONDS:g}s -c lock_timeout=3s"
                " -c idle_in_transaction_session_timeout=30s"
                " -c enable_bitmapscan=off"
            ),
        },
    }


DATABASES = {"default": _database(DATABASE_URL), "keys": _database(KEYS_DATABASE_URL)}
DATABASE_ROUTERS = ["privacy.router.KeysRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
