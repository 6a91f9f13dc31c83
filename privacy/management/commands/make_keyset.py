from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections

from ofmemory.errors import Conflict
from privacy.errors import KeysUnavailable
from privacy.keys.models import DataKey, ServiceKey
from privacy.keys.providers.local import LocalKeyset
from privacy.management.base import DONE, Facts, PrivacyCommand
from privacy.router import KEYS_ALIAS


class Command(PrivacyCommand):
    help = """Make the keyset file of KEK_PROVIDER=local, once in the life of an installation.

Refused where there is one, and where the keys database holds keys: they were wrapped by another keyset, which has to
be put back instead. A new one beside old data reads nothing of it."""
    # The first thing that is run: there need not be any table.
    requires_migrations_checks = False

    def answer(self, **options: Any) -> tuple[int, Facts]:
        file = settings.KEYSET_FILE
        if file.exists():
            raise Conflict("There is a keyset file; it stays as it is.")
        if _has_keys():
            raise Conflict("The keys database holds keys of another keyset: put that file back from its backup.")
        if not options["dry_run"]:
            LocalKeyset(file, may_be_made=True)
        return DONE, {"file": str(file), "made": not options["dry_run"]}


def _has_keys() -> bool:
    try:
        there = set(connections[KEYS_ALIAS].introspection.table_names())
        models = [model for model in (DataKey, ServiceKey) if model._meta.db_table in there]
        return any(model._default_manager.exists() for model in models)
    except DatabaseError as error:
        raise KeysUnavailable("The keys database did not answer: whether it holds keys has to be known.") from error
