"""A client notes what became of each request, and what the answer held."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.chaos import client as ask
from tests.chaos.client import Client, token
from tests.chaos.log import Log, read_logs
from tests.chaos.stack import free_port

CREATOR, FAN = "creator-a", "fan-1"


class Answering(BaseHTTPRequestHandler):
    """Answers with what stands in `answers`, one after the other; closes the connection where that is None."""

    protocol_version = "HTTP/1.1"
    answers: list[Any] = []
    asked: list[dict[str, Any]] = []

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append({"path": self.path, "headers": dict(self.headers), "body": body})
        answer = self.answers.pop(0)
        if answer is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, headers, content = answer
        data = orjson.dumps(content)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_DELETE = do_PATCH = do_GET  # noqa: N815 - as above

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    Answering.answers, Answering.asked = [], []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def client(port: int, tmp_path: Path) -> Iterator[Client]:
    made = Client(3, [port], {CREATOR: "key"}, Log(tmp_path / "client-3.jsonl"), prefix="t")
    yield made
    made.close()


def context_of(*keys: str, **more: Any) -> dict[str, Any]:
    said = [{"content": token(CREATOR, FAN, key)} for key in keys]
    return {"data": {"fanId": FAN, "creatorId": CREATOR, "recentMessages": said, **more}}


def test_notes_a_good_answer(client, tmp_path):
    Answering.answers = [(200, {"X-Memory-Cache": "hit"}, context_of("k1", "k2"))]
    attempt = client.send(ask.context(CREATOR, FAN))
    assert (attempt.outcome, attempt.status, attempt.cache, attempt.seen) == ("ok", 200, "hit", ["k1", "k2"])
    assert attempt.facts["fanId"] == FAN
    assert attempt.t1 >= attempt.t0
    assert read_logs(tmp_path) == [attempt]


def test_notes_what_belongs_to_somebody_else(client):
    answer = context_of("k1")
    answer["data"]["recentMessages"].append({"content": token("creator-b", FAN, "k9")})
    Answering.answers = [(200, {}, answer)]
    attempt = client.send(ask.context(CREATOR, FAN))
    assert (attempt.seen, attempt.foreign) == (["k1"], ["creator-b|fan-1|k9"])


@pytest.mark.parametrize(
    ("answer", "outcome", "status", "error"),
    [
        ((404, {}, {"type": "NOT_FOUND"}), "fail", 404, "NOT_FOUND"),
        ((409, {}, {"type": "CONFLICT", "details": {"reason": "erased"}}), "fail", 409, "CONFLICT erased"),
        ((503, {"Retry-After": "1"}, {"type": "DATABASE_ERROR"}), "info", 503, "DATABASE_ERROR"),
        ((500, {}, "oops"), "info", 500, "not JSON"),
        (None, "info", 0, "RemoteDisconnected"),
    ],
)
def test_tells_refused_from_unknown(client, answer, outcome, status, error):
    Answering.answers = [answer]
    attempt = client.send(ask.save(CREATOR, FAN, "k1"))
    assert (attempt.outcome, attempt.status, attempt.error) == (outcome, status, error)
    assert attempt.retry_after == (status == 503)


def test_insists_with_the_same_key_until_it_is_known(client, tmp_path):
    Answering.answers = [None, (503, {}, {}), (200, {}, {"success": True})]
    attempt = client.insist(ask.save(CREATOR, FAN, "k1"), times=5, pause=0.0)
    assert attempt.outcome == "ok"
    assert [one.outcome for one in read_logs(tmp_path)] == ["info", "info", "ok"]
    assert {asked["headers"]["Idempotency-Key"] for asked in Answering.asked} == {"k1"}
    assert len({asked["body"] for asked in Answering.asked}) == 1


def test_goes_to_another_server_where_nobody_listens(port, tmp_path):
    client = Client(1, [free_port(), port], {CREATOR: "key"}, Log(tmp_path / "client-1.jsonl"), prefix="t")
    Answering.answers = [(200, {}, context_of("k1"))]
    attempt = client.send(ask.context(CREATOR, FAN))
    client.close()
    assert (attempt.outcome, attempt.port) == ("ok", port)
    assert len(read_logs(tmp_path)) == 1
