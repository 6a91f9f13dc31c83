"""PostgreSQL of a home: made whole or not at all, private, and back after every kind of kill."""

import os
import signal
import stat
from pathlib import Path

import psutil
import psycopg
import pytest

from ofmemory.embedded import leftovers, locations
from ofmemory.embedded.errors import EmbeddedError
from ofmemory.embedded.postgres import EmbeddedPostgres
from ofmemory.embedded.privileges import identity
from tests.embedded.helpers import eventually, new_home, processes_of


def started(home: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(home, durable=False)


def ask(server: EmbeddedPostgres, statement: str) -> object:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def keep_a_row(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def test_starts_stops_and_keeps_the_data(home: Path) -> None:
    with started(home) as server:
        assert str(ask(server, "SHOW server_version_num")).startswith("18")
        keep_a_row(server)
    assert processes_of(home) == []
    with started(home) as server:
        assert ask(server, "SELECT answer FROM kept") == 42


def test_cluster_is_made_as_the_product_needs_it(home: Path) -> None:
    with EmbeddedPostgres(home) as server:
        assert ask(server, "SELECT datlocprovider::text || datlocale FROM pg_database LIMIT 1") == "bC.UTF-8"
        assert ask(server, "SHOW server_encoding") == "UTF8"
        assert ask(server, "SHOW data_checksums") == "on"
        assert ask(server, "SHOW fsync") == "on"
        assert ask(server, "SHOW listen_addresses") == ""
        assert ask(server, "SELECT 'ß' ~ '^\\w$' AND upper('é') = 'É'") is True
        assert ask(server, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'") == 0
        assert ask(server, "SELECT count(*) FROM pg_database WHERE datname IN ('ofmemory', 'ofmemory_keys')") == 2


def test_only_the_password_opens_it(home: Path) -> None:
    with started(home) as server:
        wrong = server.url.replace(locations.ensure_secret(home, locations.DATABASE_PASSWORD), "guess")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        folder = locations.socket_folder(home, "postgres")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert psutil.Process(server.pid).net_connections("tcp") == []


def test_nothing_of_a_statement_reaches_the_log(home: Path) -> None:
    with started(home) as server, psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE t (x int UNIQUE)")
        connection.execute("INSERT INTO t VALUES (4711007)")
        for statement in ("SELECT 'canary-bird'::int", "INSERT INTO t VALUES (4711007)", "SELEKT 'canary-bird'"):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)
        with pytest.raises(psycopg.Error):
            connection.execute("SELECT %s::uuid", ["canary-bird"])
    log = server.log.read_text()
    assert "database system is ready" in log
    assert "canary" not in log
    assert "4711007" not in log


@pytest.mark.parametrize("durable", [True, False])
def test_comes_back_after_kill_9_of_the_postmaster(home: Path, *, durable: bool) -> None:
    first = EmbeddedPostgres(home, durable=durable)
    first.start()
    keep_a_row(first)
    ask(first, "CHECKPOINT")
    assert first.pid
    os.kill(first.pid, signal.SIGKILL)
    with EmbeddedPostgres(home, durable=durable) as second:
        assert ask(second, "SELECT answer FROM kept") == 42
    first.stop()


def test_orphan_of_this_home_is_stopped_first(home: Path) -> None:
    orphan = started(home)
    orphan.start()
    keep_a_row(orphan)
    old = psutil.Process(orphan.pid)
    with started(home) as server:
        assert not leftovers.is_alive(old)
        assert ask(server, "SELECT answer FROM kept") == 42
    orphan.stop()


def test_lock_file_with_the_id_of_a_living_stranger(home: Path) -> None:
    with started(home) as server:
        lock = (server.cluster / "postmaster.pid").read_text()
        own = str(server.pid)
    stranger = psutil.Popen(["sleep", "60"], **identity(server.account))
    try:
        stale = lock.replace(own, str(stranger.pid), 1)
        (server.cluster / "postmaster.pid").write_text(stale)
        (locations.socket_folder(home, "postgres") / ".s.PGSQL.5432.lock").write_text(stale)
        with started(home) as server:
            assert ask(server, "SELECT 1") == 1
        assert stranger.is_running()
    finally:
        stranger.kill()
        stranger.wait()


def test_lock_file_torn_by_a_full_disk(home: Path) -> None:
    with started(home) as server:
        pass
    (server.cluster / "postmaster.pid").write_text("")
    with started(home) as server:
        assert ask(server, "SELECT 1") == 1


def test_half_made_cluster_is_made_again(home: Path) -> None:
    server = started(home)
    (server.folder / "draft" / "base").mkdir(parents=True)
    (server.folder / "password").write_text("old")
    with server:
        assert ask(server, "SELECT 1") == 1
    assert sorted(path.name for path in server.folder.iterdir()) == ["data"]


def test_data_of_another_version_is_left_alone_with_a_clear_word(home: Path) -> None:
    server = started(home)
    server.cluster.mkdir()
    (server.cluster / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 16"):
        server.start()
    assert (server.cluster / "PG_VERSION").exists()


def test_lost_password_is_named(home: Path) -> None:
    with started(home):
        pass
    (home / "secrets" / locations.DATABASE_PASSWORD).unlink()
    locations.ensure_secret(home, locations.DATABASE_PASSWORD)
    server = started(home)
    with pytest.raises(EmbeddedError, match="does not fit the database"):
        server.start()
    server.stop()


def test_full_disk_is_named(home: Path) -> None:
    server = started(home)
    server.prepare()
    server.log.write_text("PANIC:  could not write to file: No space left on device\n")
    assert "the disk is full" in str(server.explain())


def test_reason_comes_from_this_start_not_from_an_earlier_one(home: Path) -> None:
    server = started(home)
    server.log.write_text("FATAL:  No space left on device\n")
    server.prepare()
    assert server.explain() is None


@pytest.mark.parametrize("name", ["with space, comma'\"quote", "x" * 130])
def test_odd_and_long_homes(ground: Path, name: str) -> None:
    (ground / name).mkdir()
    home = new_home(ground / name)
    with started(home) as server:
        assert ask(server, "SELECT 1") == 1


def test_stop_leaves_no_process(home: Path) -> None:
    server = started(home)
    server.start()
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    server.stop()
    assert eventually(lambda: not any(map(leftovers.is_alive, family)))
    server.stop()
