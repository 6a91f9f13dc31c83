"""What the tests of memory share."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import connections

from memory.models import EngagementMetrics, FanMemory
from privacy.domain import Pair

CREATOR = "creator-1"
PAIR = Pair(CREATOR, "fan-1")
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATIENCE_SECONDS = 30.0
# The two ways to every operation that has two; the fan is fan-1.
A = "/api/onlyfans/memory/fan-1"
B = "/api/of-memory"
QUERY = "?fanId=fan-1"


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


def iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def talked(count: int, fan_id: str = "fan-1", creator_id: str = CREATOR) -> None:
    """Store "message 0", "message 1"... a minute apart, and their counters, without the API's cost."""
    FanMemory.objects.bulk_create(
        FanMemory(
            creator_id=creator_id, fan_id=fan_id, message_content=f"message {n}", sender="fan", created_at=minute(n)
        )
        for n in range(count)
    )
    EngagementMetrics.objects.create(
        creator_id=creator_id,
        fan_id=fan_id,
        total_messages=count,
        total_interactions=count,
        first_interaction=minute(0),
        last_interaction=minute(count - 1),
        last_fan_interaction=minute(count - 1),
    )


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run each of ``works`` in a thread of its own, all starting together; return their answers in order."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            barrier.wait(PATIENCE_SECONDS)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(PATIENCE_SECONDS) for future in [pool.submit(run, work) for work in works]]


def in_thread(work: Callable[[], Any]) -> Any:
    """Run ``work`` in another thread, with a database connection of its own, and return its answer."""
    return at_once(work)[0]


def everything() -> dict[str, list[Any]]:
    """Return all rows of memory's tables, to compare before and after."""
    return {
        model._meta.db_table: sorted(map(repr, model._default_manager.values_list()))
        for model in apps.get_app_config("memory").get_models()
    }


def fields_at_fault(answer: Any, status: int = 400) -> set[str]:
    """Return the fields that a refusal names, having checked that it is one."""
    assert answer.status_code == status, answer.content
    body = answer.json()
    assert set(body) == {"error", "type", "correlationId", "details"}
    assert body["type"] == "VALIDATION_ERROR"
    return set(body["details"].get("fields", ()))


def refused(answer: Any, status: int, kind: str) -> Any:
    """Check the shape of a refusal and return its body."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert set(body) == {"error", "type", "correlationId", "details"}
    assert body["type"] == kind
    assert body["error"]
    assert body["correlationId"] == answer.headers["X-Correlation-ID"]
    return body
