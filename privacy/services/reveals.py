"""Breaking the glass: staff reads what was said, for a stated reason, for a short time, and every look is in the log.

What was said is found by the registry of personal data: sealed text of a conversation in any table of fans.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from ofmemory.errors import Conflict, InvalidInput, NotFound
from privacy.domain import Category, Limit, Pair
from privacy.errors import Unreadable
from privacy.fields import SealedText
from privacy.keys import keyring
from privacy.models import Reveal
from privacy.registry import Personal, Table, store
from privacy.services import audit, holds
from privacy.services.pair_rows import name_of, tables_of_fans
from privacy.services.processing import limits_of, subject

LEAST_REASON = 15
ON_A_PAGE = 50

# Where a page begins: before this instant, and at it before this row.
Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was said.

    Args:
        what: a message, or the kind of interaction it came with.
        text: None where it can't be opened.
    """

    at: datetime
    row: UUID
    sender: str
    what: str
    text: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """What was said, latest first, and where the next page begins (None: this was the last)."""

    said: list[Said]
    before: Place | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What whoever reads should know about the pair."""

    is_restricted: bool
    is_held: bool


def grant(pair: Pair, *, actor: str, reason: str) -> Reveal:
    """Let ``actor`` read what the pair said for ``REVEAL_MINUTES``.

    Raises:
        InvalidInput: the reason is shorter than 15 characters.
        NotFound: nothing is known about the fan.
    """
    reason = reason.strip()
    if len(reason) < LEAST_REASON:
        raise InvalidInput.field("reason", f"needs at least {LEAST_REASON} characters.")
    with store().writing(pair):
        # Under the lock: an erasure that begins now removes this row too.
        if not store().lock(pair):
            raise NotFound("Nothing is known about this fan.")
        keyring.forget(pair)
        reveal = Reveal.objects.create(
            creator_id=pair.creator_id,
            fan_id=pair.fan_id,
            user_id=actor,
            reason=reason,
            expires_at=Now() + timedelta(minutes=settings.REVEAL_MINUTES),
        )
        _record("reveal.granted", reveal, minutes=settings.REVEAL_MINUTES)
    return Reveal.objects.defer("reason").get(pk=reveal.pk)


def get_granted(reveal_id: UUID, *, actor: str) -> Reveal:
    """Return the reveal if it was granted to ``actor`` and its time is not over.

    Raises:
        NotFound: it was granted to somebody else, or there is none: the fan was erased.
        Conflict: its time is over.
    """
    reveal = Reveal.objects.filter(pk=reveal_id, user_id=actor).first()
    if reveal is None:
        raise NotFound("There is no such reveal.")
    if reveal.expires_at <= timezone.now():
        raise Conflict("The time of this reveal is over. Reading on needs a new one, with its own reason.")
    return reveal


def view(reveal_id: UUID, *, actor: str, before: Place | None = None) -> Page:
    """Return a page of what was said, having told the audit log.

    Raises:
        NotFound, Conflict: see ``get_granted``.
        KeysUnavailable: the keys database or the provider did not answer.
    """
    reveal = get_granted(reveal_id, actor=actor)
    found = _latest(reveal.pair, before, ON_A_PAGE + 1)
    said = found[:ON_A_PAGE]
    with transaction.atomic():
        _record("reveal.viewed", reveal, count=len(said))
    return Page(said, (said[-1].at, said[-1].row) if len(found) > ON_A_PAGE else None)


def standing_of(pair: Pair) -> Standing:
    """Return whether the pair's data is restricted (Art. 18), or held."""
    return Standing(bool(limits_of(pair) & Limit.RESTRICTED), holds.is_held(pair))


def find_pair(table_name: str, row_id: str) -> Pair:
    """Return whose row it is; so pages need not carry ids of fans.

    Raises:
        NotFound: there is no such row of a fan.
    """
    tables = [table for table in tables_of_fans() if name_of(table) == table_name]
    try:
        row: Any = tables[0].model._default_manager.only("creator_id", "fan_id").filter(pk=row_id).first()
    except (IndexError, ValueError, ValidationError):
        row = None
    if row is None or not row.fan_id:
        raise NotFound("There is no such row of a fan.")
    return Pair(row.creator_id, row.fan_id)


def _latest(pair: Pair, before: Place | None, limit: int) -> list[Said]:
    """Return the latest of all tables; each is asked for as many as the page holds, by its index."""
    found = [said for table, column in _conversations() for said in _of_table(table, column, pair, before, limit)]
    return sorted(found, key=attrgetter("at", "row"), reverse=True)[:limit]


def _conversations() -> Iterator[tuple[Table, str]]:
    """Yield the tables with sealed text of a conversation, and the column it is in."""
    for table in tables_of_fans():
        for column in table.model._meta.concrete_fields:
            declared = table.fields[column.name]
            is_said = isinstance(declared, Personal) and declared.category is Category.CONVERSATION
            if is_said and isinstance(column, SealedText):
                yield table, column.name


def _of_table(table: Table, column: str, pair: Pair, before: Place | None, limit: int) -> Iterator[Said]:
    rows = table.of_pair(pair).exclude(**{column: b""})
    if before:
        at, row = before
        rows = rows.filter(created_at__lte=at).exclude(Q(created_at=at, pk__gte=row))
    for it in rows.order_by("-created_at", "-pk")[:limit]:
        yield Said(it.created_at, it.pk, it.sender, getattr(it, "type", "message"), _opened(it, column))


def _opened(row: Any, column: str) -> str | None:
    try:
        return str(getattr(row, column))
    except Unreadable:
        # One damaged value must not hide the others.
        return None


def _record(action: str, reveal: Reveal, **details: int) -> None:
    audit.record(
        action,
        actor=reveal.user_id,
        creator_id=reveal.creator_id,
        subject=subject(reveal.pair),
        details={"reveal": str(reveal.pk), **details},
    )
