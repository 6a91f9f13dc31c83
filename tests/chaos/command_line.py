"""The command line of chaos."""

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Final

import orjson

from bench.stack import stopped_by_sigterm
from ofmemory.embedded.errors import EmbeddedError
from tests.chaos import figures, report
from tests.chaos.check import TIMED
from tests.chaos.experiments import ALL, EXPERIMENTS, SMOKE, Experiment
from tests.chaos.nemesis import Spec, specs_of_json
from tests.chaos.run import Options, Result, run
from tests.chaos.stack import FAKETIME, Shape, StackError, may_mount, running_stack

RESULTS: Final = Path(__file__).parent / "results"
IN_NAMESPACE: Final = "CHAOS_IN_NAMESPACE"
SECONDS_EACH: Final = 20.0


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked for on the command line."""

    seconds: float
    seed: int
    only: tuple[str, ...]
    clients: int
    pause_ms: float
    folder: Path
    schedule: Path | None
    write: Path | None
    second_worker: bool
    untimed: bool


def main(arguments: Sequence[str]) -> int:
    """Returns: 0 when every experiment passed or was skipped with a reason; 1 otherwise; 130 after Ctrl-C."""
    if arguments[:1] == ["report"]:
        return report.main(arguments[1:], RESULTS)
    if arguments[:1] == ["figures"]:
        with stopped_by_sigterm():
            return figures.main(arguments[1:], RESULTS)
    given = parsed(arguments)
    _take_namespace(given)
    try:
        with stopped_by_sigterm():
            results = carry_out(given)
    except (StackError, EmbeddedError) as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("chaos: stopped", file=sys.stderr)
        return 130
    report.save(results, given.folder)
    if given.write:
        report.write_table([result.as_json() for result in results], given.write, report.figures_in(given.folder))
    print(report.as_text([result.as_json() for result in results]))
    return int(any(_broken(result, given) for result in results))


def _broken(result: Result, given: Given) -> bool:
    return any(not (given.untimed and finding.rule in TIMED) for finding in result.findings)


def parsed(arguments: Sequence[str]) -> Given:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.0, help="for all together (default: 20 for each)")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 10_000, help="draws moments and victims")
    parser.add_argument("--only", type=_ids, default=ALL, metavar="ID,...", help="or smoke, or all")
    parser.add_argument("--clients", type=int, default=6, help="threads that ask at a time (default: 6)")
    parser.add_argument("--pause-ms", type=float, default=20.0, help="of each between two requests (default: 20)")
    parser.add_argument("--folder", type=Path, default=RESULTS, help="for logs and reports")
    parser.add_argument("--schedule", type=Path, help="events.json of a run, to be repeated (with one experiment)")
    parser.add_argument("--write", type=Path, help="a document whose table of results is to be replaced")
    parser.add_argument("--one-worker", dest="second_worker", action="store_false", help="start one task worker only")
    parser.add_argument("--untimed", action="store_true", help="what takes long fails nothing: the machine is busy")
    return Given(**vars(parser.parse_args(arguments)))


def _ids(text: str) -> tuple[str, ...]:
    if text in ("all", "smoke"):
        return ALL if text == "all" else SMOKE
    names = tuple(text.split(","))
    if unknown := [name for name in names if name not in EXPERIMENTS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not of {', '.join(EXPERIMENTS)}")
    return names


def _take_namespace(given: Given) -> None:
    """Begin anew in a mount namespace of our own where a disk is to be made: nobody else sees it."""
    needs_disk = any(EXPERIMENTS[name].shape.disk_mb for name in given.only)
    if needs_disk and may_mount() and IN_NAMESPACE not in os.environ and (unshare := shutil.which("unshare")):
        os.environ[IN_NAMESPACE] = "1"
        mount = (unshare, "--mount", "--propagation", "private")
        os.execv(unshare, (*mount, sys.executable, "-m", "tests.chaos", *sys.argv[1:]))


def carry_out(given: Given) -> list[Result]:
    specs = _schedule(given.schedule)
    options = Options(
        seed=given.seed,
        seconds=given.seconds / len(given.only) if given.seconds else SECONDS_EACH,
        clients=given.clients,
        pause=given.pause_ms / 1000,
        folder=given.folder,
        say=_say,
    )
    chosen = [EXPERIMENTS[name] for name in given.only]
    results = []
    for _, group in groupby(chosen, key=lambda one: repr(one.shape)):
        results += _on_one_stack(list(group), options, specs, given)
    return results


def _schedule(path: Path | None) -> list[Spec] | None:
    return specs_of_json([event["spec"] for event in orjson.loads(path.read_bytes())]) if path else None


def _on_one_stack(
    experiments: Sequence[Experiment], options: Options, specs: list[Spec] | None, given: Given
) -> list[Result]:
    shape = _possible(experiments[0].shape, given)
    _say(f"starting the product for {', '.join(one.id for one in experiments)}")
    results = []
    with running_stack(shape) as stack:
        try:
            for experiment in experiments:
                _say(f"{experiment.id} {experiment.what} (seed {options.seed})")
                result = run(experiment, stack, options, specs)
                _say(report.line(result.as_json()))
                report.save_one(result, options.folder)
                results.append(result)
        finally:
            options.folder.mkdir(parents=True, exist_ok=True)
            log = stack.home / "logs" / "chaos-runner.log"
            (options.folder / f"product-{experiments[0].id}.log").write_bytes(log.read_bytes())
    return results


def _possible(shape: Shape, given: Given) -> Shape:
    return replace(
        shape,
        second_worker=shape.second_worker and given.second_worker,
        disk_mb=shape.disk_mb if may_mount() and IN_NAMESPACE in os.environ else 0,
        false_clock=shape.false_clock and bool(FAKETIME),
    )


def _say(line: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {line}", file=sys.stderr, flush=True)
