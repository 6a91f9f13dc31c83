import os
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from privacy.domain import Pair
from privacy.management.base import DONE, WRONG_USAGE, Facts, PrivacyCommand
from privacy.services.export_parts import ART_15, ORIGINS
from privacy.services.exporting import count_export, export_pair, open_export

ACTOR = "system:export_fan"


class Command(PrivacyCommand):
    help = """Export everything of a fan into a ZIP: JSON for machines, a page for people, and a manifest with digests.

The file is readable by its owner alone, is not encrypted, and is never written over another. The same export stays
sealed in the database until it expires, and the audit log names both."""
    exit_codes = """exit codes:
  0  done
  1  it failed; no file was left behind
  2  wrong usage, a fan never seen, or the file exists
  3  refused: an export of this fan is being made
"""

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--creator", metavar="ID", required=True)
        parser.add_argument("--fan", metavar="ID", required=True)
        parser.add_argument(
            "--bundle", choices=list(ORIGINS), default=ART_15, help="Access or portability (default: art15)."
        )
        parser.add_argument("--out", metavar="FILE", type=Path, help="A ZIP that does not exist yet.")

    def answer(self, **options: Any) -> tuple[int, Facts]:
        pair, out = Pair(options["creator"], options["fan"]), options["out"]
        if out is None and not options["dry_run"]:
            raise CommandError("--out says where the ZIP goes.", returncode=WRONG_USAGE)
        if out is not None and os.path.lexists(out):
            raise CommandError(f"{out} exists.", returncode=WRONG_USAGE)
        if options["dry_run"]:
            return DONE, {"dryRun": True, "bundle": options["bundle"], "rows": count_export(pair, options["bundle"])}
        export = export_pair(pair, options["bundle"], ACTOR)
        content = open_export(export.id, ACTOR)
        _write(out, content)
        return DONE, {
            "dryRun": False,
            "bundle": export.bundle,
            "file": str(out),
            "bytes": len(content),
            "sha256": sha256(content).hexdigest(),
            "export": str(export.id),
            "expiresAt": export.expires_at.isoformat(),
        }


def _write(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read; one that could not be written whole is removed."""
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except OSError as error:
        raise CommandError(f"{path} can't be written ({error.strerror}).", returncode=WRONG_USAGE) from error
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise CommandError(f"{path} could not be written whole ({error.strerror}).") from error
