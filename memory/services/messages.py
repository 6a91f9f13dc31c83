"""Paging through a conversation."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from memory import selectors, shapes
from memory.services.reading import usable
from ofmemory.errors import InvalidInput
from privacy.domain import Pair

MAX_PAGE = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Page:
    """Messages newest first, and where the next older page starts (None: there is none)."""

    messages: list[dict[str, Any]]
    next_cursor: str | None


def get_recent_messages(*, fan_id: str, creator_id: str, limit: int = 50, cursor: str | None = None) -> Page:
    """Return a page of a pair's messages, newest first.

    Pages are found by the instant of the last message shown, so that deep pages cost as much as the first and
    messages that arrive meanwhile shift nothing.

    Args:
        limit: 1-200.
        cursor: ``next_cursor`` of the page before; None for the newest.

    Raises:
        InvalidInput: the limit is out of range or the cursor is not ours.
        NotFound: the fan was never seen.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidInput.field("limit", f"must be 1 to {MAX_PAGE}.")
    pair = Pair(creator_id, fan_id)
    usable(pair)
    rows = selectors.list_messages_before(pair, _decode(cursor) if cursor else None, limit + 1)
    shown = rows[:limit]
    return Page([shapes.message(row) for row in shown], _encode(shown[-1].created_at) if len(rows) > limit else None)


def _encode(instant: datetime) -> str:
    return base64.urlsafe_b64encode(str((instant - _EPOCH) // timedelta(microseconds=1)).encode()).decode()


def _decode(cursor: str) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=int(base64.b64decode(cursor, altchars=b"-_", validate=True)))
    except (binascii.Error, ValueError, OverflowError) as error:
        raise InvalidInput.field("cursor", "is not one that we gave out.") from error
