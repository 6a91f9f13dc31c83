import sys
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ofmemory.infra.diagnosis.findings import examine
from ofmemory.infra.diagnosis.report import as_json, as_text, is_healthy

PROBLEMS = 1
EXIT_CODES = """exit codes:
  0  nothing failed
  1  something failed; with --strict, or was warned of or could not be looked at
  2  wrong usage
"""


class Command(BaseCommand):
    help = """Find and explain what is wrong: settings, databases, cache, broker, worker, keys, audit log, disk.

Works while things are down, changes nothing, shows no secret, and takes a few seconds. Run it where the product runs,
with the same environment."""
    # It is for when things are broken.
    requires_system_checks = []
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EXIT_CODES, "formatter_class": RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["text", "json"], default="text", help="How to print (default: text).")
        parser.add_argument("--strict", action="store_true", help="Warnings count as problems.")

    def handle(self, *args: Any, **options: Any) -> None:
        examined = examine()
        self.stdout.write(as_json(examined) if options["format"] == "json" else as_text(examined))
        if not is_healthy(examined, strict=options["strict"]):
            sys.exit(PROBLEMS)
