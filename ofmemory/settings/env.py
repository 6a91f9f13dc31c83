"""The one place that reads the environment.

Stdlib and django-environ only, so that the process runner can use it before Django is set up.
Every name read here or in a sibling module is documented in docs/configuration.md and .env.example.
"""

from pathlib import Path
from typing import Final

import environ

from ofmemory.embedded import locations

BASE_DIR: Final = Path(__file__).resolve().parent.parent.parent

env: Final = environ.Env()
env.read_env(BASE_DIR / ".env")

OFMEMORY_HOME: Final = Path(env.str("OFMEMORY_HOME", default="") or BASE_DIR / ".data").resolve()
PORT: Final = env.int("PORT", default=8000)

# What `make run` starts, and how much of it.
OFMEMORY_BIND: Final = env.str("OFMEMORY_BIND", default="127.0.0.1")
OFMEMORY_DEMO: Final = env.bool("OFMEMORY_DEMO", default=True)
WEB_WORKERS: Final = env.int("WEB_WORKERS", default=2)
WEB_THREADS: Final = env.int("WEB_THREADS", default=4)
WORKER_CONCURRENCY: Final = env.int("WORKER_CONCURRENCY", default=2)

# An address given from outside wins; without one the embedded server of this home is used.
EXTERNAL_DATABASE_URL: Final = env.str("DATABASE_URL", default="")
EXTERNAL_KEYS_DATABASE_URL: Final = env.str("KEYS_DATABASE_URL", default="")
EXTERNAL_REDIS_URL: Final = env.str("REDIS_URL", default="")
EXTERNAL_BROKER_URL: Final = env.str("BROKER_URL", default="") or EXTERNAL_REDIS_URL

DATABASE_URL: Final = EXTERNAL_DATABASE_URL or locations.database_url(OFMEMORY_HOME)
KEYS_DATABASE_URL: Final = EXTERNAL_KEYS_DATABASE_URL or locations.database_url(OFMEMORY_HOME, "ofmemory_keys")
REDIS_URL: Final = EXTERNAL_REDIS_URL or locations.redis_url(OFMEMORY_HOME, "cache")
BROKER_URL: Final = EXTERNAL_BROKER_URL or locations.redis_url(OFMEMORY_HOME, "broker")


# Many threads a process make glibc keep many half-empty heaps; two cost nothing measurable and save memory.
_CHILD_DEFAULTS: Final = {
    "DJANGO_SETTINGS_MODULE": "ofmemory.settings.base",
    "PYTHONUNBUFFERED": "1",
    "MALLOC_ARENA_MAX": "2",
}


def child_environment(**extra: str) -> dict[str, str]:
    """Return the whole environment for a process that the runner starts, with `extra` in it."""
    home = Path(extra.get("OFMEMORY_HOME", OFMEMORY_HOME))
    # Where processes show each other their metrics; it must be known before any of them counts anything.
    metrics = {"PROMETHEUS_MULTIPROC_DIR": str(locations.metrics(home))}
    return {**_CHILD_DEFAULTS, **metrics, **env.ENVIRON, **extra}
