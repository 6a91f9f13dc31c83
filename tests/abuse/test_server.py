"""Requests that are meant to wear a server out, against a real one: it refuses, stays small, and goes on answering."""

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.conftest import Api
from tests.flows.conftest import PATIENCE_SECONDS, Server

pytestmark = pytest.mark.django_db(transaction=True)
MEGABYTE = 1_000_000
MOST_GROWTH = 50 * MEGABYTE
A = "/api/onlyfans/memory/fan-1"
# More than may send slowly at once, and far more than requests run at once (two processes of four).
MANY = 100


@pytest.fixture
def connect(server: Server) -> Iterator[Any]:
    """Open connections that are closed at the end, whatever happened."""
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection((server.host, server.port), PATIENCE_SECONDS))


def head(server: Server, service: Api, *lines: str, method: str = "POST", path: str = A) -> bytes:
    named = [
        f"{method} {path} HTTP/1.1",
        f"Host: {server.host}:{server.port}",
        f"Authorization: Bearer {service.token}",
    ]
    return "\r\n".join([*named, "Content-Type: application/json", *lines, "", ""]).encode()


def answer_of(sock: socket.socket) -> tuple[int, bytes] | None:
    """Return what comes back; None where the connection was closed without a word."""
    try:
        answer = http.client.HTTPResponse(sock)
        answer.begin()
        return answer.status, answer.read()
    except (http.client.HTTPException, OSError):
        return None


def goes_on(server: Server, service: Api) -> None:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/api/of-memory/stats", headers={"Authorization": f"Bearer {service.token}"})
        assert connection.getresponse().status == 200
    finally:
        connection.close()


def memory_of_server(server: Server) -> int:
    """Return the resident memory of the server's processes, which are children of this one."""
    wanted = str(server.port)
    parents = [child for child in psutil.Process().children(recursive=True) if wanted in child.cmdline()]
    processes = {process.pid: process for parent in parents for process in (parent, *parent.children(recursive=True))}
    assert processes, "the server is not found"
    return sum(int(process.memory_info().rss) for process in processes.values())


def test_a_body_of_10_mb_is_refused_and_leaves_nothing_behind(server, service, connect):
    goes_on(server, service)
    before = memory_of_server(server)
    for _ in range(10):
        sock = connect()
        try:
            sock.sendall(head(server, service, f"Content-Length: {10 * MEGABYTE}") + b'{"content": "')
            for _ in range(10):
                sock.sendall(b"x" * MEGABYTE)
        except OSError:
            pass  # refused before all of it was sent
        answer = answer_of(sock)
        assert answer is None or (answer[0], json.loads(answer[1])["type"]) == (413, "VALIDATION_ERROR")
    goes_on(server, service)
    assert memory_of_server(server) - before < MOST_GROWTH


def test_a_gigabyte_that_is_only_announced_is_refused_at_once(server, service, connect):
    before = memory_of_server(server)
    socks = [connect() for _ in range(MANY)]
    for sock in socks:
        sock.sendall(head(server, service, "Content-Length: 1000000000"))
    assert {(answer_of(sock) or (0, b""))[0] for sock in socks} == {413}
    goes_on(server, service)
    assert memory_of_server(server) - before < MOST_GROWTH


def test_chunks_without_end_are_refused(server, service, connect):
    before = memory_of_server(server)
    sock = connect()
    chunk = b"%x\r\n%s\r\n" % (65_536, b"x" * 65_536)
    sent = 0
    try:
        sock.sendall(head(server, service, "Transfer-Encoding: chunked"))
        while sent < 200 * MEGABYTE:
            sock.sendall(chunk)
            sent += len(chunk)
    except OSError:
        pass
    answer = answer_of(sock)
    assert answer is None or answer[0] == 413
    goes_on(server, service)
    assert memory_of_server(server) - before < MOST_GROWTH


def test_who_sends_slowly_keeps_nobody_else_waiting(server, service, connect):
    """Bodies and heads that come byte by byte hold connections, not threads."""
    bodies = [connect() for _ in range(MANY)]
    heads = [connect() for _ in range(MANY)]
    whole = head(server, service, "Content-Length: 1000")
    for sock in bodies:
        sock.sendall(whole + b"{")
    for sock in heads:
        sock.sendall(whole[:40])
    for _ in range(3):
        with contextlib.suppress(OSError):  # those beyond what may send slowly were told to come back
            for sock in bodies:
                sock.sendall(b" ")
        for sock in heads:
            sock.sendall(b"x")
        goes_on(server, service)


def test_ten_thousand_headers_are_refused(server, service, connect):
    sock = connect()
    with contextlib.suppress(OSError):
        sock.sendall(head(server, service, *(f"X-H{number}: x" for number in range(10_000)), method="GET"))
    answer = answer_of(sock)
    assert answer is None or answer[0] in (400, 413, 414, 431)
    goes_on(server, service)


def test_an_address_of_64_kb_is_refused(server, service, connect):
    for path in (f"{A}{'x' * 65_536}", f"/api/of-memory/context?fanId={'x' * 65_536}", "/" + "../" * 21_000):
        sock = connect()
        with contextlib.suppress(OSError):
            sock.sendall(head(server, service, method="GET", path=path))
        answer = answer_of(sock)
        assert answer is None or answer[0] in (400, 404, 414, 431), answer
    goes_on(server, service)


def test_a_header_of_a_megabyte_is_refused(server, service, connect):
    before = memory_of_server(server)
    for _ in range(10):
        sock = connect()
        with contextlib.suppress(OSError):
            sock.sendall(head(server, service, f"X-Correlation-ID: {'x' * MEGABYTE}", method="GET"))
        answer = answer_of(sock)
        assert answer is None or answer[0] in (400, 413, 431), answer
    goes_on(server, service)
    assert memory_of_server(server) - before < MOST_GROWTH


@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: \x0bchunked",),
        ("Transfer-Encoding : chunked",),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        ("Content-Length: 5, 6",),
    ],
    ids=str,
)
def test_two_servers_could_not_read_it_as_two_requests(server, service, connect, lines):
    """Request smuggling: what is ambiguous is refused, and what follows it is not answered as one more."""
    sock = connect()
    hidden = head(server, service, method="GET", path="/api/schema/")
    sock.sendall(head(server, service, *lines) + b"0\r\n\r\n" + hidden)
    sock.settimeout(PATIENCE_SECONDS)
    answer = answer_of(sock)
    assert answer is None or answer[0] in (400, 415, 501), answer


def test_requests_sent_ahead_are_all_counted(server, service, connect):
    """Pipelining is no way around anything: each is answered, in order."""
    sock = connect()
    asked = head(server, service, method="GET", path="/api/of-memory/stats")
    last = head(server, service, "Connection: close", method="GET", path="/api/of-memory/stats")
    sock.sendall(asked * 19 + last)
    received = b""
    while part := sock.recv(65_536):
        received += part
    assert received.count(b"HTTP/1.1 200") == 20
