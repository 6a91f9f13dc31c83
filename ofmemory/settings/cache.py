"""Redis as the cache: addresses, deadlines and lifetimes."""

from ofmemory.settings import env as _env

REDIS_URL = _env.REDIS_URL
REDIS_MAX_CONNECTIONS = _env.env.int("REDIS_MAX_CONNECTIONS", default=64)
CONTEXT_CACHE_SECONDS = _env.env.int("CONTEXT_CACHE_SECONDS", default=3600)
