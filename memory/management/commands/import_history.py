import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

from memory.services.importing import Imported, Rejection, import_history
from ofmemory.errors import OfMemoryError

SOME_REJECTED, NOT_DONE = 1, 2
_FACTS = {"resumed_after_line": "resumedAfterLine", "dry_run": "dryRun"}


class Command(BaseCommand):
    help = """Import a history of interactions from a JSONL or CSV file; docs/import.md describes both.

Rows that are wrong are named with line, field and reason, and left out; all others are imported. An import that was
stopped goes on where it stopped when it is started again, and one that was finished changes nothing a second time."""
    exit_codes = """exit codes:
  0  every row is in (or, with --dry-run, would be)
  1  some rows were left out
  2  not done: wrong usage, no such creator, unreadable file, another import of this file is running, or no database;
     batches done before a failure stay, start again to go on
"""
    requires_migrations_checks = True

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": self.exit_codes, "formatter_class": RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--creator", metavar="ID", required=True, help="Whose history it is.")
        parser.add_argument("--dry-run", action="store_true", help="Change nothing; count what a run would do.")
        parser.add_argument("--format", choices=["auto", "jsonl", "csv"], default="auto", help="Default: by the file.")
        parser.add_argument("--output", choices=["text", "json"], default="text", help="How to report.")

    def handle(self, *args: Any, **options: Any) -> None:
        report = _JSONReport(self) if options["output"] == "json" else _TextReport(self)
        try:
            with _progress_bar() as on_progress:
                imported = import_history(
                    creator_id=options["creator"],
                    path=options["file"],
                    format=options["format"],
                    dry_run=options["dry_run"],
                    on_rejected=report.rejected,
                    on_progress=on_progress,
                )
        except OfMemoryError as error:
            report.failed(" ".join(error.message.split()), error)
        except (DatabaseError, OSError) as error:
            # Their message may quote a row.
            report.failed(f"Stopped by {type(error).__name__}; start again to go on.", error)
        report.done(imported)
        if imported.rejected:
            sys.exit(SOME_REJECTED)


class _TextReport:
    def __init__(self, command: BaseCommand) -> None:
        self._out, self._err = command.stdout, command.stderr

    def rejected(self, rejection: Rejection) -> None:
        self._err.write(f"line {rejection.line}: {rejection.field}: {rejection.reason}")

    def done(self, imported: Imported) -> None:
        resumed = f" (resumed after line {imported.resumed_after_line})" if imported.resumed_after_line else ""
        dry = "dry run, nothing was changed: " if imported.dry_run else ""
        counts = f"{imported.created} created, {imported.duplicates} duplicates, {imported.rejected} rejected"
        self._out.write(f"{dry}{counts}{resumed}")

    def failed(self, message: str, error: Exception) -> NoReturn:
        raise CommandError(message, returncode=NOT_DONE) from error


class _JSONReport(_TextReport):
    """One JSON object, written as the import goes: a million rejected rows are not kept in memory."""

    def __init__(self, command: BaseCommand) -> None:
        super().__init__(command)
        self._separator = ""
        self._out.write('{"errors":[', ending="")

    def rejected(self, rejection: Rejection) -> None:
        self._out.write(self._separator + orjson.dumps(asdict(rejection)).decode(), ending="")
        self._separator = ","

    def done(self, imported: Imported) -> None:
        facts = {_FACTS.get(name, name): value for name, value in asdict(imported).items()}
        self._out.write("]," + orjson.dumps(facts).decode()[1:])

    def failed(self, message: str, error: Exception) -> NoReturn:
        self._out.write("]," + orjson.dumps({"failure": message}).decode()[1:])
        super().failed(message, error)


@contextmanager
def _progress_bar() -> Iterator[Callable[[int, int], None]]:
    """Show the bytes done on a terminal; elsewhere nothing."""
    console = Console(stderr=True)
    with Progress(
        BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=console, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("import", total=None)
        yield lambda done, size: progress.update(task, completed=done, total=size)
