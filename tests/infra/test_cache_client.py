"""Scripts and the connections they travel on."""

import os
import uuid

import pytest

from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache import client as redis_client
from ofmemory.infra.cache.client import Script, client
from ofmemory.infra.resilience import places
from tests.memory.support import in_thread

ECHO = Script("return {KEYS[1], ARGV[1]}")


def test_bytes_stay_bytes():
    assert ECHO(keys=["a"], args=[b"\xff"]) == [b"a", b"\xff"]


def test_a_script_that_redis_does_not_know_is_sent_to_it():
    unheard_of = Script(f"return ARGV[1] -- {uuid.uuid4()}")
    assert [unheard_of(keys=[], args=["b"]) for _ in range(2)] == [b"b", b"b"]


def test_threads_may_come_and_go(settings):
    """A web server ends idle threads and starts new ones: no connection may be counted for ever."""
    settings.REDIS_MAX_CONNECTIONS = 4
    client.cache_clear()
    try:
        for _ in range(10):
            assert in_thread(lambda: ECHO(keys=["a"], args=["b"])) == [b"a", b"b"]
    finally:
        client.cache_clear()


def test_a_connection_that_broke_is_made_anew():
    client().client_kill_filter(_id=redis_client._ask("CLIENT", "ID"))
    assert ECHO(keys=["a"], args=["b"]) == [b"a", b"b"]


def test_a_mistake_in_a_script_keeps_the_connection():
    with pytest.raises(CacheUnavailable):
        Script("return redis.call('GET')")(keys=[], args=[])
    assert ECHO(keys=["a"], args=["b"]) == [b"a", b"b"]


def test_a_forked_child_has_its_own():
    ECHO(keys=["a"], args=["b"])
    mine = redis_client._connection()
    setattr(places.here(), redis_client._REDIS, (os.getpid() + 1, mine))  # as it looks in a child
    assert redis_client._connection() is not mine


def test_nobody_there(settings):
    alive = settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    redis_client.forget_connections()
    try:
        with pytest.raises(CacheUnavailable) as failure:
            ECHO(keys=["a"], args=["b"])
        assert failure.value.retry_after_seconds
    finally:
        settings.REDIS_URL = alive
        redis_client.forget_connections()
