"""How many run at once, who waits, and who is told to come back."""

import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from django.db import connection, connections

from ofmemory.infra.resilience import deadline, hanging, slots
from ofmemory.infra.resilience.slots import LENT_PER_SLOT, Admission, Slots
from tests.memory.support import PATIENCE_SECONDS, at_once


@pytest.fixture(autouse=True)
def _connections_of_threads() -> Iterator[None]:
    """Admission moves the connections of the process to its slots; afterwards they are where they were."""
    before = connections._connections
    yield
    connections._connections = before


class Client:
    """Calls a WSGI application and keeps what it says."""

    def __init__(self, application: Callable[..., Any]) -> None:
        self.application = application

    def __call__(self, path: str = "/api/of-memory/context", body: bytes = b"", **environ: Any) -> tuple[int, bytes]:
        said: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]]) -> None:
            said.update(status=int(status.split(maxsplit=1)[0]), headers=dict(headers))

        given = {"PATH_INFO": path, "REQUEST_METHOD": "POST", "wsgi.input": io.BytesIO(body)}
        if body:
            given["CONTENT_LENGTH"] = str(len(body))
        answer = b"".join(self.application({**given, **environ}, start))
        self.headers = said["headers"]
        return said["status"], answer


def fine(environ: dict[str, Any], start: Any) -> list[bytes]:
    start("200 OK", [])
    return [environ["wsgi.input"].read()]


def test_no_more_than_the_size_run_at_once():
    pool, running, most = Slots(2, 30.0), [], []
    lock = threading.Lock()

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        with lock:
            running.append(1)
            most.append(len(running))
        threading.Event().wait(0.02)
        with lock:
            running.pop()
        return fine(environ, start)

    client = Admission(application, pool)
    answers = at_once(*[lambda: Client(client)()[0]] * 12)
    assert answers == [200] * 12
    assert max(most) == 2
    assert (pool.usage().in_use, pool.usage().waiting, pool.usage().shed_count) == (0, 0, 0)


class TestSaturated:
    @pytest.fixture
    def full(self) -> Iterator[Slots]:
        pool = Slots(1, 0.05)
        taken = pool.take()
        assert taken
        yield pool
        pool.give_back(taken, 0.0)

    def test_who_waits_too_long_is_told_to_come_back(self, full):
        client = Client(Admission(fine, full))
        status, body = client(HTTP_X_CORRELATION_ID="mine")
        answer = orjson.loads(body)
        assert (status, answer["type"], answer["correlationId"]) == (503, "OVERLOADED", "mine")
        assert (client.headers["Retry-After"], client.headers["X-Correlation-ID"]) == ("1", "mine")
        assert full.usage().shed_count == 1

    def test_who_would_have_to_is_told_at_once(self, full):
        full._mean_seconds, full._waiting = 10_000.0, 1
        full._wait_seconds = PATIENCE_SECONDS * 10
        assert Client(Admission(fine, full))()[0] == 503
        full._waiting = 0

    @pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
    def test_probes_are_answered_all_the_same(self, full, path):
        assert Client(Admission(fine, full))(path)[0] == 200


def test_a_request_that_fails_gives_its_slot_back():
    pool = Slots(1, 0.05)

    def broken(environ: dict[str, Any], start: Any) -> list[bytes]:
        raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            Client(Admission(broken, pool))()
    assert pool.usage().in_use == 0
    assert deadline.left() is None


def test_who_hangs_keeps_nobody_from_running():
    pool = Slots(1, 0.05)
    seen = []

    def hangs(environ: dict[str, Any], start: Any) -> list[bytes]:
        hanging.begun()
        hanging.begun()
        seen.append(Client(Admission(fine, pool))()[0])
        return fine(environ, start)

    assert Client(Admission(hangs, pool))()[0] == 200
    assert seen == [200]
    assert pool.usage() == slots.Usage(size=1)
    assert Client(Admission(fine, pool))()[0] == 200


