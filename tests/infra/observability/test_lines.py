"""Lines of requests: whole, in order, a few at a time."""

import os
import socket
import threading
from collections.abc import Iterator

import pytest

from ofmemory.infra.observability.lines import PIECE_BYTES, Lines
from tests.flows.conftest import wait_until


class Pipe:
    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        self.lines, self.writer = Lines(writer), writer
        self.seen: list[bytes] = []

    def read(self) -> list[bytes]:
        os.set_blocking(self.reader, False)
        try:
            while piece := os.read(self.reader, PIECE_BYTES):
                self.seen.append(piece)
        except BlockingIOError:
            pass
        return b"".join(self.seen).splitlines(keepends=True)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.lines.flush()
    os.close(made.reader)


def test_one_of_trouble_is_written_at_once_after_those_before_it(pipe):
    pipe.lines.add(b"first\n", at_once=False)
    pipe.lines.add(b"second\n", at_once=True)
    assert pipe.read() == [b"first\n", b"second\n"]


def test_the_others_within_a_moment(pipe):
    for number in range(5):
        pipe.lines.add(b"%d\n" % number, at_once=False)
    wait_until(lambda: len(pipe.read()) == 5)
    pipe.lines.add(b"and again\n", at_once=False)
    wait_until(lambda: len(pipe.read()) == 6)


def test_each_piece_is_one_that_no_other_process_can_cut():
    """A socket of datagrams shows what was written in one piece."""
    reader, writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with reader, writer:
        lines = Lines(writer.fileno())
        for _ in range(20):
            lines._waiting.append(b"x" * 999 + b"\n")
        lines.flush()
        assert [len(reader.recv(65536)) for _ in range(5)] == [4000] * 5


def test_one_that_is_longer_goes_alone(pipe):
    pipe.lines.add(b"x" * 5000 + b"\n", at_once=True)
    assert len(b"".join(pipe.read())) == 5001


def test_many_threads_lose_none(pipe):
    def write(name: int) -> None:
        for number in range(50):
            pipe.lines.add(b"%d-%d\n" % (name, number), at_once=number % 10 == 0)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.lines.flush()
    assert sorted(pipe.read()) == sorted(b"%d-%d\n" % (name, number) for name in range(8) for number in range(50))
