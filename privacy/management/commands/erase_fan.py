import sys
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from privacy.domain import OPEN_STATUSES, Pair, RequestKind, RequestStatus
from privacy.management.base import DONE, FAILED, REFUSED, WRONG_USAGE, Facts, PrivacyCommand
from privacy.models import DataRequest
from privacy.services import audit, erasing, receipts, requests
from privacy.services.holds import is_held

ACTOR = f"{audit.SYSTEM}:erase_fan"


class Command(PrivacyCommand):
    help = """Erase everything about a fan, for good, and write the signed receipt.

Shows what there is first, and asks for the fan's id to be typed. The opening it prints is not stored anywhere: who has
it can show that the receipt is about this fan (tools/verify_receipt.py). Hand both to the fan."""
    exit_codes = """exit codes:
  0  erased, verified, and the receipt is written (or, with --dry-run, it would be)
  1  something is left, or a store did not answer; it is tried again every minute
  2  wrong usage, or the fan's id was typed wrong
  3  refused: a legal hold stands, or the request has to be approved by somebody else first
"""

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--creator", metavar="ID", required=True, help="Whose fan.")
        parser.add_argument("--fan", metavar="ID", required=True, help="Who is to be erased.")
        parser.add_argument("--request", metavar="ID", type=UUID, help="The request to carry out, where there is one.")
        parser.add_argument("--yes", action="store_true", help="Do not ask.")
        parser.add_argument("--receipt", metavar="FILE", type=Path, help="Where to write the receipt.")

    def answer(self, **options: Any) -> tuple[int, Facts]:
        pair = Pair(options["creator"], options["fan"])
        request = _request(options["request"], pair)
        plan = requests.preview(pair)
        if options["dry_run"]:
            return REFUSED if is_held(pair) else DONE, {"dryRun": True, "plan": plan, "held": is_held(pair)}
        if not options["yes"]:
            self._ask(pair, plan)
        if request is None and settings.ERASURE_SECOND_APPROVER:
            opened = requests.open_request(RequestKind.ERASURE, pair, ACTOR)
            return REFUSED, {"request": str(opened.id), "status": str(opened.status)}
        return self._erased(pair, request, options["receipt"])

    def _erased(self, pair: Pair, request: DataRequest | None, path: Path | None) -> tuple[int, Facts]:
        if request is None:
            request = erasing.erase_now(pair, requested_by=ACTOR, reason="command")
        else:
            request = erasing.execute(request.id, ACTOR)
        facts: Facts = {"request": str(request.id), "status": str(request.status)}
        if request.status != RequestStatus.COMPLETED:
            return FAILED, facts | {"found": request.steps.get("found")}
        path = path or Path(f"receipt-{request.id}.json")
        try:
            path.write_bytes(receipts.file_of(receipts.get_receipt(request.id)))
        except OSError as error:
            raise CommandError(f"Erased, but the receipt can't be written: {error.strerror}.", returncode=1) from error
        return DONE, facts | {"receipt": str(path), "opening": receipts.opening_of(request.id, pair).hex()}

    def _ask(self, pair: Pair, plan: dict[str, Any]) -> None:
        if not sys.stdin.isatty():
            raise CommandError("Nobody is there to be asked; say --yes.", returncode=WRONG_USAGE)
        for name, count in {**plan["rows"], "data keys": plan["keys"]}.items():
            if count:
                self.stderr.write(f"{count:>10}  {name}")
        self.stderr.write("This can't be undone. Type the fan's id to go on: ", ending="")
        self.stderr.flush()
        if sys.stdin.readline().strip() != pair.fan_id:
            raise CommandError("That is not the fan's id; nothing was done.", returncode=WRONG_USAGE)


def _request(request_id: UUID | None, pair: Pair) -> DataRequest | None:
    """Return the request that was named, if it is one for the erasure of this pair."""
    if request_id is None:
        return None
    request = requests.get_request(request_id)
    if request.pair != pair or request.kind != RequestKind.ERASURE or request.status not in OPEN_STATUSES:
        raise CommandError("That is no open request for the erasure of this fan.", returncode=WRONG_USAGE)
    return request
