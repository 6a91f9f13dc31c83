"""The command line of the benchmark."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any, Final

import orjson

from bench import machine, report
from bench.cases import CASES, MIXED
from bench.drivers import Driver, DriverError, chosen_driver
from bench.measuring import Measurement, Run, worker_memory_mb
from bench.stack import Stack, StackError, running_stack, stopped_by_sigterm
from bench.targets import Verdict, judge
from ofmemory.embedded.errors import EmbeddedError

RESULTS: Final = Path(__file__).parent / "results"
CHOICES: Final = (*CASES, MIXED)


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure, for how long, over how much data."""

    seconds: float
    rounds: int
    clients: int
    only: tuple[str, ...]
    driver: str
    fans: int
    messages: int
    json: Path | None


def main(arguments: Sequence[str]) -> int:
    """Returns: 0 when every request was answered well, however slowly; 1 otherwise; 130 after Ctrl-C."""
    options = parsed(arguments)
    try:
        with stopped_by_sigterm():
            result, verdicts = measure(options)
    except (StackError, EmbeddedError, DriverError, TimeoutExpired) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: stopped", file=sys.stderr)
        return 130
    report.show(result, verdicts)
    print(f"written to {write(result, options.json)}")
    return int(any(case["errors"] for case in result["cases"].values()))


def parsed(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--seconds", type=_positive, default=6.0, help="of each measurement (default: 6)")
    parser.add_argument("--rounds", type=int, default=3, help="of case and floor in turns (default: 3)")
    parser.add_argument("--clients", type=int, default=8, help="connections at a time (default: 8)")
    parser.add_argument("--only", type=_cases, default=CHOICES, metavar="CASE,...", help=f"of {', '.join(CHOICES)}")
    parser.add_argument("--driver", choices=["auto", "wrk", "own"], default="auto", help="what sends the requests")
    parser.add_argument("--fans", type=int, default=2000, help="of the one creator (default: 2000)")
    parser.add_argument("--messages", type=int, default=62, help="of each fan (default: 62)")
    parser.add_argument("--json", type=Path, help="where to write the result (default: bench/results/<time>.json)")
    return Options(**vars(parser.parse_args(arguments)))


def measure(options: Options) -> tuple[dict[str, Any], list[Verdict]]:
    started_at = datetime.now(UTC)
    driver, facts = chosen_driver(options.driver), machine.facts_before()
    _say(f"starting and filling the product: {options.fans} fans with {options.messages} messages each")
    with running_stack(fan_count=options.fans, message_count=options.messages) as stack:
        facts |= machine.facts_of_servers(stack.home, stack.cache)
        run = Run(stack, driver, only=options.only, clients=options.clients, seconds=options.seconds, say=_say)
        measurements = run.measure(options.rounds)
        memory = worker_memory_mb(stack.web_workers())
        result = _result(started_at, options, driver, stack, measurements) | {"machine": facts, "memory": memory}
    verdicts = judge(result["cases"], [one["rss"] for one in memory])
    return result | {"targets": [verdict.as_json() for verdict in verdicts]}, verdicts


def _result(
    started_at: datetime, options: Options, driver: Driver, stack: Stack, measurements: dict[str, Measurement]
) -> dict[str, Any]:
    return {
        "started_at": started_at.isoformat(timespec="seconds"),
        "driver": driver.name,
        "options": asdict(options) | {"json": None},
        "context_bytes": len(stack.facts.context.encode()),
        "queries": {name: len(statements) for name, statements in stack.facts.statements.items()},
        "cases": {name: measurement.summary() for name, measurement in measurements.items()},
    }


def write(result: dict[str, Any], path: Path | None) -> Path:
    stamp = datetime.fromisoformat(result["started_at"]).strftime("%Y%m%dT%H%M%SZ")
    path = path or RESULTS / f"{stamp}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(result, option=orjson.OPT_INDENT_2) + b"\n")
    return path


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _positive(text: str) -> float:
    value = float(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("must be more than 0")
    return value


def _cases(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in CHOICES]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not of {', '.join(CHOICES)}")
    return names
