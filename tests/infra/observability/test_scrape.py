"""/metrics: who may, what it says, and that it needs nothing."""

import http.client
import socket
import threading

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from ofmemory.infra.observability import heartbeat, port, state
from ofmemory.infra.observability.state import Reading, State, register_state

TOKEN = "a-token"
NOWHERE = "unix:///nowhere/redis.sock"


@pytest.fixture(autouse=True)
def _token(settings):
    settings.METRICS_TOKEN = TOKEN


@pytest.fixture(autouse=True)
def _looked_at_anew():
    for watched in state._parts.values():
        watched.reset()
    yield
    for watched in state._parts.values():
        watched.wait(10)
        watched.reset()


def scrape(client, **headers):
    return client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}", **headers})


def found(client):
    """Return name → samples of a scrape."""
    answer = scrape(client)
    assert answer.status_code == 200
    return {family.name: family.samples for family in parse(answer.content.decode())}


@pytest.mark.parametrize("offered", ["", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer \u00e9"])
def test_without_the_token(client, offered):
    answer = client.get("/metrics", headers={"Authorization": offered})
    assert (answer.status_code, answer.json()["type"]) == (401, "UNAUTHORIZED")


def test_in_production_there_is_nothing_without_a_token(client, settings):
    settings.METRICS_TOKEN, settings.METRICS_TOKEN_MAY_BE_MADE = "", False
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_elsewhere_a_token_is_made(client, settings):
    settings.METRICS_TOKEN = ""
    made = settings.HOME_DIR / "secrets" / "metrics-token"
    assert client.get("/metrics").status_code == 401
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {made.read_text().strip()}"})
    assert answer.status_code == 200
    assert made.stat().st_mode & 0o077 == 0


def test_both_formats(client, db):
    plain, open_metrics = scrape(client), scrape(client, Accept="application/openmetrics-text; version=1.0.0")
    assert plain.headers["Content-Type"].startswith("text/plain")
    assert open_metrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert {f.name for f in parse_openmetrics(open_metrics.content.decode())} >= {"ofmemory_requests", "ofmemory_fans"}
    assert plain.headers["Cache-Control"] == "no-store"


@pytest.mark.django_db(transaction=True)
def test_how_things_stand(client, service):
    for _ in range(3):
        service.say("fan-1")
    service.say("fan-2")
    metrics = found(client)
    value = {name: samples[0].value for name, samples in metrics.items() if len(samples) == 1}
    assert (value["ofmemory_fans"], value["ofmemory_interactions"]) == (2, 4)
    assert (value["ofmemory_interactions_per_fan_avg"], value["ofmemory_interactions_per_fan_max"]) == (2, 3)
    assert (value["ofmemory_learning_pending_fans"], value["ofmemory_learning_pending_interactions"]) == (2, 4)
    assert value["ofmemory_learning_lag_seconds"] > 0
    assert value["ofmemory_escalations_open"] == value["ofmemory_erasure_oldest_seconds"] == 0
    parts = {sample.labels["part"]: sample.value for sample in metrics["ofmemory_state_ok"]}
    assert parts == dict.fromkeys(
        ("audit", "broker", "cache", "database", "disk", "erasures", "escalations", "learning", "memory"), 1
    )
    used = {sample.labels["database"]: sample.value for sample in metrics["ofmemory_database_connections_used"]}
    assert min(used.values()) >= 1
    for hidden in ("fan-1", "fan-2", "creator-1"):
        assert hidden not in scrape(client).content.decode()


def test_very_many_fans_are_estimated_from_a_sample(client, service, monkeypatch):
    from memory import metrics

    service.say("fan-1")
    monkeypatch.setattr(metrics, "_share", lambda: 0.999999)
    readings = {reading.name: reading.value for reading in metrics.read()}
    assert readings["ofmemory_fans"] == pytest.approx(1, abs=1)


def test_it_answers_though_everything_is_down(client, settings):
    """This test may not use the database; and Redis is nowhere."""
    settings.REDIS_URL = NOWHERE
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/redis.sock"
    metrics = found(client)
    parts = {sample.labels["part"]: sample.value for sample in metrics["ofmemory_state_ok"]}
    assert (parts["disk"], parts["cache"], parts["broker"], parts["memory"]) == (1, 0, 0, 0)
    assert "ofmemory_fans" not in metrics
    assert "ofmemory_redis_memory_used_bytes" not in metrics
    assert metrics["ofmemory_disk_free_bytes"][0].value > 0


def test_a_part_that_hangs_or_fails_leaves_the_others_alone(monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr(state, "_parts", {})
    monkeypatch.setattr(state, "PATIENCE_SECONDS", 0.2)
    register_state("hangs", lambda: [Reading("hangs", "", float(go_on.wait(60)))])
    register_state("fails", lambda: 1 / 0)
    register_state("works", lambda: [Reading("works", "", 1.0, {"a": "x"}), Reading("works", "", 2.0, {"a": "y"})])
    families = {family.name: family.samples for family in State().collect()}
    assert {s.labels["a"]: s.value for s in families["works"]} == {"x": 1, "y": 2}
    assert {s.labels["part"]: s.value for s in families["ofmemory_state_ok"]} == {"hangs": 0, "fails": 0, "works": 1}
    assert "hangs" not in families
    go_on.set()
    state._parts["hangs"].wait(10)
    assert "hangs" in {family.name for family in State().collect()}


def test_a_part_is_looked_at_once_in_a_while(monkeypatch):
    looks = []
    monkeypatch.setattr(state, "_parts", {})
    register_state("counted", lambda: looks.append(1) or [])
    for _ in range(20):
        list(State().collect())
    assert len(looks) == 1


def test_when_worker_and_scheduler_were_last_seen(client, db, monkeypatch):
    monkeypatch.setattr(heartbeat, "_last", {})
    heartbeat.beat(heartbeat.WORKER)
    metrics = found(client)
    assert metrics["ofmemory_worker_last_tick_timestamp_seconds"][0].value > 1.7e9
    assert metrics["ofmemory_scheduler_last_tick_timestamp_seconds"][0].value >= 0


def test_a_heartbeat_that_cannot_be_written_is_no_failure(settings, monkeypatch):
    monkeypatch.setattr(heartbeat, "_last", {})
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/redis.sock"
    heartbeat.beat(heartbeat.WORKER)


# ---- the port of worker and scheduler


@pytest.fixture
def served(settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.METRICS_PORT = probe.getsockname()[1]
    server = port.serve()
    assert server
    yield settings.METRICS_PORT
    server.shutdown()
    server.server_close()


def asked(number, path="/metrics", token=TOKEN):
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=10)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_the_port_says_the_same_without_how_things_stand(served):
    status, text = asked(served)
    assert status == 200
    assert "ofmemory_tasks" in text
    assert "ofmemory_state_ok" not in text


def test_the_port_wants_the_token_too(served, settings):
    assert asked(served, token="wrong")[0] == 401
    assert asked(served, path="/")[0] == 404
    settings.METRICS_TOKEN, settings.METRICS_TOKEN_MAY_BE_MADE = "", False
    assert asked(served)[0] == 404


def test_a_port_that_is_taken_stops_no_worker(served):
    assert port.serve() is None


def test_no_port_unless_asked_for(settings):
    settings.METRICS_PORT = 0
    assert port.serve() is None
