"""PostgreSQL that is gone, silent, slow or left alone: real connections, through a proxy where it has to freeze."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection, connections, transaction
from django.db.utils import ConnectionHandler
from psycopg.conninfo import conninfo_to_dict

from ofmemory.infra import db
from ofmemory.infra.database.base import CircuitOpen, DatabaseSilent, DeadlinePassed, has_no_room, is_gone
from ofmemory.infra.drf import answer_error
from ofmemory.infra.resilience import deadline, hanging
from ofmemory.infra.resilience.breaker import State
from ofmemory.infra.resilience.policies import DATABASE

pytestmark = pytest.mark.django_db(transaction=True)


class Proxy:
    """Stands between psycopg and the real server, and holds back what passes while ``open`` is not set."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect, self.open = connect, threading.Event()
        self.open.set()
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = self._connect()
                self._sockets += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self.open.wait()
                target.sendall(data)
        self.cut(source, target)

    def cut(self, *sockets: socket.socket) -> None:
        """Break these connections, or all."""
        for one in sockets or tuple(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.open.set()
        self._listener.close()
        self.cut()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    where = conninfo_to_dict(connection.connection.info.dsn) if connection.connection else _where()

    def connect() -> socket.socket:
        host, port = str(where["host"]), int(where.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        far = socket.socket(socket.AF_UNIX)
        far.connect(f"{host}/.s.PGSQL.{port}")
        return far

    standing = Proxy(connect)
    yield standing
    standing.close()


def _where() -> dict[str, Any]:
    with connection.cursor():
        return conninfo_to_dict(connection.connection.info.dsn)


@pytest.fixture
def through(proxy: Proxy, settings: Any) -> Iterator[Any]:
    """A wrapper of Django's whose connections pass the proxy."""
    from ofmemory.infra.database import base

    base._class_for.cache_clear()
    handler = ConnectionHandler({"default": {**settings.DATABASES["default"]}})
    wrapper = handler["default"]
    wrapper.settings_dict |= {"NAME": connection.settings_dict["NAME"], "HOST": "127.0.0.1", "PORT": str(proxy.port)}
    yield wrapper
    DATABASE.breaker.reset()
    wrapper.close()
    base._class_for.cache_clear()


def ask(wrapper: Any, sql: str = "SELECT 1") -> Any:
    with wrapper.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()


def test_a_frozen_server_is_waited_for_as_long_as_there_is_time(proxy, through):
    assert ask(through) == (1,)
    proxy.open.clear()
    with deadline.within(0.3), pytest.raises(OperationalError) as failure:
        ask(through)
    assert isinstance(failure.value.__cause__, DeadlinePassed)
    assert DATABASE.breaker.snapshot().last_failure == "DeadlinePassed"
    proxy.open.set()
    assert ask(through) == (1,), "the answer that came too late is read by nobody"


def test_without_a_budget_as_long_as_the_policy_says(proxy, through, settings):
    settings.DATABASE_TIMEOUT_SECONDS = 0.1
    assert ask(through) == (1,)
    proxy.open.clear()
    with pytest.raises(OperationalError):
        ask(through)


def test_connecting_has_the_same_budget(proxy, through):
    proxy.open.clear()
    with deadline.within(0.3), pytest.raises(OperationalError):
        ask(through)
    assert DATABASE.breaker.snapshot().failures == 1


def test_who_hangs_says_so_once_and_goes_on(through):
    told = []
    hanging.tell(lambda: told.append("hangs"))
    assert ask(through, "SELECT pg_sleep(1.2)::text") == ("",)
    assert told == ["hangs"]
    hanging.tell(None)


def test_a_watched_server_that_answers_nobody_is_given_up_before_the_time_is_over(proxy, through, monkeypatch):
    monkeypatch.setattr(DATABASE.breaker, "is_watched", True)
    monkeypatch.setattr("ofmemory.infra.database.base.SILENT_SECONDS", 0.1)
    assert ask(through) == (1,)
    proxy.open.clear()
    with deadline.within(60), pytest.raises(OperationalError):
        ask(through)
    assert DATABASE.breaker.state is State.OPEN


def test_but_what_hangs_in_a_transaction_is_waited_for(proxy, through, monkeypatch):
    monkeypatch.setattr(DATABASE.breaker, "is_watched", True)
    monkeypatch.setattr("ofmemory.infra.database.base.SILENT_SECONDS", 0.1)
    assert is_gone(DatabaseSilent())
    through.set_autocommit(False)
    assert ask(through) == (1,)
    timer = threading.Timer(2.2, proxy.open.set)
    proxy.open.clear()
    timer.start()
    assert ask(through, "SELECT 2") == (2,)
    assert DATABASE.breaker.state is State.OPEN
    DATABASE.breaker.reset()
    through.rollback()
    through.set_autocommit(True)


def test_a_connection_that_broke_is_made_anew(proxy, through):
    assert ask(through) == (1,)
    proxy.cut()
    with pytest.raises(OperationalError):
        ask(through)
    assert ask(through) == (1,)


def test_a_server_that_is_left_alone_is_not_asked(through):
    for _ in range(5):
        DATABASE.breaker.failed(OSError())
    with pytest.raises(OperationalError) as failure:
        ask(through)
    DATABASE.breaker.reset()
    assert isinstance(failure.value.__cause__, CircuitOpen)
    assert answer_error(failure.value).status_code == 503
    assert answer_error(failure.value).headers["Retry-After"]


def test_a_server_without_room_is_not_left_alone(through):
    """A role that may have no connection stands for a server that has none left."""
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS of_this_test")
        cursor.execute("CREATE ROLE of_this_test LOGIN PASSWORD 'x' CONNECTION LIMIT 0")
    through.settings_dict |= {"USER": "of_this_test", "PASSWORD": "x"}
    try:
        for _ in range(3):
            with pytest.raises(OperationalError) as failure:
                ask(through)
        assert has_no_room(failure.value.__cause__)
        assert DATABASE.breaker.snapshot().failures == 0
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE of_this_test")


def test_what_has_begun_is_ended_all_the_same():
    with transaction.atomic():
        assert ask(connection) == (1,)
        for _ in range(5):
            DATABASE.breaker.failed(OSError())
        assert ask(connection) == (1,)
        DATABASE.breaker.reset()
    assert ask(connection) == (1,)


def test_an_error_of_ours_is_an_answer():
    for _ in range(6):
        with pytest.raises(Exception, match="nothing_here"):
            ask(connection, "SELECT * FROM nothing_here")
    assert DATABASE.breaker.snapshot().failures == 0


@pytest.mark.parametrize(
    ("error", "gone"),
    [
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.CannotConnectNow(), True),
        (psycopg.errors.TooManyConnections(), True),
        (DeadlinePassed(), True),
        (CircuitOpen(), False),
        (psycopg.errors.LockNotAvailable(), False),
        (psycopg.errors.DeadlockDetected(), False),
        (psycopg.errors.QueryCanceled(), False),
        (psycopg.errors.DiskFull(), False),
        (psycopg.errors.UniqueViolation(), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_what_the_database_is_to_blame_for(error, gone):
    assert is_gone(error) is gone


def test_a_connection_that_was_closed_is_an_unavailable_database():
    answer = answer_error(InterfaceError("the connection is closed"))
    assert (answer.status_code, b"DATABASE_ERROR" in answer.content) == (503, True)


class TestTaking:
    @pytest.fixture(autouse=True)
    def _as_the_settings_say(self):
        """The connection that migrated lets statements take their time."""
        connection.close()

    def test_statements_may_take_longer_and_then_no_more(self):
        for block in (db.taking(60), db.taking(None)):
            with block:
                ask(connection, "SELECT 1")
                assert ask(connection, "SHOW statement_timeout") in {("1min",), ("0",)}
                assert connection.connection.longest_seconds in {60.25, None}
            assert ask(connection, "SHOW statement_timeout") == ("5s",)

    def test_in_a_transaction_that_fails_too(self):
        with pytest.raises(OperationalError), transaction.atomic(), db.taking(1):
            ask(connection, "SELECT pg_sleep(30)")
        assert ask(connection, "SHOW statement_timeout") == ("5s",)
        assert connection.connection.longest_seconds != 1.25


def test_hot_reads_try_again_where_the_connection_broke():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    pid = connection.connection.info.backend_pid
    with connections["keys"].cursor() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert db._fetched("SELECT 7", ()) == [(7,)]


def test_but_not_in_a_transaction():
    def lose_it_and_read() -> None:
        ask(connection)
        with connections["keys"].cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
        db._fetched("SELECT 7", ())

    with pytest.raises(OperationalError), transaction.atomic():
        lose_it_and_read()