def test_but_not_without_an_end():
    pool = Slots(1, 0.01)
    held = []
    while (slot := pool.take()) is not None:
        pool.lend(slot)
        held.append(slot)
    assert len(held) == 1 + LENT_PER_SLOT
    for slot in held:
        pool.give_back(slot, 0.0)
    assert pool.usage().in_use == 0


def test_a_request_has_its_budget_from_when_it_came(settings):
    settings.REQUEST_SECONDS = {**settings.REQUEST_SECONDS, "long": 7.0}
    left = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        left.append(deadline.left())
        return fine(environ, start)

    Client(Admission(application, Slots(1, 1.0)))()
    assert 0 < left[0] <= 7
    assert deadline.left() is None


class TestBodies:
    def test_a_body_is_read_before_a_slot_is_taken(self):
        pool, seen = Slots(1, 1.0), []

        class Slow(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                seen.append(pool.usage().in_use)
                return super().read(size)

        environ = {"wsgi.input": Slow(b"hello"), "CONTENT_LENGTH": "5"}
        assert Client(Admission(fine, pool))(**environ) == (200, b"hello")
        assert seen == [0]

    @pytest.mark.parametrize("length", ["99999999999", "-1", "many", "٣"])
    def test_one_that_will_be_refused_is_left_unread(self, length):
        class Untouchable(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                raise AssertionError

        def application(environ: dict[str, Any], start: Any) -> list[bytes]:
            assert isinstance(environ["wsgi.input"], Untouchable)
            start("413 Content Too Large", [])
            return []

        environ = {"wsgi.input": Untouchable(), "CONTENT_LENGTH": length}
        assert Client(Admission(application, Slots(1, 1.0)))(**environ)[0] == 413

    def test_a_chunked_one_is_read_too(self):
        environ = {"wsgi.input": io.BytesIO(b"hello"), "HTTP_TRANSFER_ENCODING": "chunked"}
        assert Client(Admission(fine, Slots(1, 1.0)))(**environ) == (200, b"hello")

    def test_a_client_that_goes_away_is_a_body_that_is_too_short(self):
        class Gone(io.BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                raise ConnectionResetError

        environ = {"wsgi.input": Gone(), "CONTENT_LENGTH": "5"}
        assert Client(Admission(fine, Slots(1, 1.0)))(**environ) == (200, b"")

    def test_only_so_many_may_send_slowly(self):
        admission = Admission(fine, Slots(1, 1.0))
        while admission._bodies.acquire(blocking=False):
            pass
        assert Client(admission)(body=b"hello")[0] == 503
        assert Client(admission)()[0] == 200


@pytest.mark.django_db(transaction=True)
class TestConnections:
    def test_they_belong_to_the_slot_and_not_to_the_thread(self):
        seen = []

        def application(environ: dict[str, Any], start: Any) -> list[bytes]:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                seen.append(cursor.fetchone())
            return fine(environ, start)

        pool = Slots(1, PATIENCE_SECONDS)
        connections["default"].settings_dict["CONN_MAX_AGE"] = 600
        try:
            client = Admission(application, pool)
            at_once(*[Client(client)] * 5)
        finally:
            connections["default"].settings_dict["CONN_MAX_AGE"] = 0
            slot = pool.take()
            assert slot
            for alias in vars(slot.place):
                getattr(slot.place, alias).close()
        assert len(seen) == 5
        assert len(set(seen)) == 1

    def test_outside_of_a_slot_every_thread_has_its_own(self):
        Admission(fine, Slots(1, 1.0))
        wrappers = at_once(*[lambda: id(connections["default"])] * 2)
        assert len(set(wrappers)) == 2


def test_a_process_without_a_web_server_has_none(monkeypatch):
    monkeypatch.setattr(slots, "_slots", [])
    assert slots.usage() == slots.Usage()
    slots.admitting(fine)
    assert slots.usage().size > 0
