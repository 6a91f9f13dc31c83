"""Two numbers and one line for every request."""

import io
import json
import os

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from ofmemory.infra.ids import pseudonym
from ofmemory.infra.observability import correlation, requests
from ofmemory.infra.observability.metrics import ERRORS, OTHER, REQUESTS, RETRIEVAL, SAVE, TELEMETRY_LOST

ROUTE = "api/of-memory/context"
ERROR = b'{"error":"No.","type":"VALIDATION_ERROR","correlationId":"x","details":{}}'


def value(metric, *labels, suffix="_total"):
    """Return a sample's value now."""
    wanted = dict(zip(metric._labelnames, labels, strict=True))
    samples = [sample for family in metric.collect() for sample in family.samples if sample.labels == wanted]
    return next((sample.value for sample in samples if sample.name.endswith(suffix)), 0.0)


@pytest.fixture
def told(settings, monkeypatch):
    """Let finish requests and return the lines that were written."""
    settings.LOG_REQUESTS = "all"
    requests._bound.clear()
    written = io.BytesIO()
    monkeypatch.setattr(os, "write", lambda _descriptor, line: written.write(line))

    def tell(*, method="GET", route=ROUTE, status=200, seconds=0.004, cache="hit", body=b"{}", about=None):
        request = RequestFactory().generic(method, "/whatever?fanId=my-fan")
        if about:
            request.about = about
        response = HttpResponse(body, status=status, content_type="application/json")
        if cache:
            response.headers["X-Memory-Cache"] = cache
        requests.finished(request, response, route=route, seconds=seconds)
        lines = [json.loads(line) for line in written.getvalue().splitlines()]
        written.seek(0)
        written.truncate()
        return lines

    yield tell
    requests._bound.clear()


def test_the_line(told):
    correlation.begin("abc")
    (line,) = told()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "ofmemory.infra.observability.requests",
        "event": "request",
        "service": "command",
        "operation": "context",
        "route": ROUTE,
        "method": "GET",
        "status": 200,
        "cache": "hit",
        "correlationId": "abc",
        "duration_ms": 4.0,
    }


def test_an_error_names_its_type(told):
    before = value(ERRORS, "VALIDATION_ERROR")
    (line,) = told(status=400, cache=None, body=ERROR)
    assert (line["error"], line["level"], line["status"]) == ("VALIDATION_ERROR", "info", 400)
    assert value(ERRORS, "VALIDATION_ERROR") == before + 1


@pytest.mark.parametrize("body", [b"", b"[]", b'{"type":"\\"},{"}', b'{"type":3}', b"<html>"])
def test_an_error_of_another_shape(told, body):
    lost = value(TELEMETRY_LOST, "request")
    lines = told(status=404, body=body)
    if lines:
        assert lines[0]["error"] == "other"
    else:
        assert value(TELEMETRY_LOST, "request") == lost + 1  # said to be JSON, and is none


def test_whom_it_is_about_is_told_by_pseudonym(told):
    (line,) = told(about=("creator-1", "my-fan"))
    assert (line["creator"], line["fan"]) == (pseudonym("creator-1"), pseudonym("my-fan"))
    (line,) = told(about=("creator-1", ""))
    assert "fan" not in line
    assert "my-fan" not in json.dumps(line)


@pytest.mark.parametrize(
    ("setting", "kinds"),
    [("all", [0, 1, 2, 3, 4]), ("problems", [2, 3, 4]), ("none", [])],
)
def test_which_requests_are_told(told, settings, setting, kinds):
    settings.LOG_REQUESTS = setting
    asked = [{}, {"status": 404}, {"status": 503}, {"status": 429}, {"seconds": 0.4}]
    assert [i for i, given in enumerate(asked) if told(**given)] == kinds


def test_probes_that_succeed_are_not_told(told):
    assert not told(route="health/ready", cache=None)
    assert told(route="health/ready", cache=None, status=503, body=ERROR)


def test_numbers(told):
    count = value(REQUESTS, ROUTE, "GET", "200")
    reads = value(RETRIEVAL, "context", "hit", suffix="_count")
    saves = value(SAVE, "interaction", suffix="_count")
    others = value(OTHER, "api/auth/token", suffix="_count")
    told()
    told(method="POST", route="api/of-memory/interaction", cache=None)
    told(method="POST", route="api/onlyfans/memory/<str:fan_id>", cache=None)
    told(method="POST", route="api/auth/token", cache=None)
    assert value(REQUESTS, ROUTE, "GET", "200") == count + 1
    assert value(RETRIEVAL, "context", "hit", suffix="_count") == reads + 1
    assert value(SAVE, "interaction", suffix="_count") == saves + 2
    assert value(OTHER, "api/auth/token", suffix="_count") == others + 1


def test_labels_are_ours_whatever_a_caller_sends(told):
    before = value(REQUESTS, ROUTE, "other", "405")
    for method in ("BREW", "X" * 5000, "FAN-1"):
        told(method=method, status=405, cache="my-fan", body=ERROR)
    assert value(REQUESTS, ROUTE, "other", "405") == before + 3
    labels = json.dumps([s.labels for metric in (REQUESTS, RETRIEVAL) for f in metric.collect() for s in f.samples])
    for hidden in ("BREW", "XXX", "FAN-1", "my-fan"):
        assert hidden not in labels


def test_routes_are_bounded(told, monkeypatch):
    monkeypatch.setattr(requests, "MOST_KINDS", 2)
    before = value(REQUESTS, "other", "GET", "200")
    for number in range(5):
        told(route=f"api/{number}", cache=None)
    assert value(REQUESTS, "other", "GET", "200") == before + 3
    assert len(requests._bound) == 2


def test_an_answer_goes_out_though_nothing_can_be_written(told, monkeypatch):
    before = value(TELEMETRY_LOST, "request")

    def fail(*_):
        raise OSError

    monkeypatch.setattr(os, "write", fail)
    assert told() == []
    assert value(TELEMETRY_LOST, "request") == before + 1


def test_every_route_of_memory_is_declared():
    from tests.architecture.routes import CALLS, OPERATIONS

    for call in CALLS:
        kind, _ = requests.operation_of(call.method, call.route)
        assert kind is not requests.Kind.OTHER or call.scope == OPERATIONS, str(call)


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/health/live", "health/live", 200),
        ("/api/of-memory/context?fanId=x", ROUTE, 401),
        ("/api/onlyfans/memory/some-fan", "api/onlyfans/memory/<str:fan_id>", 401),
        ("/admin/", "admin/", 302),
        ("/nowhere", "unmatched", 404),
    ],
)
def test_every_request_is_counted_under_its_route(client, db, path, route, status):
    before = value(REQUESTS, route, "GET", str(status))
    assert client.get(path).status_code == status
    assert value(REQUESTS, route, "GET", str(status)) == before + 1
