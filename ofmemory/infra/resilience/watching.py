"""A web process asks what it needs, every second, whether it is there.

So a breaker opens although nobody happens to ask (what is handed out from the cache is marked stale at once), a request
is rarely the first to find out, and a server that is back is used again within seconds instead of after a minute.
"""

import threading
from collections.abc import Callable
from functools import partial

import redis
from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import connections

from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache.client import ping
from ofmemory.infra.resilience import deadline
from ofmemory.infra.resilience.breaker import Breaker, State
from ofmemory.infra.resilience.policies import BROKER, CACHE, of_database
from ofmemory.infra.wakeups import ping_broker

# Slower than this is as bad as not at all: a request asks more than one question.
ANSWER_SECONDS = 2.0


def ask_database(alias: str) -> None:
    """Ask a database for nothing. The connection tells the breaker."""
    with deadline.within(ANSWER_SECONDS), connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")


def watch(breaker: Breaker, ask: Callable[[], None], stop: threading.Event) -> None:
    """Ask again and again until ``stop`` is set; less and less often while it leads to nothing."""
    while not stop.wait(settings.WATCH_SECONDS):
        if breaker.state is not State.CLOSED and not breaker.allow_early():
            continue
        try:
            ask()
        except (DatabaseFailure, CacheUnavailable, redis.RedisError):
            continue  # the breaker has counted it


def start() -> threading.Event:
    """Start watching in threads of their own; return what ends it."""
    stop = threading.Event()
    if settings.WATCH_SECONDS <= 0:
        return stop
    watched: list[tuple[Breaker, Callable[[], None]]] = [(CACHE.breaker, ping), (BROKER.breaker, ping_broker)]
    watched += [(of_database(alias).breaker, partial(ask_database, alias)) for alias in connections]
    for breaker, ask in watched:
        breaker.is_watched = True
        threading.Thread(target=watch, args=(breaker, ask, stop), name=f"watch-{breaker.name}", daemon=True).start()
    return stop
