from typing import Any

from django.core.management.base import CommandParser

from accounts.management.base import AccountCommand, Facts, table
from accounts.services.keys import facts_of, list_keys


class Command(AccountCommand):
    help = "List the API keys of a creator, newest first; the keys themselves are stored nowhere."

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("creator", help="The creator's id.")

    def answer(self, **options: Any) -> list[Facts]:
        return [facts_of(row) for row in list_keys(options["creator"])]

    def text(self, answer: Any) -> str:
        columns = ["prefix", "name", "scopes", "fan", "created", "expires", "revoked", "lastUsed"]
        return table(answer, columns) if answer else "No keys."
