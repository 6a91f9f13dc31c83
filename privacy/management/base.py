"""What the commands of privacy share: arguments, a progress bar, answers as text or JSON, exit codes."""

import sys
from abc import abstractmethod
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from ofmemory.errors import Conflict, InvalidInput, NotFound, OfMemoryError

DONE, FAILED, WRONG_USAGE, REFUSED = 0, 1, 2, 3

Facts = dict[str, object]


class PrivacyCommand(BaseCommand):
    """A door to one service. ``--format json`` is for programs, text for people."""

    requires_migrations_checks = True
    exit_codes = """exit codes:
  0  done
  1  it failed
  2  wrong usage
  3  refused
"""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": self.exit_codes, "formatter_class": RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Change nothing; say what a run would do.")
        parser.add_argument("--format", choices=["text", "json"], default="text", help="How to print (default: text).")
        self.add_own_arguments(parser)

    def add_own_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments beside those that all have."""

    @abstractmethod
    def answer(self, **options: Any) -> tuple[int, Facts]:
        """Call the service; return the exit code and what to print."""

    def text(self, answer: Facts) -> str:
        """Return ``answer`` for a person: one fact a line."""
        return "\n".join(f"{name}: {'-' if value in (None, '') else value}" for name, value in answer.items())

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code, answer = self.answer(**options)
        except OfMemoryError as error:
            raise CommandError(" ".join(error.message.split()), returncode=exit_code_of(error)) from error
        self.stdout.write(orjson.dumps(answer).decode() if options["format"] == "json" else self.text(answer))
        if code != DONE:
            sys.exit(code)


def exit_code_of(error: OfMemoryError) -> int:
    if isinstance(error, Conflict):
        return REFUSED
    return WRONG_USAGE if isinstance(error, InvalidInput | NotFound) else FAILED


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Yield what is to be called with how many are done, of how many; shown on a terminal, elsewhere nothing."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
