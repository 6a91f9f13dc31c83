"""What all answers have in common: correlation, error shape, routes and methods that there are not."""

import re

import pytest
from django.test import Client

from tests.memory.support import A, B, refused

ROUTES = {
    A: "GET, HEAD, POST, DELETE",
    f"{A}/preferences": "PATCH",
    f"{A}/messages": "GET, HEAD",
    f"{A}/export": "POST",
    "/api/onlyfans/memory/stats": "GET, HEAD",
    f"{B}/context": "GET, HEAD",
    f"{B}/interaction": "POST",
    f"{B}/engagement-score": "GET, HEAD",
    f"{B}/bulk": "POST",
    f"{B}/clear": "DELETE",
    f"{B}/preferences": "GET, HEAD, PATCH",
    f"{B}/preferences/bulk": "PATCH",
    f"{B}/personality": "GET, HEAD, PATCH",
    f"{B}/personality/history": "GET, HEAD",
    f"{B}/messages": "GET, HEAD",
    f"{B}/stats": "GET, HEAD",
    f"{B}/export": "POST",
    "/api/auth/token": "POST",
    "/api/auth/token/refresh": "POST",
    "/api/auth/token/revoke": "POST",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE")


@pytest.mark.parametrize(("url", "allowed"), ROUTES.items(), ids=ROUTES)
def test_wrong_methods(service, url, allowed):
    for method in set(METHODS) - set(allowed.split(", ")):
        answer = service(method, url)
        assert answer.status_code == 405, method
        assert set(answer.headers["Allow"].split(", ")) >= set(allowed.split(", "))
        assert method not in answer.headers["Allow"].split(", ")
        if method != "HEAD":
            refused(answer, 405, "VALIDATION_ERROR")


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing",
        "/api/of-memory",
        "/api/of-memory/",
        "/api/of-memory/nothing",
        "/api/of-memory/context/",
        "/api/onlyfans/memory",
        "/api/onlyfans/memory/fan-1/nothing",
        "/api/onlyfans/memory/a/b/c",
        "/api/auth/nothing",
        "/health/nothing",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_routes(service, method, path):
    refused(service(method, path), 404, "NOT_FOUND")


def test_pages_keep_their_own_404(client):
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("path", [A, f"{B}/context?fanId=fan-1", "/api/nothing", "/health/live", "/nothing"])
def test_correlation_id_comes_back(service, path):
    assert service.get(path, x_correlation_id="Order-17_a.b").headers["X-Correlation-ID"] == "Order-17_a.b"


@pytest.mark.parametrize("offered", ["", "with space", "x" * 129, "new\nline", "-starts", "é", "{}", "<b>"])
def test_ill_formed_correlation_id_is_replaced(service, offered):
    answer = service.get("/api/nothing", x_correlation_id=offered)
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Correlation-ID"])
    assert answer.json()["correlationId"] == answer.headers["X-Correlation-ID"]


def test_each_request_has_its_own(service):
    assert len({service.get("/api/nothing").headers["X-Correlation-ID"] for _ in range(5)}) == 5


@pytest.mark.parametrize("url", [A, f"{B}/stats", f"{B}/engagement-score?fanId=fan-1"])
def test_nobody(api, url, db):
    answer = api.get(url)
    refused(answer, 401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_unknown_host_is_refused(service):
    answer = Client().get(A, headers={"host": "evil.example", "authorization": f"Bearer {service.token}"})
    assert answer.status_code == 400
    assert answer.json()["type"] == "VALIDATION_ERROR"


def test_schema_and_its_page_are_open(client, db):
    assert client.get("/api/schema/").status_code == 200
    assert client.get("/api/docs/").status_code == 200
