"""The two figures that are stated: contexts without Redis, and contexts without PostgreSQL.

    python -m tests.chaos figures --rounds 5

Both servers are frozen (SIGSTOP), which is worse than killed: nothing refuses. A round measures before; at once, which
holds the moment in which it is found out; and again while it lasts, which is what the figures are judged by.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from bench.drivers import OwnDriver, Sample, chosen_driver
from bench.facts import Facts
from bench.workloads import Workload
from tests.chaos.faults import freeze
from tests.chaos.stack import Shape, Stack, run_in_product, running_stack, wait_for

FANS: Final = 200
MESSAGES: Final = 60
# Requests a second; well below what the machine can do, so that it is the product that is measured and not a queue.
RATE: Final = 100.0
SETTLE_SECONDS: Final = 90.0
P95_MS: Final = 200.0
SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Round:
    """One measurement before a freeze, one from its beginning on, and one later in it."""

    before: Sample
    first: Sample
    during: Sample


def main(arguments: Sequence[str], results: Path) -> int:
    """Returns: 0 when both figures were reached in the median of the rounds."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos figures", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement (default: 6)")
    given = parser.parse_args(arguments)
    with running_stack(Shape(web_servers=1, second_worker=False, proxied=False)) as stack:
        facts = _filled(stack)
        contexts = _contexts(stack, facts)
        redis = [_without_redis(stack, contexts, given.seconds) for _ in range(given.rounds)]
        postgres = [_without_postgres(stack, contexts, given.seconds) for _ in range(given.rounds)]
    found = summary(redis, postgres) | {"loadavg": Path("/proc/loadavg").read_text().split()[:3]}
    results.mkdir(parents=True, exist_ok=True)
    (results / "figures.json").write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    print(as_text(found))
    return int(not found["reached"])


def _filled(stack: Stack) -> Facts:
    answer = stack.home / "run" / "facts.json"
    run_in_product(("-m", "bench.product", str(FANS), str(MESSAGES), str(answer)), stack.environment)
    return Facts.of_json(orjson.loads(answer.read_bytes()))


def _contexts(stack: Stack, facts: Facts) -> Workload:
    paths = [f"/api/of-memory/context?fanId={fan}" for fan in facts.fan_ids()]
    headers = {"Authorization": f"Bearer {facts.key}"}
    return Workload("GET", stack.ports[0], paths, headers=headers, connections=8)


def _without_redis(stack: Stack, contexts: Workload, seconds: float) -> Round:
    def measured() -> Sample:
        return OwnDriver().run_at_rates({"contexts": (contexts, RATE)}, seconds, 0)["contexts"]

    return _round(stack, contexts, "redis-cache", measured)


def _without_postgres(stack: Stack, contexts: Workload, seconds: float) -> Round:
    driver = chosen_driver("auto")
    return _round(stack, contexts, "postgres", lambda: driver.run(contexts, seconds, 0))


def _round(stack: Stack, contexts: Workload, target: str, measured: Callable[[], Sample]) -> Round:
    if not wait_for(lambda: _is_well(contexts), SETTLE_SECONDS):
        print("chaos: not well before a measurement", file=sys.stderr)
    before = measured()
    with freeze(stack, target=target, chance=Random(0)):
        return Round(before, measured(), measured())


def _is_well(contexts: Workload) -> bool:
    """Whether every context comes from the cache: no breaker is open, and all are filled."""
    sample = OwnDriver().run(contexts, 1.0, 0)
    return not sample.errors and sample.cache.get("hit", 0) == sample.requests


def summary(redis: Sequence[Round], postgres: Sequence[Round]) -> dict[str, Any]:
    """Return the figures of all rounds, and whether their medians reach what is stated."""
    p95s = [one.during.p95_ms for one in redis]
    shares = [round(one.during.per_second / one.before.per_second, 3) for one in postgres]
    errors = tuple(sum(one.first.errors + one.during.errors for one in rounds) for rounds in (redis, postgres))
    return {
        "redis_stopped": {
            "rate": RATE,
            "p95_ms": p95s,
            "p95_ms_at_first": [one.first.p95_ms for one in redis],
            "p95_ms_before": [one.before.p95_ms for one in redis],
            "requests": sum(one.first.requests + one.during.requests for one in redis),
            "errors": errors[0],
        },
        "postgres_stopped": {
            "share": shares,
            "share_at_first": [round(one.first.per_second / one.before.per_second, 3) for one in postgres],
            "per_second": [round(one.during.per_second) for one in postgres],
            "per_second_before": [round(one.before.per_second) for one in postgres],
            "cache": [dict(one.during.cache) for one in postgres],
            "errors": errors[1],
        },
        "reached": statistics.median(p95s) < P95_MS and errors == (0, 0) and statistics.median(shares) > SHARE,
    }


def as_text(found: dict[str, Any]) -> str:
    redis, postgres = found["redis_stopped"], found["postgres_stopped"]
    p95, p95_before = spread(redis["p95_ms"]), spread(redis["p95_ms_before"])
    first = spread(redis["p95_ms_at_first"])
    share, share_first = (spread([100 * one for one in postgres[name]]) for name in ("share", "share_at_first"))
    rates = f"{spread(postgres['per_second'])} against {spread(postgres['per_second_before'])}"
    verdict = "reached" if found["reached"] else "NOT REACHED"
    return (
        f"Redis stopped: context p95 {p95} ms at {redis['rate']:.0f}/s ({p95_before} ms before,"
        f" {first} ms in the first seconds),"
        f" {redis['errors']} errors of {redis['requests']}\n"
        f"PostgreSQL stopped: {share} % of the contexts a second ({share_first} % at first), {rates},"
        f" {postgres['errors']} errors\n"
        f"load {' '.join(found['loadavg'])}; {verdict}"
    )


def spread(values: Sequence[float]) -> str:
    """Median and range of a few values."""
    return f"{statistics.median(values):.0f} ({min(values):.0f} to {max(values):.0f})"
