"""The servers together, as a test-suite or a benchmark uses them."""

from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis

from ofmemory.embedded import locations
from ofmemory.embedded.errors import EmbeddedError
from ofmemory.embedded.servers import EmbeddedServers, temporary_servers
from tests.embedded.helpers import processes_of


def test_all_of_them(home: Path) -> None:
    with EmbeddedServers(home, durable=False) as servers:
        for url in (servers.database_url, servers.keys_database_url):
            psycopg.connect(url).close()
        for url in (servers.redis_url, locations.redis_client_url(servers.broker_url)):
            assert redis.Redis.from_url(url).ping()
    assert processes_of(home) == []


def test_given_ones_are_not_started(home: Path) -> None:
    with EmbeddedServers(home, database_url="postgres://x/y", broker_url="redis://h/1", durable=False) as servers:
        assert [server.name for server in servers.servers] == ["redis-cache"]
        assert (servers.database_url, servers.broker_url) == ("postgres://x/y", "redis://h/1")
        assert servers.keys_database_url == ""


def test_a_home_serves_one_process_at_a_time(home: Path) -> None:
    nothing = partial(EmbeddedServers, home, database_url="x", redis_url="x", broker_url="x")
    with nothing(), pytest.raises(EmbeddedError, match="already running, pid"):
        nothing().__enter__()
    with nothing():
        pass


def test_failed_start_stops_what_had_started(home: Path) -> None:
    servers = EmbeddedServers(home, durable=False)
    (servers.servers[0].folder / "data").mkdir()
    (servers.servers[0].folder / "data" / "PG_VERSION").write_text("9.6")
    servers.servers.reverse()
    with pytest.raises(EmbeddedError, match=r"made by PostgreSQL 9\.6"):
        servers.__enter__()
    assert processes_of(home) == []


def test_temporary_ones_leave_nothing() -> None:
    with temporary_servers() as servers:
        home, sockets = servers.home, locations.sockets_root(servers.home)
        assert sockets.exists()
    assert not home.exists()
    assert not sockets.exists()
