"""Remember: one interaction, its counters, and what follows from both."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from django.conf import settings
from django.utils import timezone

from accounts.gate import Gate
from accounts.services.members import currency_of
from memory.domain import PAID_TYPES, Interaction, InteractionType, SavedInteraction, Sender
from memory.events import interaction_saved
from memory.models import FanMemory
from memory.models import Interaction as InteractionRow
from memory.services.bounds import EXTERNAL_ID_NAMES
from memory.services.counters import Tally, count
from memory.services.instants import move_on
from memory.services.writes import announce, carry_out
from ofmemory.errors import InvalidInput, NotFound
from ofmemory.infra.db import insert_new
from privacy.domain import Pair
from privacy.keys.keyring import keyed_digest

Word = TypeVar("Word", bound=StrEnum)

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MAX_AMOUNT = Decimal("99999999.99")


def save_interaction(
    *,
    fan_id: str,
    creator_id: str,
    type: str,
    content: str = "",
    sender: str = Sender.FAN,
    amount: Decimal | None = None,
    currency: str | None = None,
    timestamp: datetime | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> SavedInteraction:
    """Store one interaction and count it; the very next context contains both.

    Args:
        type: one of ``InteractionType``.
        content: what was said; a message must have some.
        amount: in the creator's currency, at least 0; purchases and tips must have one.
        currency: ISO 4217; the creator's where left out.
        timestamp: when it happened (aware); now where left out.
        metadata: anything else, as JSON; an ``externalId`` in it makes a second report a duplicate.

    Returns:
        Where it is stored. A duplicate changes nothing and returns the first one.

    Raises:
        InvalidInput: a value is out of range, or missing.
        NotFound: an amount for a creator that there is not.
    """
    pair = Pair(creator_id, fan_id)
    reported = Interaction(
        type=_known(InteractionType, "type", type),
        content=content,
        sender=_known(Sender, "sender", sender),
        amount=amount,
        currency=currency,
        timestamp=timestamp or timezone.now(),
        external_id=external_id_of(metadata or {}),
        metadata=metadata or {},
    )
    return carry_out([pair], Gate(creator_id, action="interaction.written"), lambda: record(pair, reported))[0]


def _known(vocabulary: type[Word], name: str, word: str) -> Word:
    try:
        return vocabulary(word)
    except ValueError as error:
        raise InvalidInput.field(name, f"must be one of {', '.join(vocabulary)}.") from error


def record(pair: Pair, reported: Interaction) -> SavedInteraction:
    """Store one interaction inside the caller's ``writing`` block; see ``save_interaction``."""
    currency = "" if reported.amount is None else currency_of(pair.creator_id)
    reported = checked(reported, creators_currency=currency, now=timezone.now())
    saved = (
        _insert_message(pair, reported) if reported.type == InteractionType.MESSAGE else _insert_other(pair, reported)
    )
    if not saved.duplicate:
        number = count(pair, Tally.of(reported, saved.created_at))
        announce(interaction_saved, pair_number=number, interaction_id=saved.id)
    return saved


def external_id_of(metadata: Mapping[str, Any]) -> str:
    """Return the platform's own id from ``metadata``, or nothing."""
    for name in EXTERNAL_ID_NAMES:
        value = metadata.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and 0 < len(str(value)) <= 255:
            return str(value)
    return ""


def checked(reported: Interaction, *, creators_currency: str | None, now: datetime) -> Interaction:
    """Return the interaction with its gaps filled, or say what is wrong with it.

    Args:
        creators_currency: in which the creator is paid; looked at only where there is an amount.

    Raises:
        InvalidInput: naming the field at fault.
        NotFound: an amount for a creator that there is not.
    """
    if not EARLIEST <= reported.timestamp <= now + settings.CLOCK_SKEW:
        raise InvalidInput.field("timestamp", "must lie between 2000-01-01 and now.")
    if reported.type == InteractionType.MESSAGE and not reported.content.strip():
        raise InvalidInput.field("content", "is required for a message.")
    currency = reported.currency
    if reported.type in PAID_TYPES and reported.amount is None:
        raise InvalidInput.field("amount", f"is required for a {reported.type}.")
    if reported.amount is not None:
        if reported.type == InteractionType.MESSAGE:
            raise InvalidInput.field("amount", "belongs to a purchase, a tip or an offer, not to a message.")
        if not math.isfinite(reported.amount) or not 0 <= reported.amount <= MAX_AMOUNT:
            raise InvalidInput.field("amount", f"must lie between 0 and {MAX_AMOUNT}.")
        if creators_currency is None:
            raise NotFound("There is no such creator.")
        # Revenue is one sum per fan: amounts in another currency could only be added wrongly.
        currency = creators_currency
        if reported.currency not in (None, currency):
            raise InvalidInput.field("currency", f"must be the creator's, {currency}.")
    return replace(reported, currency=currency)


def _insert_message(pair: Pair, reported: Interaction) -> SavedInteraction:
    row = message_row(pair, reported)
    while not insert_new([row]):
        if earlier := find_duplicate(FanMemory, pair, reported.external_id):
            return earlier
        move_on(pair.creator_id, [row])
    return SavedInteraction(row.id, row.created_at, duplicate=False)


def _insert_other(pair: Pair, reported: Interaction) -> SavedInteraction:
    row = interaction_row(pair, reported)
    while not insert_new([row]):
        if earlier := find_duplicate(InteractionRow, pair, reported.external_id):
            return earlier
    return SavedInteraction(row.id, row.created_at, duplicate=False)


def message_row(pair: Pair, reported: Interaction) -> FanMemory:
    """Return the unsaved row of a checked message."""
    return FanMemory(
        creator_id=pair.creator_id,
        fan_id=pair.fan_id,
        message_content=reported.content,
        sender=reported.sender,
        metadata=reported.metadata,
        external_id=stored_id(pair, reported.external_id),
        created_at=reported.timestamp,
    )


def interaction_row(pair: Pair, reported: Interaction) -> InteractionRow:
    """Return the unsaved row of a checked interaction other than a message."""
    return InteractionRow(
        creator_id=pair.creator_id,
        fan_id=pair.fan_id,
        type=reported.type,
        sender=reported.sender,
        amount=reported.amount,
        currency=reported.currency or "",
        content=reported.content,
        metadata=reported.metadata,
        external_id=stored_id(pair, reported.external_id),
        created_at=reported.timestamp,
    )


def stored_id(pair: Pair, external_id: str) -> str:
    """Return what is kept of the platform's own id: enough to recognise it by, for who has the key.

    Clients put what they like into it, an import a digest of what was said.
    """
    return keyed_digest("external-id", pair.creator_id, pair.fan_id, external_id).hex() if external_id else ""


def find_duplicate(
    model: type[FanMemory] | type[InteractionRow], pair: Pair, external_id: str
) -> SavedInteraction | None:
    """Return what was stored earlier under the platform's own id, if anything."""
    if not external_id:
        return None
    rows = model.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id)
    rows = rows.filter(external_id=stored_id(pair, external_id))
    found = rows.values_list("id", "created_at").first()
    return SavedInteraction(*found, duplicate=True) if found else None
