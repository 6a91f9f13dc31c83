from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from memory.services.seeding import seed_demo
from ofmemory.errors import Forbidden, OfMemoryError


class Command(BaseCommand):
    help = (
        "Make demo data: two creators, the people around them (password ofmemory-demo), forty fans with months of "
        "conversation, and an API key in <OFMEMORY_HOME>/demo-api-key. Running it twice changes nothing. Refused where "
        "DEMO_ENABLED is off."
    )
    requires_migrations_checks = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="Do nothing where there are creators other than the demo's, or the demo is complete.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        home: Path = settings.OFMEMORY_HOME  # type: ignore[misc]  # base.py passes it on from env.py
        try:
            seeded = seed_demo(home=home, now=timezone.now(), only_if_empty=options["if_empty"])
        except Forbidden as error:
            raise CommandError("Demo data is not allowed here: DEMO_ENABLED is off.") from error
        except (OfMemoryError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(seeded.skipped or f"The demo is ready: {seeded.created} interactions made.")
