import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from privacy.management.base import DONE, FAILED, WRONG_USAGE, Facts, PrivacyCommand, progress_bar
from privacy.services.audit_verify import verify


def _position(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a position: 1, 2, 3, ...")
    return int(text)


class Command(PrivacyCommand):
    help = """Verify the audit log: hash every entry again, and hold the chain against the signed anchors.

Names the first entry that was changed, is missing or stands in another's place. What the chain by itself can't show, an
end that was cut off or a chain that was written anew as a whole, the anchors do. Changes nothing, with or without
--dry-run."""
    exit_codes = """exit codes:
  0  everything is as it was recorded
  1  something is not, or it could not be verified
  2  wrong usage, or no such file of anchors
"""

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from", dest="start", metavar="N", type=_position, default=1, help="Begin at this position (default: 1)."
        )
        parser.add_argument(
            "--anchors", metavar="FILE", type=Path, help="The anchors (default: AUDIT_ANCHOR_FILE, where it exists)."
        )

    def answer(self, **options: Any) -> tuple[int, Facts]:
        try:
            with progress_bar("verify") as progress:
                verified = verify(start=options["start"], anchors=_anchors(options["anchors"]), progress=progress)
        except OSError as error:
            raise CommandError(f"The anchors can't be read ({error.strerror}).", returncode=WRONG_USAGE) from error
        return FAILED if verified.fault else DONE, {"ok": verified.fault is None, **asdict(verified)}

    def text(self, answer: Any) -> str:
        counts = f"{answer['entries']} entries are right; held against {answer['anchors']} anchors"
        fault = answer["fault"]
        return f"{counts}\n{fault['kind']}: {fault['explanation']}" if fault else counts


def _anchors(given: Path | None) -> Path | None:
    """Return the file to read. One that was named must be there; the default one is not before the first anchor."""
    default: Path = settings.AUDIT_ANCHOR_FILE
    return given or (default if default.exists() else None)
