"""GET /api/of-memory/health/circuits: how the breakers stand, for who runs the product."""

import os

import pytest

from ofmemory.infra.observability import circuits, publishing
from ofmemory.infra.observability.process_files import ProcessFiles
from ofmemory.infra.resilience.breaker import Breaker, State
from tests.infra.observability.processes import counting
from tests.infra.observability.test_requests import value
from tests.memory.support import refused

ROUTE = "/api/of-memory/health/circuits"


@pytest.fixture
def broken(monkeypatch):
    """A breaker of this process that opened a moment ago."""
    breaker = Breaker("test-dependency", failures=1, window_seconds=10, reset_seconds=60)
    monkeypatch.setattr(circuits, "all_breakers", lambda: [breaker])
    breaker.succeeded()
    breaker.failed(ConnectionError("password=secret"))
    return breaker


def test_what_it_says(service, broken):
    answer = service.get(ROUTE)
    assert answer.status_code == 200
    (circuit,) = answer.json()["data"]["circuits"]
    assert circuit.pop("lastFailureAt").endswith("Z")
    assert 50 < circuit.pop("retryInSeconds") <= 60
    assert circuit == {
        "name": "test-dependency",
        "state": "open",
        "failures": 1,
        "successes": 1,
        "openedCount": 1,
        "lastFailure": "ConnectionError",
    }
    assert answer.json()["data"]["process"] == os.getpid()
    assert answer.json()["data"]["processes"] == [
        {"process": os.getpid(), "service": "command", "states": {"test-dependency": "open"}}
    ]
    assert b"secret" not in answer.content


def test_of_all_processes(service, tmp_path, monkeypatch):
    monkeypatch.setattr(circuits, "FILES", ProcessFiles(tmp_path))
    with counting(tmp_path) as process:
        states = service.get(ROUTE).json()["data"]["processes"]
    assert states == [{"process": process.pid, "service": "web", "states": {"database": "open"}}]


def test_who_may(api, alice, bob, service, make_key, creator_1, make_user):
    refused(api.get(ROUTE), 401, "UNAUTHORIZED")
    for caller in (alice, bob, make_key(creator_1, scopes={"stats:read"}), make_key(creator_1, fan_id="fan-1")):
        refused(caller.get(ROUTE), 403, "FORBIDDEN")
    assert make_key(creator_1, scopes={"operations:read"}).get(ROUTE).status_code == 200
    refused(service.get(f"{ROUTE}?creatorId=creator-2"), 403, "FORBIDDEN")


def test_a_change_shows_in_the_metrics(broken):
    opened = value(publishing.BREAKER_OPENED, "test-dependency")
    broken.reset()
    assert value(publishing.BREAKER_STATE, "test-dependency", "command", suffix="") == 0
    broken.failed(ConnectionError())
    assert broken.state is State.OPEN
    assert value(publishing.BREAKER_STATE, "test-dependency", "command", suffix="") == 2
    assert value(publishing.BREAKER_OPENED, "test-dependency") == opened + 1
