from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser

from privacy.services.records import as_markdown, record_of_processing


class Command(BaseCommand):
    help = "Print the record of processing activities (Art. 30), made from the registry of personal data."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["markdown", "json"], default="markdown", help="Default: markdown.")

    def handle(self, *args: Any, **options: Any) -> None:
        record = record_of_processing()
        if options["format"] == "json":
            self.stdout.write(orjson.dumps(record, option=orjson.OPT_INDENT_2).decode())
        else:
            self.stdout.write(as_markdown(record), ending="")
