"""Searching the audit log: what was done to whose data, by whom, when. Every search is itself in the log.

The log knows fans by handle only, and a fan's handle is found with the keys database: of an erased fan nothing is
found, because nothing leads from the fan to the entries any more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Max, Min, Q

from ofmemory.errors import InvalidInput
from ofmemory.infra.db import taking
from privacy.domain import Pair
from privacy.keys import keyring
from privacy.keys.guard import guarded
from privacy.models import AuditEntry, DataKey
from privacy.services.audit import record

MOST_ON_A_PAGE = 500
_PAIRS_AT_ONCE = 1000

# An entry's place in the order of time: when, and its position.
Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Criteria:
    """What to look for; all that is given must hold.

    Args:
        pair: the fan whose data it was.
        actor: ``user:<id>``, ``key:<id>`` or ``system:<what>``.
        action: such as ``erasure.completed``.
        since, until: the period; until is not in it.
    """

    pair: Pair | None = None
    actor: str = ""
    action: str = ""
    creator_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, latest first, and where the next page begins (None: this was the last)."""

    entries: list[AuditEntry]
    after: Place | None


@dataclass(frozen=True, slots=True)
class Accessed:
    """A fan whose data was accessed.

    Args:
        handle: what the log calls the pair.
        pair: who that is, where it is one of the candidates.
        count: entries of it in the period.
    """

    creator_id: str
    handle: UUID
    pair: Pair | None
    count: int
    first_at: datetime
    last_at: datetime


def search(*, by: str, criteria: Criteria, after: Place | None = None, limit: int = 50) -> Page:
    """Return a page of entries.

    Args:
        by: the actor who searches.
        after: ``Page.after`` of the page before.
        limit: up to 500.

    Raises:
        InvalidInput: neither a fan, an actor, a creator nor a beginning and end of a period is given.
        KeysUnavailable: the keys database did not answer.
    """
    if not (criteria.pair or criteria.actor or criteria.creator_id or (criteria.since and criteria.until)):
        raise InvalidInput("Search by a fan, an actor, a creator, or a period.")
    handle = handle_of(criteria.pair) if criteria.pair else None
    limit = max(1, min(limit, MOST_ON_A_PAGE))
    with _searching():
        found = _page(criteria, handle, after, limit) if handle or not criteria.pair else []
        _tell("audit.searched", by, criteria, handle, len(found[:limit]))
    more = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], (more.at, more.position) if more else None)


def list_accessed(
    *,
    by: str,
    since: datetime,
    until: datetime,
    actor: str = "",
    creator_id: str = "",
    actions: Sequence[str] = (),
    candidates: Iterable[Pair] = (),
) -> list[Accessed]:
    """Return the fans whose data somebody accessed in a period: the question after a breach (Art. 33).

    Args:
        by: the actor who asks.
        actor: whose accesses; empty: anybody's.
        actions: only these; empty: of whatever kind.
        candidates: pairs to tell by name; the others are returned by handle alone.

    Raises:
        KeysUnavailable: candidates were given, and the keys database did not answer.
    """
    criteria = Criteria(actor=actor, creator_id=creator_id, since=since, until=until)
    named = _pairs_by_handle(candidates)
    with _searching():
        entries = AuditEntry.objects.filter(_holds(criteria, None), subject__isnull=False)
        if actions:
            entries = entries.filter(action__in=actions)
        grouped = entries.values("creator_id", "subject").annotate(count=Count("pk"), first=Min("at"), last=Max("at"))
        found = [_accessed(row, named) for row in grouped.order_by("creator_id", "subject")]
        _tell("audit.accesses_listed", by, criteria, None, len(found))
    return found


def handle_of(pair: Pair) -> UUID | None:
    """Return what the log calls the pair; None where it has no key: never seen, or erased.

    Raises:
        KeysUnavailable: the keys database did not answer.
    """
    return next((handle for handle, found in _pairs_by_handle([pair]).items() if found == pair), None)


def _page(criteria: Criteria, handle: UUID | None, after: Place | None, limit: int) -> list[AuditEntry]:
    """Return one entry more than ``limit`` where there are more."""
    entries = AuditEntry.objects.filter(_holds(criteria, handle))
    if after:
        at, position = after
        # The first condition follows from the second; it is the one an index understands.
        entries = entries.filter(at__lte=at).exclude(at=at, position__gte=position)
    return list(entries.order_by("-at", "-position")[: limit + 1])


def _holds(criteria: Criteria, handle: UUID | None) -> Q:
    wanted: dict[str, Any] = {
        "subject": handle,
        "creator_id": criteria.creator_id or (criteria.pair.creator_id if criteria.pair else ""),
        "actor": criteria.actor,
        "action": criteria.action,
        "at__gte": criteria.since,
        "at__lt": criteria.until,
    }
    return Q(**{name: value for name, value in wanted.items() if value})


def _accessed(row: Mapping[str, Any], named: Mapping[UUID, Pair]) -> Accessed:
    pair = named.get(row["subject"])
    return Accessed(row["creator_id"], row["subject"], pair, row["count"], row["first"], row["last"])


def _pairs_by_handle(pairs: Iterable[Pair]) -> dict[UUID, Pair]:
    """Return handle → pair. By the rows alone: unwrapping a key only to learn a name may cost a call of a KMS."""
    found: dict[UUID, Pair] = {}
    rest = iter(pairs)
    while some := list(islice(rest, _PAIRS_AT_ONCE)):
        subjects = {keyring.subject_of(pair): pair for pair in some}
        with guarded():
            rows = list(DataKey.objects.filter(subject__in=subjects).values_list("handle", "subject"))
        found |= {handle: subjects[bytes(subject)] for handle, subject in rows}
    return found


@contextmanager
def _searching() -> Iterator[None]:
    """A search may take its time. The index of times (BRIN) is read by bitmap scans only, which settings switch off."""
    with transaction.atomic(), taking(60):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_bitmapscan = on")
        yield


def _tell(action: str, by: str, criteria: Criteria, handle: UUID | None, count: int) -> None:
    asked: dict[str, Any] = {
        "ofActor": criteria.actor,
        "ofAction": criteria.action,
        "since": criteria.since and criteria.since.isoformat(),
        "until": criteria.until and criteria.until.isoformat(),
    }
    details = {name: value for name, value in asked.items() if value} | {
        "byFan": criteria.pair is not None,
        "count": count,
    }
    creator_id = criteria.pair.creator_id if criteria.pair else criteria.creator_id
    record(action, actor=by, creator_id=creator_id, subject=handle, details=details)
