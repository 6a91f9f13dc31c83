"""Is the process alive, and can it do its work?"""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from ofmemory.infra.cache.client import client


def live(_request: HttpRequest) -> JsonResponse:
    """Answer that the process runs. No I/O: a dead database is no reason to kill a web server."""
    return JsonResponse({"status": "alive"})


def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database, cache, broker and migrations are all right, else 503; says which is not.

    Warnings are of what works, but not as it should; they make nothing unready.
    """
    checks = {name: check() for name, check in CHECKS.items()}
    ok = all(checks.values())
    return JsonResponse(
        {"status": "ready" if ok else "unready", "checks": checks, "warnings": _warnings() if checks["cache"] else []},
        status=200 if ok else 503,
        headers={} if ok else {"Retry-After": "5"},
    )


def _database() -> bool:
    return _answers(DEFAULT_DB_ALIAS)


def _keys() -> bool:
    return _answers("keys")


def _answers(alias: str) -> bool:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _cache() -> bool:
    try:
        return bool(client().ping())
    except redis.RedisError:
        return False


def _broker() -> bool:
    try:
        with Connection(settings.CELERY_BROKER_URL, connect_timeout=1) as broker:  # type: ignore[no-untyped-call]  # kombu
            broker.ensure_connection(max_retries=0, timeout=1)
    except (OperationalError, OSError):
        return False
    return True


def _migrations() -> bool:
    return all(map(_is_migrated, connections))


def _is_migrated(alias: str) -> bool:
    try:
        executor = MigrationExecutor(connections[alias])
    except DatabaseError:
        return False
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _warnings() -> list[str]:
    try:
        policy = str(client().info("memory").get("maxmemory_policy", ""))
    except redis.RedisError:
        return []
    # Keys without a lifetime wait there to be taken over, such as entries of the audit log.
    return ["cache_evicts_keys_without_lifetime"] if policy.startswith("allkeys") else []


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "keys": _keys,
    "cache": _cache,
    "broker": _broker,
    "migrations": _migrations,
}
