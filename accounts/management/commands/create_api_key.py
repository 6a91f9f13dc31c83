import argparse
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from accounts.domain import ALL_SCOPES, Scope
from accounts.management.base import AccountCommand, Facts
from accounts.services.keys import create_key, facts_of

MAX_DAYS = 3650


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_DAYS:
        raise argparse.ArgumentTypeError(f"{text} is not a number of days from 1 to {MAX_DAYS}")
    return int(text)


class Command(AccountCommand):
    help = "Make an API key for a service of a creator. The key is printed once and stored nowhere."

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("creator", help="The creator's id.")
        parser.add_argument("--name", required=True, help="What the key is for; people see it in lists.")
        parser.add_argument(
            "--scope",
            action="append",
            choices=sorted(Scope),
            help="What the key may do; give it once for each scope (default: everything).",
        )
        parser.add_argument("--fan", metavar="ID", default="", help="Bind the key to this one fan.")
        parser.add_argument("--expires-in-days", type=_days, metavar="N", help="Default: never.")

    def answer(self, **options: Any) -> Facts:
        days = options["expires_in_days"]
        row, key = create_key(
            creator_id=options["creator"],
            name=options["name"],
            scopes=set(map(Scope, options["scope"])) if options["scope"] else ALL_SCOPES,
            fan_id=options["fan"],
            expires_at=timezone.now() + timedelta(days=days) if days else None,
        )
        return {"key": key, **facts_of(row)}
