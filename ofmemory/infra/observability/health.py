"""Is the process alive, and can it do its work?

Readiness is asked in threads that may hang, so that a probe is answered within two seconds whatever is frozen, and at
most once a second, so that a flood of probes costs nothing.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import redis
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse

from ofmemory.infra.observability import heartbeat
from ofmemory.infra.observability.redis_client import to_broker, to_cache
from ofmemory.infra.observability.watched import Watched
from ofmemory.infra.resilience import deadline

FRESH_SECONDS: Final = 1.0
# How long a probe waits for all checks together, and how long one goes on in its thread: to connect takes up to two.
ANSWER_SECONDS: Final = 1.5
CHECK_SECONDS: Final = 2.0


def live(_request: HttpRequest) -> JsonResponse:
    """Answer that the process runs. No I/O: a dead database is no reason to kill a web server."""
    return JsonResponse({"status": "alive"})


def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database, cache, broker and migrations are all right, else 503; says which is not.

    Warnings are of what works, but not as it should; they make nothing unready.
    """
    answers = _ask({**CHECKS, **_WARNINGS})
    checks = {name: bool(answers[name]) for name in CHECKS}
    ok = all(checks.values())
    warnings = sorted(warning for name in _WARNINGS for warning in answers[name] or ())
    return JsonResponse(
        {"status": "ready" if ok else "unready", "checks": checks, "warnings": warnings},
        status=200 if ok else 503,
        headers={} if ok else {"Retry-After": "5"},
    )


_watched: dict[str, Watched[Any]] = {}


def _ask(questions: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """Ask all at once; who has not answered in time has answered None."""
    asked = {
        name: _watched.setdefault(name, Watched(ask, fresh_seconds=FRESH_SECONDS)) for name, ask in questions.items()
    }
    for watched in asked.values():
        watched.start()
    until = time.monotonic() + ANSWER_SECONDS
    return {name: watched.answer if watched.wait(until - time.monotonic()) else None for name, watched in asked.items()}


def forget_answers() -> None:
    """Ask everything anew, as in a fork: the threads that asked stayed behind."""
    _watched.clear()


os.register_at_fork(after_in_child=forget_answers)


def _database() -> bool:
    return _answers(DEFAULT_DB_ALIAS)


def _keys() -> bool:
    return _answers("keys")


def _answers(alias: str) -> bool:
    with deadline.within(CHECK_SECONDS), connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _cache() -> bool:
    with to_cache() as cache:
        return bool(cache.ping())


def _broker() -> bool:
    with to_broker() as broker:
        return bool(broker.ping())


def _migrations() -> bool:
    return all(map(_is_migrated, connections))


_leaves: list[tuple[str, str]] = []


def _is_migrated(alias: str) -> bool:
    if not _leaves:
        # What is on the disk does not change while we run, and reading it takes a hundred times as long.
        _leaves.extend(MigrationLoader(None).graph.leaf_nodes())
    with deadline.within(CHECK_SECONDS):
        applied = MigrationRecorder(connections[alias]).applied_migrations()
    return all(leaf in applied for leaf in _leaves)


def _evicts() -> list[str]:
    """Keys without a lifetime wait there to be taken over, such as entries of the audit log."""
    try:
        with to_cache() as cache:
            policy = str(cache.info("memory").get("maxmemory_policy", ""))
    except redis.RedisError:
        return []  # some don't tell; whether it answers at all is a check of its own
    return ["cache_evicts_keys_without_lifetime"] if policy.startswith("allkeys") else []


def _silent() -> list[str]:
    try:
        return [f"{service}_silent" for service in heartbeat.silent()]
    except redis.RedisError:
        return []  # likewise


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "keys": _keys,
    "cache": _cache,
    "broker": _broker,
    "migrations": _migrations,
}
_WARNINGS: dict[str, Callable[[], list[str]]] = {"evicts": _evicts, "silent": _silent}
