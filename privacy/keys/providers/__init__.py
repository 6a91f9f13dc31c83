"""The provider that is configured, and those that wrapped older keys."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache

from django.conf import settings

from privacy.errors import KeysUnavailable
from privacy.keys.providers.base import Provider, Wrapped

NAMES = ("local", "aws", "vault")


def current_provider() -> Provider:
    """Return the provider that wraps new keys."""
    return provider(settings.KEK_PROVIDER)


def provider_of(kek_id: str) -> Provider:
    """Return the provider that can unwrap what ``kek_id`` wrapped."""
    return provider(name_of(kek_id))


def name_of(kek_id: str) -> str:
    """Return the name of the provider that a KEK id starts with."""
    return kek_id.partition(":")[0]


def unwrap_many(items: Sequence[Wrapped]) -> list[bytes | KeysUnavailable]:
    """Return the material of each item, or why there is none; each provider is asked once for all of its items."""
    places = defaultdict(list)
    for place, (kek_id, _, _) in enumerate(items):
        places[name_of(kek_id)].append(place)
    found: dict[int, bytes | KeysUnavailable] = {}
    for name, of_name in places.items():
        found |= zip(of_name, _unwrapped(name, [items[place] for place in of_name]), strict=True)
    return [found[place] for place in range(len(items))]


def forget_all() -> None:
    """Let go of every provider's client and key."""
    provider.cache_clear()


@cache
def provider(name: str) -> Provider:
    """Return the provider of that name; its library is only imported when it is used.

    Raises:
        KeysUnavailable: there is no such provider, or it is not configured.
    """
    if name == "local":
        from privacy.keys.providers.local import LocalKeyset

        return LocalKeyset(settings.KEYSET_FILE, may_be_made=settings.KEYSET_MAY_BE_MADE)
    if name == "aws":
        from privacy.keys.providers.aws import kms_from_settings

        return kms_from_settings()
    if name == "vault":
        from privacy.keys.providers.vault import transit_from_settings

        return transit_from_settings()
    raise KeysUnavailable(f"There is no provider of keys named {name}.")


def _unwrapped(name: str, items: Sequence[Wrapped]) -> list[bytes | KeysUnavailable]:
    try:
        return provider(name).unwrap_many(items)
    except KeysUnavailable as error:
        return [error] * len(items)
