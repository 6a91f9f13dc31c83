from typing import Any

from django.core.management.base import CommandParser

from accounts.management.base import AccountCommand, Facts
from accounts.services.members import disable_user, get_user


class Command(AccountCommand):
    help = "Shut a person out: no login any more, and every open session stops at once."

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def answer(self, **options: Any) -> Facts:
        disable_user(get_user(options["username"]))
        return {"username": options["username"], "active": False}
