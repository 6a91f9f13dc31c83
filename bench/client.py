"""A small HTTP/1.1 load client in one process: a plan on standard input, the measurements on standard output.

A stream without a rate is closed: each connection sends as soon as it is answered. A stream with a rate is open:
request i is due at i / rate seconds whatever became of those before, and its latency counts from then. A server that
stalls is so charged for everybody who would have come meanwhile (no "coordinated omission").
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Final

import orjson

HOST: Final = "127.0.0.1"
ANSWER_SECONDS: Final = 30.0


class Connection(asyncio.Protocol):
    """One kept connection with at most one request on its way."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[bytes, int]] | None = None
        self._parts: list[bytes] = []
        self._head, self._size = b"", 0
        # None: chunked, the size is not known before.
        self._whole_size: int | None = None

    async def ask(self, port: int, request: bytes) -> tuple[bytes, int]:
        """Send ``request``; return the head of the answer and its whole size.

        Raises:
            OSError: the connection failed.
            TimeoutError: nothing came in time.
        """
        loop = asyncio.get_running_loop()
        if self._transport is None:
            await loop.create_connection(lambda: self, HOST, port)
        self._answer, self._head, self._size, self._parts = loop.create_future(), b"", 0, []
        if self._transport is None:
            raise ConnectionResetError("closed at once")
        self._transport.write(request)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._answer
        except TimeoutError:
            self.close()
            raise

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("closed before the answer"))

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        if not self._head:
            self._parts.append(data)
            self._read_head(b"".join(self._parts))
        if self._head and self._is_whole(data) and self._answer is not None and not self._answer.done():
            self._answer.set_result((self._head, self._size))

    def _read_head(self, data: bytes) -> None:
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return
        self._head = data[:end].lower()
        length, chunked = header(self._head, b"content-length"), header(self._head, b"transfer-encoding")
        self._whole_size = end + 4 + int(length or 0) if length or not chunked else None

    def _is_whole(self, data: bytes) -> bool:
        # Nothing follows an answer before the next request, and JSON holds no line end: the last chunk ends it.
        return data.endswith(b"0\r\n\r\n") if self._whole_size is None else self._size >= self._whole_size


class Measured:
    """What became of the requests of one stream."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.cache: Counter[str] = Counter()
        self.bytes = self.errors = 0
        self.first_error = ""

    def add(self, seconds: float, head: bytes, size: int) -> None:
        self.latencies.append(seconds)
        self.bytes += size
        if state := header(head, b"x-memory-cache"):
            self.cache[state.decode()] += 1
        if head[9:10] != b"2":
            self.fail(head.split(b"\r\n", 1)[0].decode())

    def fail(self, what: str) -> None:
        self.errors += 1
        self.first_error = self.first_error or what

    def summary(self, seconds: float) -> dict[str, Any]:
        ordered = sorted(self.latencies)
        return {
            "requests": len(ordered),
            "seconds": seconds,
            "errors": self.errors,
            "bytes": self.bytes,
            "p50_ms": percentile_ms(ordered, 50),
            "p95_ms": percentile_ms(ordered, 95),
            "p99_ms": percentile_ms(ordered, 99),
            "cache": self.cache,
            "first_error": self.first_error,
        }


def header(head: bytes, name: bytes) -> bytes:
    """Return the value of a header in a lower-case ``head``; empty where it is not there."""
    _, found, rest = head.partition(b"\r\n" + name + b":")
    return rest.split(b"\r\n", 1)[0].strip() if found else b""


def percentile_ms(ordered: Sequence[float], percent: int) -> float:
    """Return the smallest value that ``percent`` of all do not exceed."""
    return round(ordered[-(-len(ordered) * percent // 100) - 1] * 1000, 3) if ordered else 0.0


def request_bytes(workload: Mapping[str, Any], number: int) -> bytes:
    paths, bodies = workload["paths"], workload["bodies"]
    body = bodies[number % len(bodies)].replace("@N@", str(number)).encode() if bodies else b""
    lines = [f"{workload['method']} {paths[number % len(paths)]} HTTP/1.1", f"Host: {HOST}:{workload['port']}"]
    lines += [f"{name}: {value}" for name, value in workload["headers"].items()]
    if bodies:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode() + body


async def run_stream(stream: Mapping[str, Any], start: float, seconds: float) -> dict[str, Any]:
    measured, numbers = Measured(), count()
    connections = [
        _keep_asking(stream, numbers, start, seconds, measured) for _ in range(stream["workload"]["connections"])
    ]
    await asyncio.gather(*connections)
    return measured.summary(time.perf_counter() - start)


async def _keep_asking(
    stream: Mapping[str, Any], numbers: "count[int]", start: float, seconds: float, measured: Measured
) -> None:
    connection, workload, rate = Connection(), stream["workload"], stream["rate"]
    for place in numbers:
        due = start + place / rate if rate else time.perf_counter()
        if due >= start + seconds:
            break
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        try:
            head, size = await connection.ask(workload["port"], request_bytes(workload, stream["first_number"] + place))
            measured.add(time.perf_counter() - due, head, size)
        except (OSError, TimeoutError) as error:
            measured.fail(repr(error))
            await asyncio.sleep(0.01)
    connection.close()


async def run(plan: Mapping[str, Any]) -> dict[str, Any]:
    start = time.perf_counter()
    streams = plan["streams"]
    summaries = await asyncio.gather(*(run_stream(stream, start, plan["seconds"]) for stream in streams))
    return {stream["name"]: summary for stream, summary in zip(streams, summaries, strict=True)}


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.stdout.buffer.write(orjson.dumps(asyncio.run(run(orjson.loads(sys.stdin.buffer.read())))))
