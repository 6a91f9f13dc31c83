"""The clients' log: one line of JSON for each request that was sent, on the disk before the next one is."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import orjson

# ok: carried out. fail: refused for good, nothing was done. info: nobody knows; a write may have been carried out.
Outcome = Literal["ok", "fail", "info"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request and what became of it.

    Args:
        id: of the request; repetitions have their own.
        op: save, tip, event, nickname, emoji, calibrate, erase, export, context, messages, score, preferences.
        key: of the operation: all attempts at one write share it. It is the message's token, too.
        value: what a register was set to, or read as.
        t0, t1: when it was sent and when its end was known, in seconds of the machine's monotonic clock.
        status: of the answer; 0 where there was none.
        cache: the header X-Memory-Cache.
        retry_after: whether the answer had the header.
        port: of the web server.
        seen: keys of this fan's messages in the answer.
        foreign: tokens in the answer that belong to somebody else.
        facts: what else of the answer is checked: counters, parts that are degraded, what it says whose it is.
    """

    id: str
    client: int
    op: str
    creator: str
    fan: str
    t0: float
    t1: float
    outcome: Outcome
    status: int = 0
    key: str = ""
    value: str = ""
    cache: str = ""
    retry_after: bool = False
    port: int = 0
    error: str = ""
    seen: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def pair(self) -> tuple[str, str]:
        return self.creator, self.fan

    @property
    def seconds(self) -> float:
        return self.t1 - self.t0


class Log:
    """Where one client writes: what is written is on the disk when `add` returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def add(self, attempt: Attempt) -> None:
        self._file.write(orjson.dumps(asdict(attempt)) + b"\n")
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def read_logs(folder: Path) -> list[Attempt]:
    """Return all attempts of all clients in the order in which they were sent."""
    return sorted((attempt for path in folder.glob("client-*.jsonl") for attempt in _read(path)), key=lambda a: a.t0)


def _read(path: Path) -> Iterator[Attempt]:
    for line in path.read_bytes().splitlines():
        yield Attempt(**orjson.loads(line))
