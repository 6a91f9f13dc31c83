from typing import Any

from django.core.management.base import CommandParser

from accounts.domain import Role
from accounts.management.base import AccountCommand, Facts
from accounts.services.members import set_role


class Command(AccountCommand):
    help = "Make a person a member of a creator, or change what they are there. A change logs the person out."

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("creator", help="The creator's id.")
        parser.add_argument("role", choices=[role.value for role in Role])

    def answer(self, **options: Any) -> Facts:
        member = set_role(username=options["username"], creator_id=options["creator"], role=Role(options["role"]))
        return {"username": options["username"], "creator": member.creator_id, "role": member.role}
