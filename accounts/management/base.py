"""What the commands of accounts share: failures in one line, answers as text or JSON."""

from abc import abstractmethod
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ofmemory.errors import OfMemoryError

Facts = dict[str, object]


class AccountCommand(BaseCommand):
    """A door to one service. ``--format json`` is for programs, text for people."""

    requires_migrations_checks = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text", help="How to print (default: text).")
        self.add_own_arguments(parser)

    def add_own_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments beside ``--format``."""

    @abstractmethod
    def answer(self, **options: Any) -> Facts | list[Facts]:
        """Call the service; return what to print."""

    def text(self, answer: Any) -> str:
        """Return ``answer`` for a person: one fact a line."""
        return "\n".join(f"{name}: {_plain(value)}" for name, value in answer.items())

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            answer = self.answer(**options)
        except OfMemoryError as error:
            raise CommandError(" ".join(error.message.split())) from error
        self.stdout.write(orjson.dumps(answer).decode() if options["format"] == "json" else self.text(answer))


def _plain(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "-" if value in (None, "") else str(value)


def table(rows: list[Facts], columns: list[str]) -> str:
    """Return ``rows`` as aligned columns under their names."""
    cells = [columns, *([_plain(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
