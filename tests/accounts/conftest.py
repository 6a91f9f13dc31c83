"""Threads that end their database connections, other processes, and a Redis that is not there."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from ofmemory.infra.cache.client import client
from tests.servers import environment_of_a_process


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run ``calls`` in a thread each, started together; return what each returned or raised."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait(timeout=10)
        try:
            return call()
        except Exception as error:  # noqa: BLE001 - the outcome is what the test looks at
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


class OtherProcess:
    """A whole process of the product on the test's database and Redis, that does what it is told."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.accounts.other_process"],
            env=environment_of_a_process(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, **order: Any) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())

    def get(self, path: str, token: str) -> int:
        """Send one request there; return the status."""
        self.tell(path=path, tokens=[token], limits={}, count=1)
        return int(self.answer()["statuses"][0])

    def end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()

    def wait(self) -> None:
        assert self._process.stdout
        self._process.wait(timeout=20)
        self._process.stdout.close()


@pytest.fixture
def start_process(transactional_db: None) -> Iterator[Callable[[], OtherProcess]]:
    started: list[OtherProcess] = []

    def start() -> OtherProcess:
        started.append(OtherProcess())
        return started[-1]

    yield start
    for process in started:
        process.end()
    for process in started:
        process.wait()


@pytest.fixture
def redis_down(settings: Any) -> Iterator[None]:
    """No Redis answers, for threads started from now on: each thread keeps the connection it has."""
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    client.cache_clear()
    yield
    client.cache_clear()
