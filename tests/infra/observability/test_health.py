"""Is the process alive, and can it do its work?"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connections

from ofmemory.infra.cache import client as redis_client
from ofmemory.infra.observability import health, heartbeat
from ofmemory.infra.observability.redis_client import to_broker
from ofmemory.infra.resilience.breaker import all_breakers
from tests.privacy.audit.support import without_command

NOWHERE = "unix:///nowhere/redis.sock"


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    """Each test gets answers of its own, of a product whose worker and scheduler live."""
    health.forget_answers()
    with to_broker() as broker:
        broker.hset(heartbeat.KEY, mapping=dict.fromkeys(heartbeat.SERVICES, str(time.time())))
    yield
    health.forget_answers()
    for breaker in all_breakers():
        breaker.reset()


def test_alive(client, settings, django_assert_num_queries):
    """Needs nothing: this test may not even use the database."""
    settings.REDIS_URL = settings.CELERY_BROKER_URL = NOWHERE
    answer = client.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
    assert answer.headers["X-Correlation-ID"]


def test_ready(client, db):
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    names = ("database", "keys", "cache", "broker", "migrations", "erasures")
    assert answer.json()["checks"] == dict.fromkeys(names, True)


@pytest.mark.parametrize(
    ("policy", "warnings"),
    [("volatile-lru", []), ("noeviction", []), ("allkeys-lru", ["cache_evicts_keys_without_lifetime"])],
)
def test_ready_with_a_warning(client, db, policy, warnings):
    redis, name = redis_client.client(), "maxmemory-policy"
    before = redis.config_get(name)[name]
    redis.config_set(name, policy)
    try:
        answer = client.get("/health/ready")
    finally:
        redis.config_set(name, before)
    assert (answer.status_code, answer.json()["warnings"]) == (200, warnings)


def test_ready_though_redis_does_not_tell_its_policy(client, db, settings):
    with without_command("info", settings):
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["warnings"]) == (200, [])


def broken(client):
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json()["status"] == "unready"
    return {name for name, ok in answer.json()["checks"].items() if not ok}


def test_cache_is_down(client, db, settings):
    settings.REDIS_URL = NOWHERE
    assert broken(client) == {"cache"}


def test_broker_is_down(client, db, settings):
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/redis.sock"
    assert broken(client) == {"broker"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("alias", "app"), [("default", "memory"), ("keys", "privacy")])
def test_a_migration_is_missing(client, alias, app):
    with connections[alias].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = %s RETURNING app, name, applied", [app])
        rows = cursor.fetchall()
    try:
        assert broken(client) == {"migrations"}
    finally:
        with connections[alias].cursor() as cursor:
            cursor.executemany("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", rows)


@contextmanager
def elsewhere(alias: str, folder: str) -> Iterator[None]:
    """Point one database at the sockets in ``folder``."""
    config = connections[alias].settings_dict
    before = config["HOST"], dict(config["OPTIONS"])
    connections[alias].close()
    config["HOST"] = folder
    if "host" in config["OPTIONS"]:
        config["OPTIONS"]["host"] = folder
    try:
        yield
    finally:
        connections[alias].close()
        config["HOST"], config["OPTIONS"] = before


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("alias", "names"), [("default", {"database"}), ("keys", {"keys", "erasures"})])
def test_a_database_is_down(client, alias, names):
    with elsewhere(alias, "/nowhere"):
        assert {"migrations", *names} <= broken(client) <= {"migrations", "erasures", *names}


@pytest.fixture
def frozen(short_folder: Path) -> Iterator[Path]:
    """Sockets that take connections and never answer: a PostgreSQL and a Redis that were stopped (SIGSTOP)."""
    port = connections["default"].settings_dict["PORT"] or connections["default"].settings_dict["OPTIONS"].get(
        "port", 5432
    )
    listening = []
    for name in (f".s.PGSQL.{port}", "redis.sock"):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(short_folder / name))
        listener.listen(64)
        listening.append(listener)
    yield short_folder
    for listener in listening:
        listener.close()


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """The path of a socket may have hundred bytes."""
    import tempfile

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.django_db(transaction=True)
def test_a_frozen_database_holds_no_probe_up(client, frozen):
    """Without a deadline this test would never end."""
    with elsewhere("default", str(frozen)):
        for _ in range(3):
            assert {"database", "migrations"} <= broken(client)
        assert client.get("/health/live").status_code == 200
    health.forget_answers()
    assert client.get("/health/ready").status_code == 200


def test_a_frozen_redis_holds_no_probe_up(client, db, settings, frozen):
    settings.REDIS_URL = f"unix://{frozen}/redis.sock"
    for _ in range(3):
        assert broken(client) == {"cache"}


def test_a_flood_of_probes_asks_once(client, db, monkeypatch):
    asked = []
    monkeypatch.setitem(health.CHECKS, "cache", lambda: bool(asked.append(1)) or True)
    for _ in range(50):
        assert client.get("/health/ready").status_code == 200
    assert len(asked) <= 3  # once a second, on however slow a machine


def test_a_check_that_hangs_is_asked_by_one_thread(client, db, monkeypatch):
    import threading

    asked, go_on = [], threading.Event()

    def hang() -> bool:
        asked.append(1)
        return go_on.wait(60)

    monkeypatch.setitem(health.CHECKS, "cache", hang)
    monkeypatch.setattr(health, "ANSWER_SECONDS", 0.05)
    for _ in range(5):
        assert "cache" in broken(client)
    assert len(asked) == 1
    go_on.set()
    monkeypatch.setattr(health, "ANSWER_SECONDS", 10.0)
    assert client.get("/health/ready").status_code == 200


def test_worker_and_scheduler_that_give_no_sign(client, db):
    with to_broker() as broker:
        broker.hset(heartbeat.KEY, heartbeat.WORKER, str(time.time() - 2 * heartbeat.SILENT_SECONDS))
        broker.hdel(heartbeat.KEY, heartbeat.SCHEDULER)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["warnings"]) == (200, ["scheduler_silent", "worker_silent"])
