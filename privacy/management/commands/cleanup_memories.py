import argparse
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser

from privacy.domain import Pair
from privacy.management.base import DONE, FAILED, Facts, PrivacyCommand, progress_bar
from privacy.services.retention import Cleanup, cleanup


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of days: 1, 2, 3, ...")
    return int(text)


class Command(PrivacyCommand):
    help = """Erase every pair without any interaction for RETENTION_DAYS, as on request and with the same proofs.

Pairs under a legal hold are named and kept. With --dry-run nothing changes, and what is printed is what a run would do
at this moment."""
    exit_codes = """exit codes:
  0  done; held pairs were kept
  1  some could not be finished now; the worker goes on with them
  2  wrong usage
"""

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--inactive-days", metavar="N", type=_days, help="How long a pair must be silent (default: RETENTION_DAYS)."
        )

    def answer(self, **options: Any) -> tuple[int, Facts]:
        days = options["inactive_days"]
        with progress_bar("cleanup") as progress:
            done = cleanup(
                inactive_for=None if days is None else timedelta(days=days),
                dry_run=options["dry_run"],
                progress=progress,
            )
        return FAILED if done.unfinished else DONE, {"dryRun": options["dry_run"], **_facts(done)}

    def text(self, answer: Any) -> str:
        dry = "dry run, nothing was changed\n" if answer["dryRun"] else ""
        names = ("erased", "held", "requested", "unfinished", "returned")
        counts = ", ".join(f"{len(answer[name])} {name}" for name in names)
        lines = [f"{name}: {pair['creatorId']} {pair['fanId']}" for name in names for pair in answer[name]]
        return "\n".join([f"{dry}silent since {answer['before']}: {counts}", *lines])


def _facts(done: Cleanup) -> Facts:
    return {
        "before": done.before.isoformat(),
        "erased": _ids(done.erased),
        "held": _ids(done.held),
        "requested": _ids(done.requested),
        "unfinished": _ids(done.unfinished),
        "returned": _ids(done.returned),
    }


def _ids(pairs: list[Pair]) -> list[dict[str, str]]:
    return [{"creatorId": pair.creator_id, "fanId": pair.fan_id} for pair in pairs]
