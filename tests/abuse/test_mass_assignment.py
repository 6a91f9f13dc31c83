"""Nobody sets what is not theirs to set. Made from the OpenAPI description: every body of every write."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from tests.architecture.routes import CALLS, Call
from tests.architecture.sending import filled, send

# What a row has and a caller may not choose, in the API's spelling and in the tables'.
PRIVATE = [
    "id", "pk", "creator", "creator_id", "createdAt", "created_at", "updatedAt", "isStaff", "is_staff", "isSuperuser",
    "isDemo", "is_demo", "isActive", "encrypted", "version", "sealed", "dataKey", "key_id", "role", "scopes", "user",
    "user_id", "interactionNumber", "number", "learntInteractions", "totalRevenue", "engagementScore", "confidence",
    "messageContent", "message_content", "emotional_state", "restrictedAt", "__proto__", "constructor", "$where",
]  # fmt: skip


@lru_cache(maxsize=1)
def description() -> Any:
    return yaml.safe_load((Path(__file__).parents[2] / "docs/openapi.yaml").read_text())


def writes() -> list[tuple[str, str]]:
    return [
        (method.upper(), path)
        for path, operations in description()["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation and path.startswith(("/api/of-memory/", "/api/onlyfans/"))
    ]


def fields_of(method: str, path: str) -> set[str]:
    """Return the names a body may have, as described."""
    body = description()["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]
    return set(_names(body))


def _names(schema: Any) -> set[str]:
    if "$ref" in schema:
        return _names(description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    found = set(schema.get("properties", {}))
    for part in (*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())):
        found |= _names(part)
    return found


def call_of(method: str, path: str) -> Call:
    route = path.lstrip("/").replace("{fan_id}", "<str:fan_id>").replace("{fanId}", "<str:fan_id>")
    return next(call for call in CALLS if (call.method, call.route) == (method, route))


def test_the_description_has_every_write_there_is():
    described = {f"{method} {path}".replace("{", "<").split("<")[0] for method, path in writes()}
    listed = {f"{call.method} /{call.route}".split("<")[0] for call in CALLS if call.body is not None}
    assert listed <= described


@pytest.mark.parametrize(("method", "path"), writes(), ids=lambda value: value)
def test_fields_that_are_not_described_are_refused_by_name(service, method, path):
    service.say("fan-1")
    call = call_of(method, path)
    known = fields_of(method, path)
    assert known, "the description names no field"
    address = "/" + call.route.replace("<str:fan_id>", "fan-1")
    for name in PRIVATE:
        if name in known:
            continue
        body = {**(filled(call.body, "creator-1", "fan-1") or {}), name: "x"}
        answer = service(method, address, body)
        assert answer.status_code == 400, (name, answer.content)
        assert name in orjson.loads(answer.content)["details"]["fields"], name


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("call", [call for call in CALLS if call.method == "GET"], ids=str)
def test_parameters_that_are_not_described_are_refused(service, call):
    service.say("fan-1")
    for name in ("is_staff", "creator_id", "fields", "expand", "include", "order_by", "user"):
        extended = Call(call.method, call.route, call.scope, query={**call.query, name: "1"})
        assert send(service, extended, "creator-1", "fan-1").status_code == 400, name
