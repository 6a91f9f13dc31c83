from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from calibration.services.priors import fit
from memory.evidence import list_creators
from ofmemory.errors import NotFound
from privacy.management.base import DONE, Facts, PrivacyCommand, progress_bar


class Command(PrivacyCommand):
    help = """Find out what is usual among each creator's fans: what a fan nothing is known about is taken for.

The scheduler does this every few hours. A creator with fewer than LEARNING_POOL_MIN_FANS fans that were learnt about
keeps the shipped priors: sums over few would say something about single fans."""
    exit_codes = """exit codes:
  0  done
  1  it failed
  2  wrong usage, or no such creator
"""

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--creator", metavar="ID", help="Only this creator (default: all).")

    def answer(self, **options: Any) -> tuple[int, Facts]:
        creators = _creators(options["creator"])
        if options["dry_run"]:
            return DONE, {"creators": creators, "fitted": []}
        fitted = []
        with progress_bar("fit") as progress:
            for number, creator_id in enumerate(creators, start=1):
                if fit(creator_id):
                    fitted.append(creator_id)
                progress(number, len(creators))
        return DONE, {"creators": creators, "fitted": fitted}

    def text(self, answer: Any) -> str:
        fitted, creators = answer["fitted"], answer["creators"]
        least: int = settings.LEARNING_POOL_MIN_FANS
        return f"{len(fitted)} of {len(creators)} creators have {least} fans or more: {', '.join(fitted) or 'none'}."


def _creators(creator_id: str | None) -> list[str]:
    creators = list_creators()
    if creator_id is None:
        return creators
    if creator_id not in creators:
        raise NotFound("There is no such creator with fans.")
    return [creator_id]
