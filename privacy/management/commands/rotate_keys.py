from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from privacy.management.base import DONE, FAILED, WRONG_USAGE, Facts, PrivacyCommand, progress_bar
from privacy.services.renewal import Renewed, renew_keys
from privacy.services.rotation import Rotated, rotate_kek

ACTOR = "system:rotate_keys"


class Command(PrivacyCommand):
    help = """Change keys while everything runs.

--kek has every key wrapped by the provider's newest key-encryption key. The local keyset gets a new one first, and
loses the old one; AWS KMS and Vault make theirs themselves. After a change of KEK_PROVIDER all keys move to the new
provider.

--dek gives pairs a new data key and seals their rows with it. Old data keys are destroyed by a later run, or by the
hourly task, once they have been retired for an hour.

Stopped at any point, the next run goes on. A backup made before a rotation opens only with the keys of that time."""
    exit_codes = """exit codes:
  0  done
  1  some keys or rows can't be opened, or were locked by somebody else; or a database or the provider did not answer
  2  wrong usage
"""

    def add_own_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--kek", action="store_true", help="Change the key-encryption key.")
        which.add_argument("--dek", action="store_true", help="Change data keys.")
        parser.add_argument("--keep-old", action="store_true", help="--kek: keep the old one in the local keyset.")
        parser.add_argument("--creator", metavar="ID", default="", help="--dek: only of this creator.")
        parser.add_argument("--fan", metavar="ID", default="", help="--dek: only of this fan of the creator.")
        parser.add_argument("--older-than", metavar="DAYS", type=int, default=0, help="--dek: only keys of that age.")

    def answer(self, **options: Any) -> tuple[int, Facts]:
        _refuse_mixtures(options)
        with progress_bar("rotate") as progress:
            common = {"actor": ACTOR, "dry_run": options["dry_run"], "progress": progress}
            if options["kek"]:
                rotated = rotate_kek(keep_old=options["keep_old"], **common)
                return FAILED if rotated.failed else DONE, _facts(rotated, options)
            renewed = renew_keys(
                creator_id=options["creator"], fan_id=options["fan"], older_than_days=options["older_than"], **common
            )
        incomplete = renewed.unreadable or renewed.failed
        return FAILED if incomplete else DONE, _facts(renewed, options)


def _facts(done: Rotated | Renewed, options: dict[str, Any]) -> Facts:
    counted = {name: value for name, value in asdict(done).items() if name != "dry_run"}
    return {**counted, "dryRun": options["dry_run"]}


def _refuse_mixtures(options: dict[str, Any]) -> None:
    of_pairs = options["creator"] or options["fan"] or options["older_than"]
    wrong = (
        (options["kek"] and of_pairs, "--creator, --fan and --older-than belong to --dek."),
        (options["dek"] and options["keep_old"], "--keep-old belongs to --kek."),
        (options["fan"] and not options["creator"], "--fan needs --creator."),
        (options["older_than"] < 0, "--older-than takes a number of days."),
    )
    for is_wrong, sentence in wrong:
        if is_wrong:
            raise CommandError(sentence, returncode=WRONG_USAGE)
