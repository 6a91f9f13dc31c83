"""What must hold before a server goes live."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.database)
def no_demo_accounts(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse a database with demo accounts where they may not exist.

    Run by ``migrate`` and ``check --database default``. Even if it is skipped, such accounts can't log in.
    """
    if settings.DEMO_ENABLED or not databases or "default" not in databases:
        return []
    from accounts.models import ApiKey, User

    if not (_exist(User) or _exist(ApiKey)):
        return []
    return [
        Error(
            "The database holds demo accounts, whose password is published.",
            hint="Use a database of its own for production, or delete the demo users, keys and creators.",
            id="accounts.E001",
        )
    ]


def _exist(model: Any) -> bool:
    from django.db import connection

    return (
        model._meta.db_table in connection.introspection.table_names() and model.objects.filter(is_demo=True).exists()
    )
