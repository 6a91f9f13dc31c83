from typing import Any

from django.core.management.base import CommandParser

from accounts.management.base import AccountCommand, Facts
from accounts.services.keys import get_key, revoke_key


class Command(AccountCommand):
    help = "Make an API key useless at once, everywhere. Revoking it again changes nothing."

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prefix", help="The part of the key between its first two underscores; see list_api_keys.")

    def answer(self, **options: Any) -> Facts:
        key = get_key(options["prefix"])
        return {"prefix": key.prefix, "name": key.name, "revoked": True, "already": not revoke_key(key)}
