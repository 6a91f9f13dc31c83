"""What is measured: operations of the product, and the floor that stands beside each."""

import http.client
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Event, Thread
from typing import Final, Literal

from bench import pgbench
from bench.drivers import Driver, DriverError, Sample
from bench.facts import BULK_FANS
from bench.stack import HOST, Stack
from bench.workloads import Requests, Workload, floor_requests

FloorName = Literal["read", "miss_sql", "save_sql", "unsealed", "unwatched"]
# Faster than any of these: contexts are forgotten before a request comes to the same fan again.
MISSES_A_SECOND: Final = 4000
BULK_MISSES_A_SECOND: Final = 60

CASES: Final[Mapping[str, str]] = {
    "hit": "context, cached",
    "sealed": "the same, against one without encryption",
    "watched": "the same, against one without limits, audit, metrics and log",
    "miss": "context, not cached",
    "save": "save a message",
    "bulk_hit": "100 contexts, cached",
    "bulk_miss": "100 contexts, not cached",
    "score": "engagement score",
    "messages": "page of 50 messages",
    "stats": "creator statistics",
}
FLOORS: Final[Mapping[str, FloorName]] = {
    "hit": "read",
    "sealed": "unsealed",
    "watched": "unwatched",
    "miss": "miss_sql",
    "save": "save_sql",
}
MIXED: Final = "mixed"


@dataclass(frozen=True, slots=True)
class Case:
    """One operation under load.

    Args:
        warm: load every context into the cache before.
        forget_every_seconds: empty the cache that often meanwhile; 0 for never.
    """

    name: str
    workload: Workload
    warm: bool = False
    forget_every_seconds: float = 0.0

    @property
    def cache_state(self) -> str:
        """The ``X-Memory-Cache`` that makes the case what it says; empty where it has none."""
        return self.name.removeprefix("bulk_") if self.name.endswith(("hit", "miss")) else ""


def all_cases(stack: Stack, connections: int) -> dict[str, Case]:
    ask = Requests(stack.facts, stack.port, connections)
    fans = stack.facts.fan_ids()
    cases = [
        Case("hit", ask.contexts(ask.active_fans()), warm=True),
        Case("sealed", ask.contexts(ask.active_fans()), warm=True),
        Case("watched", ask.contexts(ask.active_fans()), warm=True),
        Case("miss", ask.contexts(fans), forget_every_seconds=len(fans) / MISSES_A_SECOND),
        Case("save", ask.saves(ask.shuffled_fans(seed=1))),
        Case("bulk_hit", ask.bulks(), warm=True),
        Case("bulk_miss", ask.bulks(), forget_every_seconds=len(fans) / BULK_FANS / BULK_MISSES_A_SECOND),
        Case("score", ask.scores()),
        Case("messages", ask.messages()),
        Case("stats", ask.stats()),
    ]
    return {case.name: case for case in cases}


def mixed_rates(stack: Stack, connections: int, rates: Mapping[str, float]) -> dict[str, tuple[Workload, float]]:
    """Return reads and saves of one creator for the fixed-rate case, each over all fans in an order of its own."""
    ask = Requests(stack.facts, stack.port, connections)
    reads, saves = ask.contexts(ask.shuffled_fans(seed=2)), ask.saves(ask.shuffled_fans(seed=3))
    return {"reads": (reads, rates["reads"]), "saves": (saves, rates["saves"])}


def run_case(case: Case, stack: Stack, driver: Driver, seconds: float, first_number: int) -> Sample:
    stack.settle()
    if case.warm:
        warm(stack)
    forgetting = _forgetting(stack, case.forget_every_seconds) if case.forget_every_seconds else nullcontext()
    with forgetting:
        return driver.run(case.workload, seconds, first_number)


def run_floor(name: FloorName, stack: Stack, driver: Driver, clients: int, seconds: float) -> Sample:
    stack.settle()
    if name == "read":
        return driver.run(floor_requests(stack.floor_port, clients), seconds, 0)
    if port := stack.without_ports.get(name):
        warm(stack, port)
        ask = Requests(stack.facts, port, clients)
        return driver.run(ask.contexts(ask.active_fans()), seconds, 0)
    statements = stack.facts.statements[name.removesuffix("_sql")]
    text = pgbench.script(statements, stack.facts.fan_count)
    return pgbench.run(text, database_url=stack.servers.database_url, clients=clients, seconds=seconds)


def warm(stack: Stack, port: int = 0) -> None:
    """Load the context of every fan into the cache, through the product or what answers at ``port``.

    Raises:
        DriverError: the product answers with an error.
    """
    workload = Requests(stack.facts, port or stack.port, connections=1).all_in_bulks()
    connection = http.client.HTTPConnection(HOST, port or stack.port, timeout=30)
    try:
        for body in workload.bodies:
            connection.request(workload.method, workload.paths[0], body, dict(workload.headers))
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != http.client.OK:
                raise DriverError(f"the cache could not be warmed: {answer.status} {text[:300]!r}")
    finally:
        connection.close()


@contextmanager
def _forgetting(stack: Stack, every_seconds: float) -> Iterator[None]:
    done = Event()
    thread = Thread(target=_forget_until, args=(done, stack.forget_contexts, every_seconds), daemon=True)
    stack.forget_contexts()
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _forget_until(done: Event, forget: Callable[[], None], every_seconds: float) -> None:
    while not done.wait(every_seconds):
        forget()
