import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from calibration.evaluation.report import with_part
from calibration.management.base import positive, table_text
from calibration.simulation.plots import PLOTS, write_plots
from calibration.simulation.runs import Life, simulate
from calibration.simulation.summary import Figure, summarise
from calibration.simulation.tables import tables
from privacy.management.base import DONE, FAILED, WRONG_USAGE, Facts, PrivacyCommand, progress_bar

PART = "simulate_fans"


class Command(PrivacyCommand):
    help = """Let invented fans live with the real learners, and measure how fast and how surely these find them out.

Every fan has likings, a best tone, a length and an amount of emojis they prefer, hours, weekdays, a time zone and a
habit of coming back; the learners see only what follows from that. Each figure is a mean over fans, with the lowest
and the highest of the seeds. Needs no database and changes nothing but the files named. The same seeds give the same
figures."""
    exit_codes = """exit codes:
  0  done
  1  the files can't be written
  2  wrong usage, or matplotlib is not installed (for --plots)
"""
    requires_migrations_checks = False

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fans", metavar="N", type=positive, default=200, help="Of each seed (default: 200).")
        parser.add_argument("--days", metavar="N", type=positive, default=180, help="How long (default: 180).")
        parser.add_argument("--seed", metavar="N", type=positive, default=1, help="The first seed (default: 1).")
        parser.add_argument("--seeds", metavar="N", type=positive, default=1, help="How many seeds (default: 1).")
        parser.add_argument("--jobs", metavar="N", type=positive, default=1, help="Processes (default: 1).")
        parser.add_argument("--plots", metavar="FOLDER", type=Path, help="Write pictures (SVG) there.")
        parser.add_argument("--markdown", metavar="FILE", type=Path, help="Write the tables into this document.")

    def answer(self, **options: Any) -> tuple[int, Facts]:
        if options["dry_run"]:
            return DONE, {name: options[name] for name in ("fans", "days", "seed", "seeds")}
        figures = summarise(_lives(**options))
        try:
            files = _written(figures, options)
        except OSError as error:
            raise CommandError(f"The files can't be written ({error.strerror}).", returncode=FAILED) from error
        return DONE, {"figures": [asdict(figure) for figure in figures], "files": files}

    def text(self, answer: Any) -> str:
        if "figures" not in answer:
            return super().text(answer)
        shown = [table_text(*table) for table in tables([Figure(**figure) for figure in answer["figures"]])]
        return "\n\n".join([*shown, *answer["files"]])


def _lives(*, fans: int, days: int, seed: int, seeds: int, jobs: int, **_: Any) -> list[list[Life]]:
    done = 0
    with progress_bar("simulate") as progress:

        def on_fan() -> None:
            nonlocal done
            done += 1
            progress(done, fans * seeds)

        return [simulate(fans, days, one, jobs=jobs, on_fan=on_fan) for one in range(seed, seed + seeds)]


def _written(figures: list[Figure], options: dict[str, Any]) -> list[str]:
    files = []
    if options["plots"]:
        try:
            files += write_plots(figures, options["plots"])
        except ModuleNotFoundError as error:
            message = "Pictures need matplotlib: pip install -r requirements-dev.txt (or pip install matplotlib)."
            raise CommandError(message, returncode=WRONG_USAGE) from error
    if document := options["markdown"]:
        before = document.read_text(encoding="utf-8") if document.exists() else ""
        document.write_text(with_part(before, PART, _markdown(figures, options)), encoding="utf-8")
        files.append(document)
    return [str(file) for file in files]


def _markdown(figures: list[Figure], options: dict[str, Any]) -> str:
    said = (
        f"{options['fans']} fans over {options['days']} days, seeds {options['seed']} to "
        f"{options['seed'] + options['seeds'] - 1}: mean over the seeds (lowest, highest seed)."
    )
    return "\n\n".join([said, *_pictures(options), *(_table(*table) for table in tables(figures))])


def _pictures(options: dict[str, Any]) -> list[str]:
    if not options["plots"]:
        return []
    folder = Path(os.path.relpath(options["plots"], options["markdown"].parent)).as_posix()
    return ["\n".join(f"![{plot.title}]({folder}/{plot.name}.svg)" for plot in PLOTS)]


def _table(title: str, head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join([f"**{title}**", "", *(f"| {' | '.join(line)} |" for line in lines)])
