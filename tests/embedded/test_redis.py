"""Redis of a home: one that forgets, one that does not."""

import os
import signal
import stat
from pathlib import Path

import psutil
import pytest
import redis

from ofmemory.embedded import leftovers, locations
from ofmemory.embedded.redis import EmbeddedRedis
from tests.embedded.helpers import needs_root, new_home, processes_of


def client(server: EmbeddedRedis) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_cache_forgets_and_evicts(home: Path) -> None:
    with EmbeddedRedis(home, "cache") as server, client(server) as cache:
        cache.set("k", "v")
        settings = cache.config_get("maxmemory*", "appendonly", "save", "port")
        assert (settings["maxmemory"], settings["maxmemory-policy"]) == (str(256 * 1024**2), "volatile-lru")
        assert (settings["appendonly"], settings["save"], settings["port"]) == ("no", "", "0")
    with EmbeddedRedis(home, "cache") as server, client(server) as cache:
        assert cache.get("k") is None
    assert list(server.folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_broker_keeps_what_it_was_told(home: Path, number: signal.Signals) -> None:
    first = EmbeddedRedis(home, "broker")
    first.start()
    with client(first) as broker:
        broker.set("k", "v")
        broker.execute_command("WAITAOF", 1, 0, 5000)
        assert broker.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
    os.kill(first.pid or 0, number)
    with EmbeddedRedis(home, "broker") as server, client(server) as broker:
        assert broker.get("k") == "v"
    first.stop()


def test_socket_is_private(home: Path) -> None:
    with EmbeddedRedis(home, "cache", durable=False) as server:
        socket = locations.redis_socket(home, "cache")
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
        assert psutil.Process(server.pid).net_connections("tcp") == []


def test_orphan_is_stopped_first_and_the_other_role_is_left_alone(home: Path) -> None:
    orphan, other = EmbeddedRedis(home, "broker"), EmbeddedRedis(home, "cache")
    orphan.start()
    with other, client(other) as cache:
        old = psutil.Process(orphan.pid)
        with EmbeddedRedis(home, "broker") as server, client(server) as broker:
            assert broker.ping()
            assert not leftovers.is_alive(old)
        assert cache.ping()
    orphan.stop()
    assert processes_of(home) == []


@pytest.mark.parametrize("name", ["with space", "x" * 130])
def test_odd_and_long_homes(ground: Path, name: str) -> None:
    (ground / name).mkdir()
    with EmbeddedRedis(new_home(ground / name), "broker", durable=False) as server, client(server) as broker:
        assert broker.ping()


@needs_root
def test_home_below_a_folder_of_roots_own(ground: Path) -> None:
    (ground / "private").mkdir(mode=0o700)
    home = new_home(ground / "private")
    with EmbeddedRedis(home, "broker") as server, client(server) as broker:
        assert broker.ping()
        assert psutil.Process(server.pid).uids().effective != 0
