from typing import Any

from django.core.management.base import CommandParser

from accounts.management.base import AccountCommand, Facts
from accounts.services.lost_devices import reset_second_factor
from accounts.services.members import get_user


class Command(AccountCommand):
    help = "For a lost device: take away somebody's second factors and log them out everywhere; the audit log says so."

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def answer(self, **options: Any) -> Facts:
        removed = reset_second_factor(get_user(options["username"]), actor="system:command")
        return {"username": options["username"], "removed": removed}
