from typing import Any

from django.core.management.base import CommandParser

from accounts.management.base import AccountCommand, Facts
from accounts.services.members import create_creator


class Command(AccountCommand):
    help = "Open a tenant: the creator whose fans are remembered."

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="The platform's id of the creator: letters, digits, dot, dash, underscore.")
        parser.add_argument("--name", default="", help="What people call the creator (default: the id).")
        parser.add_argument("--currency", default="USD", help="ISO 4217 code of the creator's income (default: USD).")

    def answer(self, **options: Any) -> Facts:
        creator = create_creator(
            creator_id=options["id"], display_name=options["name"], currency=options["currency"].upper()
        )
        return {"id": creator.id, "name": creator.display_name, "currency": creator.currency}
