"""The counters of a pair. Sums, minima and maxima only: the order in which events arrive changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import DataError, connection

from memory.domain import PAID_TYPES, Interaction, InteractionType, Sender
from memory.models import EngagementMetrics
from memory.services.admission import admit
from ofmemory.errors import InvalidInput
from privacy.domain import Pair
from privacy.keys import keyring

_TABLE = EngagementMetrics._meta.db_table
_SUMS = ("total_messages", "total_purchases", "total_tips", "total_interactions", "total_revenue")
_COUNT = f"""
INSERT INTO {_TABLE} (creator_id, fan_id, {", ".join(_SUMS)}, first_interaction, last_interaction, last_fan_interaction,
    key_id)
{{source}}
ON CONFLICT (creator_id, fan_id) DO UPDATE SET
    {", ".join(f"{name} = {_TABLE}.{name} + EXCLUDED.{name}" for name in _SUMS)},
    first_interaction = LEAST({_TABLE}.first_interaction, EXCLUDED.first_interaction),
    last_interaction = GREATEST({_TABLE}.last_interaction, EXCLUDED.last_interaction),
    last_fan_interaction = GREATEST({_TABLE}.last_fan_interaction, EXCLUDED.last_fan_interaction),
    key_id = GREATEST({_TABLE}.key_id, EXCLUDED.key_id),
    updated_at = now()
RETURNING creator_id, fan_id, id, xmax = 0, key_id, limits
"""
# xmax is 0 in a row that was inserted just now, and the transaction that locked it in one that was updated.
_COUNT_ONE = _COUNT.format(source="VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)")
_COUNT_MANY = _COUNT.format(
    source="""SELECT * FROM unnest(
    %s::text[], %s::text[], %s::int[], %s::int[], %s::int[], %s::int[], %s::numeric[], %s::timestamptz[],
    %s::timestamptz[], %s::timestamptz[], %s::bigint[])"""
)
MAX_REVENUE = Decimal("99999999.99")


@dataclass(frozen=True, slots=True)
class Tally:
    """What some interactions of one pair add to its counters."""

    messages: int
    purchases: int
    tips: int
    interactions: int
    revenue: Decimal
    first: datetime
    last: datetime
    last_by_fan: datetime | None

    @classmethod
    def of(cls, interaction: Interaction, at: datetime) -> "Tally":
        """Return what one interaction, stored at ``at``, adds."""
        return cls(
            messages=int(interaction.type == InteractionType.MESSAGE),
            purchases=int(interaction.type == InteractionType.PURCHASE),
            tips=int(interaction.type == InteractionType.TIP),
            interactions=1,
            revenue=(interaction.amount or Decimal(0)) if interaction.type in PAID_TYPES else Decimal(0),
            first=at,
            last=at,
            last_by_fan=at if interaction.sender == Sender.FAN else None,
        )

    def __add__(self, other: "Tally") -> "Tally":
        by_fan = [at for at in (self.last_by_fan, other.last_by_fan) if at is not None]
        return Tally(
            self.messages + other.messages,
            self.purchases + other.purchases,
            self.tips + other.tips,
            self.interactions + other.interactions,
            self.revenue + other.revenue,
            min(self.first, other.first),
            max(self.last, other.last),
            max(by_fan, default=None),
        )


def count(pair: Pair, tally: Tally) -> int:
    """Add ``tally`` to the pair's counters, and lock the pair until the transaction ends.

    Returns:
        The number of the pair, by which it is woken up for learning.

    Raises:
        InvalidInput: the revenue would pass ``MAX_REVENUE``.
        Erased, NotConsented, StaleKey: see ``admit``.
    """
    return count_all({pair: tally})[pair]


def count_all(tallies: Mapping[Pair, Tally]) -> dict[Pair, int]:
    """Add to the counters of several pairs (at least one), and lock them, in one order for everybody.

    Returns:
        The number of each pair.

    Raises:
        InvalidInput: the revenue of a pair would pass ``MAX_REVENUE``.
        Erased, NotConsented, StaleKey: see ``admit``.
    """
    pairs = sorted(tallies, key=lambda pair: (pair.creator_id, pair.fan_id))
    rows = [_columns(pair, tallies[pair]) for pair in pairs]
    with connection.cursor() as cursor:
        try:
            if len(rows) == 1:
                cursor.execute(_COUNT_ONE, rows[0])
            else:
                cursor.execute(_COUNT_MANY, [list(column) for column in zip(*rows, strict=True)])
            counted = cursor.fetchall()
        except DataError as error:
            raise InvalidInput.field("amount", f"takes the fan's revenue above {MAX_REVENUE:,}.") from error
    for creator_id, fan_id, _, is_new, key_id, limits in counted:
        admit(Pair(creator_id, fan_id), is_new=is_new, key_id=key_id, limits=limits)
    return {Pair(creator_id, fan_id): number for creator_id, fan_id, number, *_ in counted}


def _columns(pair: Pair, tally: Tally) -> tuple[Any, ...]:
    return (
        pair.creator_id,
        pair.fan_id,
        tally.messages,
        tally.purchases,
        tally.tips,
        tally.interactions,
        tally.revenue,
        tally.first,
        tally.last,
        tally.last_by_fan,
        keyring.ensure(pair).current.id,
    )
