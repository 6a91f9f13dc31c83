"""What learning learns from: the interactions of pairs, in the order in which they happened."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from memory.domain import Sender
from memory.models import EngagementMetrics, FanMemory, Interaction
from ofmemory.infra.db import Columns
from privacy.domain import Limit, Pair
from privacy.errors import Unreadable

THE_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# Whoever may only be stored, or not even that, is not learnt about; what else may be is asked purpose by purpose.
_NOTHING_MAY = int(Limit.RESTRICTED | Limit.NO_MEMORY)
# One message that can't be opened must not keep a fan from being learnt about.
_MESSAGE = Columns(
    FanMemory,
    *("id", "creator_id", "fan_id", "sender", "message_content", "reading", "created_at", "metadata"),
    tolerating=Unreadable,
)
_INTERACTION = Columns(
    Interaction,
    *("id", "creator_id", "fan_id", "type", "sender", "amount", "content", "created_at", "metadata"),
    tolerating=Unreadable,
)


def _since(columns: Columns) -> str:
    """The first rows at or after an instant, of many pairs at once."""
    return f"""
    SELECT oldest.* FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS wanted(creator_id, fan_id, since)
    CROSS JOIN LATERAL (
        SELECT {columns.sql} FROM {columns.table} AS kept
        WHERE kept.fan_id = wanted.fan_id AND kept.creator_id = wanted.creator_id AND kept.created_at >= wanted.since
        ORDER BY kept.created_at, kept.id LIMIT %s
    ) AS oldest
    """  # noqa: S608 - names from models


_NUMBERS = f"""
SELECT id FROM {EngagementMetrics._meta.db_table}
WHERE (creator_id, fan_id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""  # noqa: S608 - the name comes from the model
_MESSAGES_SINCE, _INTERACTIONS_SINCE = _since(_MESSAGE), _since(_INTERACTION)


@dataclass(frozen=True, slots=True)
class Known:
    """A pair as its counters tell it.

    Args:
        number: by which it is woken up.
        total: how many interactions there are.
        learnt: how many of them learning has taken in.
    """

    number: int
    pair: Pair
    limits: Limit
    total: int
    learnt: int


class Activity(NamedTuple):
    """That somebody did something, without what it was."""

    at: datetime
    id: UUID
    sender: Sender
    is_message: bool


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Show one instant to every query in the block, so that counters and rows agree."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def find_pairs(numbers: Sequence[int]) -> list[Known]:
    """Return those of the pairs that there are and that may be learnt about."""
    rows = learnable_pairs().filter(pk__in=numbers).order_by("pk")
    return [_known(row) for row in rows]


def find_pair(pair: Pair) -> Known | None:
    """Return the pair, or None if there is none or it may not be learnt about."""
    row = learnable_pairs().filter(creator_id=pair.creator_id, fan_id=pair.fan_id).first()
    return _known(row) if row else None


def find_numbers(pairs: Sequence[Pair]) -> list[int]:
    """Return the numbers of those of the pairs that there are."""
    creators, fans = [pair.creator_id for pair in pairs], [pair.fan_id for pair in pairs]
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERS, (creators, fans))
        return [number for (number,) in cursor.fetchall()]


def learnable_pairs() -> Any:
    """Return the counters of the pairs that may be learnt about at all."""
    return EngagementMetrics.objects.alias(against=F("limits").bitand(_NOTHING_MAY)).filter(against=0)


def _known(row: EngagementMetrics) -> Known:
    return Known(row.pk, row.pair, Limit(row.limits), row.total_interactions, row.learnt_interactions)


def list_messages_since(since: Mapping[Pair, datetime], limit: int) -> dict[Pair, list[Any]]:
    """Return each pair's first messages at or after an instant, oldest first; at most ``limit`` of each."""
    return _rows_since(_MESSAGE, _MESSAGES_SINCE, since, limit)


def list_interactions_since(since: Mapping[Pair, datetime], limit: int) -> dict[Pair, list[Any]]:
    """Return each pair's first interactions other than messages; see ``list_messages_since``."""
    return _rows_since(_INTERACTION, _INTERACTIONS_SINCE, since, limit)


def _rows_since(columns: Columns, sql: str, since: Mapping[Pair, datetime], limit: int) -> dict[Pair, list[Any]]:
    found: dict[Pair, list[Any]] = defaultdict(list)
    creators, fans = [pair.creator_id for pair in since], [pair.fan_id for pair in since]
    for row in columns.fetch(sql, (creators, fans, list(since.values()), limit)):
        found[Pair(row.creator_id, row.fan_id)].append(row)
    return found


def list_creators() -> list[str]:
    """Return the creators that have fans."""
    return list(EngagementMetrics.objects.order_by("creator_id").values_list("creator_id", flat=True).distinct())


def list_activity(creator_id: str, fan_ids: Sequence[str], since: datetime) -> dict[str, list[Activity]]:
    """Return when who did something, of some of a creator's fans, in order; nothing of what was said is opened."""
    found: dict[str, list[Activity]] = defaultdict(list)
    of_fans = {"creator_id": creator_id, "fan_id__in": fan_ids, "created_at__gte": since}
    messages = FanMemory.objects.filter(**of_fans).values_list("fan_id", "id", "created_at", "sender")
    others = Interaction.objects.filter(**of_fans).values_list("fan_id", "id", "created_at", "sender")
    for rows, is_message in ((messages, True), (others, False)):
        for fan_id, key, at, sender in rows.iterator():
            found[fan_id].append(Activity(at, key, Sender(sender), is_message))
    return {fan_id: sorted(activities) for fan_id, activities in found.items()}
