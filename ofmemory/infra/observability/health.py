"""Is the process alive, and can it do its work?"""

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from ofmemory.infra.cache.client import client


def live(_request: HttpRequest) -> JsonResponse:
    """Answer that the process runs. No I/O: a dead database is no reason to kill a web server."""
    return JsonResponse({"status": "alive"})


def ready(_request: HttpRequest) -> JsonResponse:
    """Answer 200 when the database, cache, broker and migrations are all right, else 503; says which is not."""
    checks = {name: check() for name, check in CHECKS.items()}
    ok = all(checks.values())
    return JsonResponse(
        {"status": "ready" if ok else "unready", "checks": checks},
        status=200 if ok else 503,
        headers={} if ok else {"Retry-After": "5"},
    )


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
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
    try:
        executor = MigrationExecutor(connection)
    except DatabaseError:
        return False
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


CHECKS: dict[str, Callable[[], bool]] = {
    "database": _database,
    "cache": _cache,
    "broker": _broker,
    "migrations": _migrations,
}
