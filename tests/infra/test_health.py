"""Is the process alive, and can it do its work?"""

import pytest
from django.db import connection, connections

from ofmemory.infra.cache import client as redis_client
from tests.privacy.audit.support import without_command

NOWHERE = "unix:///nowhere/redis.sock"


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
    assert answer.json()["warnings"] == []
    return {name for name, ok in answer.json()["checks"].items() if not ok}


def test_cache_is_down(client, db, settings):
    alive = settings.REDIS_URL
    settings.REDIS_URL = NOWHERE
    redis_client.client.cache_clear()
    try:
        assert broken(client) == {"cache"}
    finally:
        settings.REDIS_URL = alive
        redis_client.client.cache_clear()


def test_broker_is_down(client, db, settings):
    settings.CELERY_BROKER_URL = "redis+socket:///nowhere/redis.sock"
    assert broken(client) == {"broker"}


def test_a_migration_is_missing(client, db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'memory'")
    assert broken(client) == {"migrations"}


def test_a_migration_of_the_keys_is_missing(client, db):
    with connections["keys"].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'privacy'")
    assert broken(client) == {"migrations"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("alias", "names"), [("default", {"database"}), ("keys", {"keys", "erasures"})])
def test_a_database_is_down(client, alias, names):
    connection = connections[alias]
    host = connection.settings_dict["OPTIONS"].get("host"), connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["OPTIONS"]["host"] = connection.settings_dict["HOST"] = "/nowhere"
    try:
        assert broken(client) == {"migrations", *names}
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"]["host"], connection.settings_dict["HOST"] = host
        if host[0] is None:
            del connection.settings_dict["OPTIONS"]["host"]
