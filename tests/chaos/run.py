"""One experiment: load on, faults, load off, look at everything, judge."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import orjson

from tests.chaos import check, measures
from tests.chaos import client as ask
from tests.chaos.client import Client
from tests.chaos.collect import collect
from tests.chaos.experiments import Experiment
from tests.chaos.log import Attempt, Log, read_logs
from tests.chaos.nemesis import Event, Spec, as_json, carry_out, schedule
from tests.chaos.runner import ROOT
from tests.chaos.scenarios import SCENARIOS, Stage
from tests.chaos.stack import Stack, wait_for

WARM_UP_SECONDS: Final = 2.0
# The end of an experiment: nobody's request failed for so long.
WELL_SECONDS: Final = 3.0
LOAD_STOP_SECONDS: Final = 90.0
SETTLE_SECONDS: Final = 120.0

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How an experiment is run.

    Args:
        seconds: faults are repeated for so long, one round at least.
        pause: between two requests of a client.
    """

    seed: int
    seconds: float
    clients: int
    pause: float
    folder: Path
    say: Say


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one experiment."""

    id: str
    seed: int
    seconds: float
    loadavg: tuple[float, ...]
    events: Sequence[Mapping[str, Any]]
    figures: Mapping[str, Any]
    findings: Sequence[check.Finding]
    skipped: str = ""
    caught_up_seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return not self.findings and not self.skipped

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"passed": self.passed}


def run(experiment: Experiment, stack: Stack, options: Options, specs: Sequence[Spec] | None = None) -> Result:
    """Run one experiment on a stack that runs; the same seed makes the same schedule.

    Args:
        specs: a schedule to repeat instead of one that is made.
    """
    started, prefix = time.monotonic(), f"{experiment.id.lower()}-{options.seed}-{int(time.time()) % 100_000}"
    folder = options.folder / experiment.id
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.jsonl"):
        old.unlink()
    _wait_for_breakers(stack, folder, prefix)
    pids = stack.pids()
    with _load(stack, experiment, options, folder, prefix) as stop:
        time.sleep(WARM_UP_SECONDS)
        events = _break_things(experiment, stack, options, specs)
        found = _scenario(experiment, stack, options, folder, prefix)
        _wait_until_well(folder, experiment.limits.recovery_seconds)
        stop()
    attempts = read_logs(folder)
    (folder / "events.json").write_bytes(orjson.dumps(as_json(events), option=orjson.OPT_INDENT_2))
    client = Client(999, stack.ports, stack.keys, Log(folder / "after.jsonl"), prefix=f"{prefix}-after")
    state = collect(stack, client, attempts, prefix)
    client.close()
    now = stack.pids()
    state = replace(state, replaced=sorted(name for name, pid in pids.items() if now.get(name) != pid))
    return _result(experiment, options, started, attempts, events, state, found)


def _result(
    experiment: Experiment,
    options: Options,
    started: float,
    attempts: Sequence[Attempt],
    events: Sequence[Event],
    state: check.State,
    found: Sequence[check.Finding],
) -> Result:
    done = [event for event in events if not event.skipped]
    skipped = "; ".join(sorted({event.skipped for event in events if event.skipped}))
    return Result(
        id=experiment.id,
        seed=options.seed,
        seconds=round(time.monotonic() - started, 1),
        loadavg=tuple(map(float, Path("/proc/loadavg").read_text().split()[:3])),
        events=as_json(events),
        figures=measures.figures(attempts, done),
        findings=[*check.check(attempts, done, state, experiment.limits), *found],
        skipped=skipped,
        caught_up_seconds=state.caught_up_seconds,
    )


@contextmanager
def _load(
    stack: Stack, experiment: Experiment, options: Options, folder: Path, prefix: str
) -> Iterator[Callable[[], None]]:
    plan = folder / "load.json"
    plan.write_bytes(
        orjson.dumps(
            {
                "ports": stack.ports,
                "keys": dict(stack.keys),
                "seed": options.seed,
                "clients": options.clients,
                "pause": options.pause,
                "mix": experiment.mix,
                "folder": str(folder),
                "prefix": prefix,
            }
        )
    )
    process = subprocess.Popen((sys.executable, "-m", "tests.chaos.load", str(plan)), cwd=ROOT)

    def stop() -> None:
        process.terminate()
        process.wait(LOAD_STOP_SECONDS)

    try:
        yield stop
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _wait_for_breakers(stack: Stack, folder: Path, prefix: str) -> None:
    """Begin when what the experiment before did is over: every process of the web servers has its breakers closed."""
    clients = [
        Client(900 + place, ports, stack.keys, Log(folder / f"before-{place}.jsonl"), prefix=f"{prefix}-before-{place}")
        for place in range(2 * stack.shape.workers)
        for ports in [(port,) for port in stack.ports]
    ]
    creator = min(stack.keys)

    def is_well() -> bool:
        # Each has a connection of its own, and so probably another process.
        asked = [client.send(ask.save(creator, f"{prefix}-before", client.new_key())) for client in clients]
        asked += [client.send(ask.context(creator, f"{prefix}-before")) for client in clients]
        return all(attempt.outcome == "ok" for attempt in asked)

    wait_for(is_well, SETTLE_SECONDS)
    for client in clients:
        client.close()


def _break_things(experiment: Experiment, stack: Stack, options: Options, specs: Sequence[Spec] | None) -> list[Event]:
    if specs is not None:
        return carry_out(stack, specs, seed=options.seed, say=options.say)
    if not experiment.faults:
        time.sleep(0.0 if experiment.scenario else options.seconds)
        return []
    deadline, events = time.monotonic() + options.seconds, []
    for number in count():
        made = schedule(options.seed + number, experiment.id, experiment.faults)
        events += carry_out(stack, made, seed=options.seed + number, say=options.say)
        if experiment.once or time.monotonic() >= deadline:
            break
    return events


def _scenario(experiment: Experiment, stack: Stack, options: Options, folder: Path, prefix: str) -> list[check.Finding]:
    if not experiment.scenario:
        return []
    return SCENARIOS[experiment.scenario](Stage(stack, folder, prefix, options.seed))


def _wait_until_well(folder: Path, seconds: float) -> None:
    """Wait until no request has failed for a while, not much longer than is stated."""

    def is_well() -> bool:
        since = time.monotonic() - WELL_SECONDS
        recent = [attempt for path in folder.glob("client-*.jsonl") for attempt in _last(path) if attempt["t1"] > since]
        return bool(recent) and all(attempt["outcome"] != "info" for attempt in recent)

    time.sleep(WELL_SECONDS)
    wait_for(is_well, seconds + 10.0)


def _last(path: Path, size: int = 200_000) -> list[dict[str, Any]]:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - size))
        lines = file.read().splitlines()
    found = []
    for line in lines:
        # The first may have been cut off, the last may still be written.
        with suppress(orjson.JSONDecodeError):
            found.append(orjson.loads(line))
    return found
