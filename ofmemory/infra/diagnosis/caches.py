"""Redis as the cache and as the broker: each with what it must do and must not do."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ofmemory.embedded.locations import redis_client_url
from ofmemory.infra.diagnosis.findings import Finding, examines, fail, ok, warn

_SECONDS: Final = 1.0
_OLDEST: Final = (6, 2)
_SLOW_SECONDS: Final = 0.02
_FULL: Final = 0.9
_PINGS: Final = 7
_MANY, _TOO_MANY = 1_000, 10_000
QUEUE: Final = "celery"

Level = Callable[[str, str, str], Finding]


@contextmanager
def opened(url: str) -> Iterator[Any]:
    """Yield a client with short deadlines and no second try."""
    client = redis.Redis.from_url(
        redis_client_url(url), socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS, retry=Retry(NoBackoff(), 0)
    )
    try:
        yield client
    finally:
        client.close()


def _reaches(name: str, url: str, why: str) -> Iterator[Finding]:
    try:
        with opened(url) as server:
            took = sorted(_timed(server.ping) for _ in range(_PINGS))
            yield from _of_server(server.info("server"), statistics.median(took))
    except (redis.RedisError, ValueError) as error:
        yield fail(
            f"{name} does not answer ({type(error).__name__})",
            why,
            f"Start it, or correct {name}; an address has the form redis://:password@host:6379/0.",
        )


def _timed(ask: Callable[[], object]) -> float:
    start = time.monotonic()
    ask()
    return time.monotonic() - start


def _of_server(info: dict[str, Any], latency: float) -> Iterator[Finding]:
    # Valkey says "redis_version 7.2.4" for old clients' sake, and its own version beside it.
    version = str(info.get("redis_version", "0"))
    own = str(info.get("valkey_version", version))
    said = f"{info.get('server_name', 'redis')} {own} answers in {latency * 1000:.1f} ms"
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers < _OLDEST:
        yield fail(said, "Scripts use commands of Redis 6.2.", "Move to Redis 6.2 or newer, or to Valkey.")
    elif latency > _SLOW_SECONDS:
        yield warn(
            said,
            "Every read of a context waits for it once.",
            "Put it on the same network; look at `redis-cli --latency` and `SLOWLOG GET`.",
        )
    else:
        yield ok(said)


@examines("cache")
def cache() -> Iterator[Finding]:
    why = "Contexts are read from the database, limits hold a process only, and the database does all the work."
    yield from _reaches("REDIS_URL", settings.REDIS_URL, why)


@examines("broker")
def broker() -> Iterator[Finding]:
    why = "Nothing is learnt and no erasure goes on until it is back; nothing is lost."
    yield from _reaches("BROKER_URL", settings.CELERY_BROKER_URL, why)


@examines("cache memory", needs=["cache"])
def cache_memory() -> Iterator[Finding]:
    with opened(settings.REDIS_URL) as server:
        memory, stats = server.info("memory"), server.info("stats")
    policy, most = str(memory.get("maxmemory_policy", "")), int(memory.get("maxmemory", 0))
    if policy.startswith("allkeys"):
        yield fail(
            f"its policy is {policy}",
            "It may throw away entries of the audit log, which wait there without a lifetime to be taken over.",
            "redis-cli CONFIG SET maxmemory-policy volatile-lru, and the same in its configuration.",
        )
    elif most and not policy.startswith("volatile"):
        yield warn(
            f"its policy is {policy}: once full it refuses to store",
            "Contexts are then neither cached nor renewed until somebody makes room.",
            "redis-cli CONFIG SET maxmemory-policy volatile-lru, and the same in its configuration.",
        )
    elif not most:
        yield warn(
            "it has no limit of memory",
            "It grows until the machine kills something.",
            "redis-cli CONFIG SET maxmemory 512mb, and the same in its configuration.",
        )
    else:
        yield ok(f"its policy is {policy}")
    yield from _room(memory, "redis-cli CONFIG SET maxmemory, or shorter CONTEXT_CACHE_SECONDS.", warn)
    yield ok(f"{stats.get('evicted_keys', 0)} keys evicted since it started")


@examines("broker memory", needs=["broker"])
def broker_memory() -> Iterator[Finding]:
    with opened(settings.CELERY_BROKER_URL) as server:
        memory, saving = server.info("memory"), server.info("persistence")
    policy = str(memory.get("maxmemory_policy", ""))
    if policy == "noeviction":
        yield ok("its policy is noeviction")
    else:
        yield fail(
            f"its policy is {policy}",
            "When memory is short it throws queued work away.",
            "redis-cli CONFIG SET maxmemory-policy noeviction, and the same in its configuration.",
        )
    if not saving.get("aof_enabled"):
        yield warn(
            "it keeps no append-only file",
            "After its restart queued work is gone; sweeps find it again, only later.",
            "redis-cli CONFIG SET appendonly yes, and the same in its configuration.",
        )
    yield from _room(memory, "Look at what fills it: `manage.py doctor` shows the queue.", fail)


def _room(memory: dict[str, Any], remedy: str, level: Level) -> Iterator[Finding]:
    used, most = int(memory.get("used_memory", 0)), int(memory.get("maxmemory", 0))
    said = f"{used / 1e6:.0f} MB used" + (f" of {most / 1e6:.0f} MB" if most else "")
    if most and used > _FULL * most:
        yield level(said, "It is nearly full.", remedy)
    else:
        yield ok(said)


@examines("broker apart", needs=["cache", "broker"])
def broker_apart() -> Iterator[Finding]:
    """Whatever the addresses look like: is it the same server?"""
    with opened(settings.REDIS_URL) as one, opened(settings.CELERY_BROKER_URL) as other:
        is_same = one.info("server")["run_id"] == other.info("server")["run_id"]
    if is_same:
        yield warn(
            "cache and broker are the same server",
            "A server that evicts loses queued work; one that does not can't be a cache. One of both is wrong.",
            "Give BROKER_URL a server of its own (noeviction, appendonly yes).",
        )
    else:
        yield ok("cache and broker are servers of their own")


@examines("queue", needs=["broker"])
def queue() -> Iterator[Finding]:
    with opened(settings.CELERY_BROKER_URL) as server:
        waiting, taken = int(server.llen(QUEUE)), int(server.hlen("unacked"))
    said = f"{waiting} messages wait, {taken} are being worked on"
    if waiting < _MANY:
        yield ok(said)
        return
    level = fail if waiting > _TOO_MANY else warn
    yield level(
        said,
        "Learning, erasures and the audit log come late.",
        "Raise WORKER_CONCURRENCY or start another worker; see docs/troubleshooting.md.",
    )
