"""Log lines: one JSON object each, and nothing in them that is not on the list."""

import io
import json
import logging

import pytest
import structlog
from django.db import DatabaseError
from django.test import Client

from memory.models import FanMemory
from ofmemory.infra.observability import correlation
from ofmemory.infra.observability.logs import ALLOWED, JSONFormatter
from tests.memory.support import PAIR, A, refused

SECRET = "my secret: +33 6 12 34 56 78"


@pytest.fixture
def lines():
    """Return what is logged from here on, line by line, as the product writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)


def failing():
    raise ValueError(SECRET)


def test_one_object_a_line(lines):
    correlation.begin("abc")
    logging.getLogger("memory.test").warning("something\nhappened", extra={"count": 3, "part": "x"})
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "something\nhappened",
        "level": "warning",
        "logger": "memory.test",
        "count": 3,
        "part": "x",
        "correlationId": "abc",
        "service": "command",
    }


def test_only_what_is_on_the_list(lines):
    logging.getLogger("memory.test").warning("event", extra={"content": SECRET, "fanId": SECRET, "count": 1})
    assert SECRET not in json.dumps(lines())
    assert set(lines()[0]) <= ALLOWED


def test_exception_is_its_type_and_place(lines):
    try:
        failing()
    except ValueError as error:
        logging.getLogger("memory.test").error("failed", exc_info=error)
        logging.getLogger("memory.test").exception("failed", stack_info=True)
    assert SECRET not in json.dumps(lines())
    for line in lines():
        assert line["error"] == "ValueError"
        assert any(place.endswith(" failing") for place in line["where"])


def test_a_library_tells_no_values(lines):
    """Celery writes the exception of a task into the text, Django that of a receiver."""
    context = {"name": "memory.tasks.x", "id": "1", "description": "raised", "exc": repr(ValueError(SECRET))}
    template = "Task %(name)s[%(id)s] %(description)s: %(exc)s"
    logging.getLogger("celery.app.trace").error(template, context, extra={"data": context})
    logging.getLogger("django.dispatch").error("Error calling %s (%s)", "x", ValueError(SECRET))
    assert SECRET not in json.dumps(lines())
    assert [line["event"] for line in lines()] == [template, "Error calling %s (%s)"]
    assert lines()[0]["task"] == "memory.tasks.x"


def test_a_library_that_logs_with_structlog(lines):
    structlog.get_logger("stamina").warning("retry", args=(SECRET,), caused_by=repr(ValueError(SECRET)), count=2)
    try:
        failing()
    except ValueError:
        structlog.get_logger("x").exception("failed", kwargs={"a": SECRET})
    assert SECRET not in json.dumps(lines())
    assert [(line["event"], line.get("count"), line.get("error")) for line in lines()] == [
        ("retry", 2, None),
        ("failed", None, "ValueError"),
    ]


def test_unknown_exceptions_of_a_request(service, lines, monkeypatch):
    monkeypatch.setattr("memory.services.context.cache.read", lambda *_: failing())
    refused(service.get(A), 500, "INTERNAL_ERROR")
    answer = service.get(A, x_correlation_id="trace-me")
    assert SECRET.encode() not in answer.content
    assert SECRET not in json.dumps(lines())
    assert lines()[-1]["event"] == "request_failed"
    assert (lines()[-1]["error"], lines()[-1]["correlationId"]) == ("ValueError", "trace-me")


def test_unknown_exceptions_outside_the_api(lines, monkeypatch, db):
    """Pages and the schema go another way; their failures must reach the log all the same."""
    monkeypatch.setattr("drf_spectacular.generators.SchemaGenerator.get_schema", lambda *_a, **_k: failing())
    monkeypatch.setattr("django.contrib.admin.sites.AdminSite.each_context", lambda *_a, **_k: failing())
    client = Client(raise_request_exception=False)
    refused(client.get("/api/schema/"), 500, "INTERNAL_ERROR")
    assert client.get("/admin/login/").status_code == 500
    assert [line["error"] for line in lines() if line["event"] == "request_failed"] == ["ValueError"] * 2
    assert SECRET not in json.dumps(lines())


def test_what_was_said_is_not_logged(service, lines, monkeypatch):
    monkeypatch.setattr("memory.services.interactions.count", lambda *_: failing())
    answer = service.post(A, {"content": SECRET, "metadata": {SECRET: SECRET}})
    refused(answer, 500, "INTERNAL_ERROR")
    assert lines()
    for hidden in (SECRET, PAIR.fan_id, PAIR.creator_id):
        assert hidden not in json.dumps(lines())


def test_rows_that_a_database_error_quotes(service, lines):
    with pytest.raises(DatabaseError) as failure:
        FanMemory(creator_id="c", fan_id=SECRET, message_content=SECRET, sender=SECRET).save()
    logging.getLogger("memory.test").error("failed", exc_info=failure.value)
    assert SECRET not in json.dumps(lines())
    assert lines()[0]["error"] in ("DataError", "IntegrityError")


def test_what_cannot_be_written_as_json(lines):
    logging.getLogger("memory.test").warning("event", extra={"count": object(), "status": b"\xff"})
    assert lines()[0]["event"] == "event"
