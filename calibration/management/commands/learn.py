from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from calibration.services.catching_up import catch_up
from memory.backlog import Scope, count_backlog, find_all
from ofmemory.errors import NotFound
from privacy.management.base import DONE, FAILED, WRONG_USAGE, Facts, PrivacyCommand, progress_bar


class Command(PrivacyCommand):
    help = """Learn now, in this process: everything that learning has not taken in yet.

The worker does this by itself, every second; this is for when there is no worker, after an import, or to see how it
goes. Running it beside the worker, or twice at once, does no harm. Learning changes nothing that was set by hand."""
    exit_codes = """exit codes:
  0  nothing is left to learn (or, with --dry-run: this is how much there is)
  1  some pairs failed; they are tried again later by the worker, or now with --retry
  2  wrong usage, or no such creator or fan
"""

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--creator", metavar="ID", help="Only this creator's fans.")
        parser.add_argument("--fan", metavar="ID", help="Only this fan of --creator.")
        parser.add_argument(
            "--all",
            action="store_true",
            dest="anew",
            help="Begin every pair anew, from its first interaction; what was learnt before stays in use meanwhile.",
        )
        parser.add_argument("--retry", action="store_true", help="Also the pairs that wait after a failure.")

    def answer(self, **options: Any) -> tuple[int, Facts]:
        scope = _scope(options["creator"], options["fan"])
        if options["dry_run"]:
            return DONE, _backlog(scope)
        with progress_bar("learn") as progress:
            run = catch_up(scope, failed_too=options["retry"], anew=options["anew"], progress=progress)
        return FAILED if run.failed else DONE, {**asdict(run), "left": _backlog(scope)}

    def text(self, answer: Any) -> str:
        if "left" not in answer:
            return f"{answer['pairs']} pairs have {answer['interactions']} interactions to learn, {_since(answer)}."
        counts = f"{answer['pairs']} pairs stored, {answer['interactions']} interactions, {answer['messages']} read"
        failed = f"; {answer['failed']} failed" if answer["failed"] else ""
        left = f"; {answer['left']['pairs']} pairs are left" if answer["left"]["pairs"] else ""
        return f"{counts}{failed}{left}."


def _scope(creator_id: str | None, fan_id: str | None) -> Scope:
    if fan_id is not None and creator_id is None:
        raise CommandError("A fan is a fan of a creator: say --creator too.", returncode=WRONG_USAGE)
    scope = Scope(creator_id, fan_id)
    if creator_id is not None and not find_all(scope):
        raise NotFound("There is nobody there who may be learnt about.")
    return scope


def _backlog(scope: Scope) -> dict[str, Any]:
    found = count_backlog(scope)
    return {"pairs": found.pairs, "interactions": found.interactions, "oldest": found.oldest_at}


def _since(answer: Any) -> str:
    return f"the oldest since {answer['oldest']:%Y-%m-%d %H:%M} UTC" if answer["oldest"] else "none waits"
