import sys
from getpass import getpass
from typing import Any

from django.core.management.base import CommandError, CommandParser

from accounts.domain import Role
from accounts.management.base import AccountCommand, Facts
from accounts.services.members import create_user


class Command(AccountCommand):
    help = (
        "Register a person. The password is asked for, or read from standard input with --password-stdin; it is never "
        "an argument, because arguments are visible to everybody on the machine."
    )

    def add_own_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--creator", metavar="ID", help="Make the person a member of this creator; needs --role.")
        parser.add_argument("--role", choices=[role.value for role in Role], help="What the person is there.")
        parser.add_argument("--staff", action="store_true", help="May open the admin.")
        parser.add_argument("--superuser", action="store_true", help="May do everything in the admin.")
        parser.add_argument("--password-stdin", action="store_true", help="Read the password's line from stdin.")

    def answer(self, **options: Any) -> Facts:
        user = create_user(
            username=options["username"],
            password=_password(from_stdin=options["password_stdin"]),
            is_staff=options["staff"],
            is_superuser=options["superuser"],
            creator_id=options["creator"],
            role=Role(options["role"]) if options["role"] else None,
        )
        return {
            "username": user.username,
            "creator": options["creator"],
            "role": options["role"],
            "staff": user.is_staff,
            "superuser": user.is_superuser,
        }


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask for a password on; use --password-stdin.")
    password = getpass("Password: ")
    if getpass("Password again: ") != password:
        raise CommandError("The passwords differ.")
    return password
