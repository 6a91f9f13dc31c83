from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from calibration.evaluation.report import markdown_table, verdict, with_part
from calibration.evaluation.returns import evaluate_returns
from calibration.evaluation.rhythm import evaluate_rhythm
from calibration.evaluation.safety import evaluate_safety
from calibration.evaluation.targets import is_met
from calibration.evaluation.text import evaluate_text
from calibration.evaluation.time_zone import evaluate_time_zone
from calibration.evaluation.values import Metric
from calibration.management.base import table_text
from calibration.services.reading import read_messages
from privacy.management.base import DONE, FAILED, WRONG_USAGE, Facts, PrivacyCommand, progress_bar

PARTS: dict[str, Callable[[Path], list[Metric]]] = {
    "text": lambda folder: evaluate_text(folder, read_messages),
    "returns": lambda folder: evaluate_returns(folder / "rhythms"),
    "rhythm": lambda folder: evaluate_rhythm(folder / "rhythms"),
    "zones": lambda folder: evaluate_time_zone(folder / "rhythms"),
    "safety": evaluate_safety,
}
HELD_OUT = "safety held out"
_HEAD = ("figure", "value", "95 % interval", "target", "met?", "n")


class Command(PrivacyCommand):
    help = """Measure what learning reaches on data, each figure with its spread and its target.

DATA_FOLDER holds goemotions/ and tweeteval/ (text), and rhythms/ (returns, rhythm, zones); docs/learning/results.md
says how. Sentences for safety are invented and lie with the tests: name their folder with --safety. Needs no database
and changes nothing but the document named with --markdown."""
    exit_codes = """exit codes:
  0  measured
  1  with --strict: a target was missed; or the document can't be written
  2  wrong usage, or the data are not there
"""
    requires_migrations_checks = False

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", metavar="DATA_FOLDER", type=Path)
        parser.add_argument(
            "--only",
            metavar="PART,...",
            type=_parts,
            default=list(PARTS),
            help=f"Some of {','.join(PARTS)} (default: all; safety where its folder is named).",
        )
        parser.add_argument("--safety", metavar="FOLDER", type=Path, help="Sentences: <kind>.tsv, and held_out/.")
        parser.add_argument("--markdown", metavar="FILE", type=Path, help="Write each part into this document.")
        parser.add_argument("--strict", action="store_true", help="Exit with 1 where a target is missed.")

    def answer(self, **options: Any) -> tuple[int, Facts]:
        folders = _folders(options["folder"], options["safety"], options["only"])
        if options["dry_run"]:
            return DONE, {"parts": list(folders)}
        try:
            measured = _measured(folders)
        except FileNotFoundError as error:
            raise CommandError(f"There is no {error.filename}.", returncode=WRONG_USAGE) from error
        if options["markdown"]:
            _write(measured, options["markdown"])
        metrics = [metric for found in measured.values() for metric in found]
        missed = sum(is_met(metric) is False for metric in metrics)
        facts = {"parts": {part: [_fact(metric) for metric in found] for part, found in measured.items()}}
        return FAILED if options["strict"] and missed else DONE, {**facts, "missed": missed}

    def text(self, answer: Any) -> str:
        if "missed" not in answer:
            return f"would measure {', '.join(answer['parts'])}"
        shown = [table_text(part, _HEAD, _rows(facts)) for part, facts in answer["parts"].items()]
        return "\n\n".join([*shown, f"{answer['missed']} targets missed"])


def _parts(text: str) -> list[str]:
    parts = text.split(",")
    for part in parts:
        if part not in PARTS:
            raise ArgumentTypeError(f"{part!r} is not one of {', '.join(PARTS)}")
    return parts


def _folders(data: Path, safety: Path | None, only: Iterable[str]) -> dict[str, Path]:
    """Return the parts to measure, and where their data lie."""
    folders = {part: data for part in only if part != "safety"}
    if "safety" in only and safety is not None:
        folders["safety"] = safety
        if (safety / "held_out").is_dir():
            folders[HELD_OUT] = safety / "held_out"
    return folders


def _measured(folders: dict[str, Path]) -> dict[str, list[Metric]]:
    measured = {}
    with progress_bar("evaluate") as progress:
        for number, (part, folder) in enumerate(folders.items(), start=1):
            measured[part] = PARTS["safety" if part == HELD_OUT else part](folder)
            progress(number, len(folders))
    return measured


def _write(measured: dict[str, list[Metric]], document: Path) -> None:
    try:
        text = document.read_text(encoding="utf-8") if document.exists() else ""
        for part, metrics in measured.items():
            text = with_part(text, part, f"**{part[:1].upper()}{part[1:]}**\n\n{markdown_table(metrics)}")
        document.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"The document can't be written ({error.strerror}).", returncode=FAILED) from error


def _fact(metric: Metric) -> dict[str, Any]:
    return {**asdict(metric), "met": is_met(metric), "verdict": verdict(metric).strip("*")}


def _rows(facts: Iterable[dict[str, Any]]) -> Iterable[tuple[str, ...]]:
    for fact in facts:
        interval = f"{fact['low']:.3f} to {fact['high']:.3f}"
        yield fact["name"], f"{fact['value']:.3f}", interval, fact["target"], fact["verdict"], f"{fact['n']:,}"
