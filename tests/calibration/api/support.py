"""Every route of learning, with what it takes."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.memory.support import QUERY, B

NOBODYS = "00000000-0000-7000-8000-000000000001"
TARGET = {"fanId": "fan-1"}
# About one fan who was seen: name → method, URL, body.
READS: dict[str, tuple[str, str, Any]] = {
    "emotional state": ("GET", f"{B}/emotional-state{QUERY}", None),
    "disengagement": ("GET", f"{B}/disengagement{QUERY}", None),
    "predicted preferences": ("GET", f"{B}/preferences/predicted{QUERY}", None),
    "response style": ("GET", f"{B}/response-style{QUERY}", None),
    "recommendations": ("GET", f"{B}/recommendations{QUERY}", None),
    "candidates": ("POST", f"{B}/recommendations", {**TARGET, "candidates": [{"category": "photos"}]}),
}
WRITES: dict[str, tuple[str, str, Any]] = {
    "calibrate": ("POST", f"{B}/calibrate", TARGET),
    "lock": ("POST", f"{B}/personality/lock", {**TARGET, "lock": ["tone"]}),
    "rollback": ("POST", f"{B}/personality/rollback", {**TARGET, "changeId": NOBODYS}),
    "feedback": ("POST", f"{B}/feedback", {**TARGET, "about": "recommendation", "reference": "x", "verdict": "right"}),
    "clear": ("POST", f"{B}/escalations/clear", {**TARGET, "escalationId": NOBODYS}),
}


def each(*tables: dict[str, tuple[str, str, Any]]) -> pytest.MarkDecorator:
    """Run the test for each route of these tables."""
    calls = {name: call for table in tables for name, call in table.items()}
    return pytest.mark.parametrize(("method", "url", "body"), calls.values(), ids=list(calls))


def data(answer: Any) -> Any:
    """Return the data of an answer, which must be one."""
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert {"correlationId", "timestamp"} < set(body)
    return body["data"]


def reading_of(caller: Any, message: str) -> dict[str, Any]:
    (found,) = readings_of(caller, message=message)
    return found


def readings_of(caller: Any, **body: Any) -> Sequence[dict[str, Any]]:
    readings: Sequence[dict[str, Any]] = data(caller.post(f"{B}/analyze", body))["readings"]
    return readings
