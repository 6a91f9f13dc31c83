"""The provider that is configured, and those that wrapped older keys."""

from functools import cache

from django.conf import settings

from privacy.errors import KeysUnavailable
from privacy.keys.providers.base import Provider


def current_provider() -> Provider:
    """Return the provider that wraps new keys."""
    return provider(settings.KEK_PROVIDER)


def provider_of(kek_id: str) -> Provider:
    """Return the provider that can unwrap what ``kek_id`` wrapped."""
    return provider(kek_id.partition(":")[0])


@cache
def provider(name: str) -> Provider:
    """Return the provider of that name; its library is only imported when it is used.

    Raises:
        KeysUnavailable: there is no such provider, or it is not configured.
    """
    if name == "local":
        from privacy.keys.providers.local import LocalKeyset

        return LocalKeyset(settings.KEYSET_FILE, may_be_made=settings.KEYSET_MAY_BE_MADE)
    raise KeysUnavailable(f"There is no provider of keys named {name}.")
