"""What clients write in metadata, read without trusting its types."""

from collections.abc import Mapping
from enum import StrEnum
from hashlib import blake2b
from typing import Any

from calibration.domain import Event
from memory.domain import InteractionType

CATEGORY_LENGTH = 64
IDENTITY_LENGTH = 24


class PurchaseKind(StrEnum):
    """What money was given for."""

    PPV = "ppv"
    TIP = "tip"
    CUSTOM = "custom"
    OTHER = "other"


# What only fans do, whoever is named as its sender.
_FANS_ONLY = frozenset({InteractionType.PURCHASE, InteractionType.TIP, InteractionType.OFFER_DECLINED})


def is_the_fans(event: Event) -> bool:
    """Return whether the fan did it. Who buys, tips or declines is the fan, also where a client names us."""
    return event.is_by_fan or event.type in _FANS_ONLY


def text_of(metadata: Mapping[str, Any], name: str) -> str:
    """Return a string of the metadata, stripped, or ""."""
    value = metadata.get(name)
    return value.strip() if isinstance(value, str) else ""


def category_of(metadata: Mapping[str, Any]) -> str:
    """Return ``category``, else ``contentType``, in lower case and at most 64 characters; "" without either."""
    word = text_of(metadata, "category") or text_of(metadata, "contentType")
    return " ".join(word.lower().split())[:CATEGORY_LENGTH].strip()


def identity_of(metadata: Mapping[str, Any], name: str) -> str:
    """Return an item's id or hash (``contentId``, ``contentHash``) as it is compared, or "". Numbers are ids too."""
    value = metadata.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return identity(str(value))
    return identity(value) if isinstance(value, str) else ""


def identity(text: str) -> str:
    """Return an id or hash as it is compared: stripped, and what is longer than 24 characters by its digest."""
    word = text.strip()
    if len(word) <= IDENTITY_LENGTH:
        return word
    return "#" + blake2b(word.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()


def price_of(event: Event) -> float:
    """Return what was paid, else the price stated in the metadata, else 0; in the creator's currency."""
    if event.amount is not None:
        return max(float(event.amount), 0.0)
    value = event.metadata.get("price")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0.0 <= value < 1e9 else 0.0


def is_offer(event: Event) -> bool:
    """Return whether one of our messages carries an offer: ``isOffer`` is true, or there is a price."""
    ours = event.is_message and not event.is_by_fan
    return ours and (event.metadata.get("isOffer") is True or price_of(event) > 0.0)


def purchase_kind(event: Event) -> PurchaseKind | None:
    """Return what a purchase or tip was for, None for anything else."""
    if event.type is InteractionType.TIP:
        return PurchaseKind.TIP
    if event.type is not InteractionType.PURCHASE:
        return None
    return _stated_kind(event.metadata)


def _stated_kind(metadata: Mapping[str, Any]) -> PurchaseKind:
    word = text_of(metadata, "kind").lower()
    if not word:
        return PurchaseKind.CUSTOM if category_of(metadata) == PurchaseKind.CUSTOM else PurchaseKind.PPV
    return PurchaseKind(word) if word in set(PurchaseKind) else PurchaseKind.OTHER
