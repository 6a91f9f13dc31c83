"""One row of history: named values become an interaction, under the rules of the REST API.

Not DRF's serializer itself: services know nothing of it, its messages quote what they refuse, and it takes longer than
storing does. A test feeds both the same rows and compares.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from typing import Any

import orjson
from django.utils.dateparse import parse_datetime

from memory.domain import Interaction, InteractionType, Sender
from memory.services.bounds import MAX_CONTENT_CHARS, id_problem, metadata_problem
from memory.services.interactions import external_id_of
from ofmemory.errors import InvalidInput
from ofmemory.infra.json_values import holds_nul

MAX_AMOUNT_CHARS = 1000
_CENT = Decimal("0.01")
_WHOLE_DIGITS = 8


class _Refused(Exception):
    """A value that is not allowed; the message never quotes it."""


def understand(values: Mapping[str, Any], *, creator_id: str) -> tuple[str, Interaction]:
    """Return the fan and the interaction that a row reports.

    Args:
        values: by the API's names; ``fanId`` and ``timestamp`` are required.
        creator_id: whose history it is; a row may name this creator or none.

    Raises:
        InvalidInput: naming each field at fault.
    """
    found: dict[str, Any] = {}
    problems: dict[str, list[str]] = {}
    if not values.keys() <= _FIELDS.keys():
        problems["row"] = [f"May hold {', '.join(_FIELDS)} and nothing else."]
    for name, read in _FIELDS.items():
        try:
            found[name] = read(values[name]) if name in values else _without(name)
        except _Refused as refusal:
            problems[name] = [str(refusal)]
    if found.get("creatorId") not in (None, creator_id):
        problems["creatorId"] = ["Must be the creator of this import."]
    if problems:
        raise InvalidInput("The row is not valid.", details={"fields": problems})
    return found["fanId"], _interaction(found)


def _interaction(found: Mapping[str, Any]) -> Interaction:
    return Interaction(
        type=found["type"],
        content=found["content"],
        sender=found["sender"],
        amount=found["amount"],
        currency=found["currency"],
        timestamp=found["timestamp"],
        external_id=external_id_of(found["metadata"]),
        metadata=found["metadata"],
    )


def _without(name: str) -> Any:
    if name in _DEFAULTS:
        return _DEFAULTS[name]
    raise _Refused("Is required.")


def _id(value: Any) -> str:
    if problem := id_problem(value):
        raise _Refused(problem)
    return str(value)


def _type(value: Any) -> InteractionType:
    if not isinstance(value, str) or value not in _TYPES:
        raise _Refused(f"Must be one of {', '.join(_TYPES)}.")
    return _TYPES[value]


def _sender(value: Any) -> Sender:
    if not isinstance(value, str) or value not in _SENDERS:
        raise _Refused(f"Must be one of {', '.join(_SENDERS)}.")
    return _SENDERS[value]


def _content(value: Any) -> str:
    if not isinstance(value, str):
        raise _Refused("Must be text.")
    if len(value) > MAX_CONTENT_CHARS:
        raise _Refused(f"May have at most {MAX_CONTENT_CHARS:,} characters.")
    if "\x00" in value:
        raise _Refused("Must not hold NUL characters.")
    return value


def _timestamp(value: Any) -> datetime:
    if value is None:
        raise _Refused("Is required.")
    try:
        at = parse_datetime(value) if isinstance(value, str) else None
        if at is not None:
            return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _Refused("Must be an instant in ISO 8601, such as 2025-03-01T18:30:00Z.")


def _amount(value: Any) -> Decimal | None:
    if value is None or (text := str(value).strip()) == "":
        return None
    try:
        if len(text) > MAX_AMOUNT_CHARS or not (amount := Decimal(text)).is_finite():
            raise _Refused("Must be a number.")
    except DecimalException:
        raise _Refused("Must be a number.") from None
    digits, exponent = amount.as_tuple().digits, int(amount.as_tuple().exponent)
    if amount < 0 or exponent < -2 or len(digits) + exponent > _WHOLE_DIGITS:
        raise _Refused("Must be 0 to 99,999,999.99, with at most two decimal places.")
    return amount.quantize(_CENT)


def _currency(value: Any) -> str | None:
    if value is None:
        return None
    code = value.strip() if isinstance(value, str) else ""
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise _Refused("Must be an ISO 4217 code, such as USD.")
    return code


def _metadata(value: Any) -> dict[str, Any]:
    if problem := metadata_problem(value):
        raise _Refused(problem)
    # PostgreSQL can store no NUL. Looking for its escape first spares walking through nearly every object.
    if b"\\u0000" in orjson.dumps(value) and holds_nul(value):
        raise _Refused("Must not hold NUL characters.")
    return dict(value)


_TYPES = {kind.value: kind for kind in InteractionType}
_SENDERS = {sender.value: sender for sender in Sender}
_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "fanId": _id,
    "creatorId": _id,
    "type": _type,
    "sender": _sender,
    "content": _content,
    "timestamp": _timestamp,
    "metadata": _metadata,
    "amount": _amount,
    "currency": _currency,
}
_DEFAULTS: Mapping[str, Any] = {
    "creatorId": None,
    "type": InteractionType.MESSAGE,
    "sender": Sender.FAN,
    "content": "",
    "metadata": {},
    "amount": None,
    "currency": None,
}
