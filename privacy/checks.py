"""What must hold before a server goes live."""

import stat
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - Django's name
from django.db import DEFAULT_DB_ALIAS

from privacy.keys.providers import NAMES
from privacy.router import KEYS_ALIAS

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@register(Tags.security)
def keys_apart_from_data(**_: Any) -> list[CheckMessage]:
    """Refuse keys beside what they open: a dump of the one would hold the other."""
    data, keys = (_place(settings.DATABASES[alias]) for alias in (DEFAULT_DB_ALIAS, KEYS_ALIAS))
    if data != keys:
        return []
    return [
        Error(
            "DATABASE_URL and KEYS_DATABASE_URL name the same database.",
            hint="Give the keys a database of their own, with backups of their own.",
            id="privacy.E101",
        )
    ]


@register(Tags.security)
def keyset_private(**_: Any) -> list[CheckMessage]:
    """Refuse a keyset file that others may read or write."""
    if settings.KEK_PROVIDER != "local":
        return []
    try:
        mode = settings.KEYSET_FILE.stat().st_mode
    except OSError:
        # Made at its first use, or not there: whoever needs it says so.
        return []
    if not mode & _OTHERS:
        return []
    return [
        Error(
            f"The keyset file may be used by others (mode {stat.S_IMODE(mode):04o}).",
            hint="chmod 600, and think about who may have read it: rotate_keys --kek makes a new key.",
            id="privacy.E102",
        )
    ]


@register(Tags.security)
def provider_known(**_: Any) -> list[CheckMessage]:
    """Refuse a KEK_PROVIDER that there is not."""
    if settings.KEK_PROVIDER in NAMES:
        return []
    return [Error(f"KEK_PROVIDER is none of {', '.join(NAMES)}.", id="privacy.E103")]


@register(Tags.security, deploy=True)
def provider_apart(**_: Any) -> list[CheckMessage]:
    """Warn when the key of all keys lies on the machine that uses them."""
    if settings.KEK_PROVIDER != "local":
        return []
    return [
        Warning(
            "The key-encryption key lies in a file of this machine.",
            hint="KEK_PROVIDER=aws or vault; `rotate_keys --kek` moves all keys there.",
            id="privacy.W101",
        )
    ]


def _place(config: dict[str, Any]) -> tuple[str, str, str]:
    options = config.get("OPTIONS", {})
    host = config.get("HOST") or options.get("host", "")
    port = str(config.get("PORT") or options.get("port") or "5432")
    return host, port, config["NAME"]
