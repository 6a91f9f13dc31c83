from dataclasses import asdict
from typing import Any

from privacy.management.base import DONE, REFUSED, Facts, PrivacyCommand, progress_bar
from privacy.services.replaying import replay


class Command(PrivacyCommand):
    help = """Carry out again the erasures that this database does not know of, because it was restored from a backup.

Run it after every restore, before anything is served: until then /health/ready answers 503. Running it again changes
nothing. Data of fans who consented anew after their erasure stays."""
    exit_codes = """exit codes:
  0  done, or nothing to do
  1  it failed; start it again to go on
  2  wrong usage
  3  a legal hold kept some pairs from being erased again; the others are done
"""

    def answer(self, **options: Any) -> tuple[int, Facts]:
        with progress_bar("erasures") as progress:
            replayed = replay(dry_run=options["dry_run"], progress=progress)
        return REFUSED if replayed.held else DONE, {**asdict(replayed), "dryRun": options["dry_run"]}

    def text(self, answer: Facts) -> str:
        dry = "dry run, nothing was changed: " if answer["dryRun"] else ""
        held = f"; {answer['held']} under a legal hold" if answer["held"] else ""
        return f"{dry}{answer['entries']} entries to carry out, {answer['pairs']} pairs erased again{held}"
