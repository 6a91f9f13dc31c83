"""The fault proxies do what they say."""

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.proxy import HOST, Behaviour, Proxies


class Echo(socketserver.StreamRequestHandler):
    """Answers each line with itself."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            self.wfile.write(line)


@pytest.fixture
def proxies(tmp_path: Path) -> Iterator[Proxies]:
    path = tmp_path / "echo"
    with socketserver.ThreadingUnixStreamServer(str(path), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Proxies({"echo": path}) as proxies:
            yield proxies
        server.shutdown()


@pytest.fixture
def connection(proxies: Proxies) -> Iterator[socket.socket]:
    with socket.create_connection((HOST, proxies["echo"].port), timeout=10) as connection:
        yield connection


def ask(connection: socket.socket, what: bytes = b"hello\n") -> bytes:
    connection.sendall(what)
    answer = b""
    while not answer.endswith(b"\n"):
        if not (part := connection.recv(4096)):
            break
        answer += part
    return answer


def is_over(connection: socket.socket) -> bool:
    try:
        return connection.recv(100) == b""
    except ConnectionResetError:
        return True


def test_lets_pass(connection):
    assert ask(connection) == b"hello\n"


def test_is_slow_in_both_directions(proxies, connection):
    proxies.behave("echo", Behaviour(latency_seconds=0.1))
    began = time.monotonic()
    assert ask(connection) == b"hello\n"
    assert time.monotonic() - began >= 0.2


def test_holds_what_comes_while_it_is_deaf(proxies, connection):
    proxies.behave("echo", Behaviour(deaf=True))
    connection.sendall(b"later\n")
    connection.settimeout(0.1)
    with pytest.raises(TimeoutError):
        connection.recv(100)
    proxies.behave("echo")
    connection.settimeout(10)
    assert connection.recv(100) == b"later\n"


def test_refuses_while_it_is_absent_and_has_the_same_port_afterwards(proxies, connection):
    port = proxies["echo"].port
    proxies.behave("echo", Behaviour(absent=True))
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((HOST, port), timeout=10)
    proxies.behave("echo")
    with socket.create_connection((HOST, port), timeout=10) as again:
        assert ask(again) == b"hello\n"


def test_cuts_open_connections(proxies, connection):
    assert ask(connection) == b"hello\n"
    proxies.cut("echo")
    assert is_over(connection)


def test_drips(proxies, connection):
    proxies.behave("echo", Behaviour(drip_bytes=1))
    connection.sendall(b"abc\n")
    assert connection.recv(100) == b"a"


def test_ends_the_connection_where_nobody_is_behind_it(tmp_path):
    with (
        Proxies({"none": tmp_path / "nobody"}) as proxies,
        socket.create_connection((HOST, proxies["none"].port), timeout=10) as connection,
    ):
        assert is_over(connection)
