"""A batch of history into the tables, in a number of statements that does not grow with its rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from memory.domain import PAID_TYPES, Interaction, InteractionType, Pair
from memory.events import history_imported
from memory.models import FanMemory
from memory.models import Interaction as InteractionRow
from memory.services.counters import Tally, count_all
from memory.services.interactions import ONE_MICROSECOND, interaction_row, message_row
from memory.services.writes import announce
from ofmemory.infra.db import insert_new

Stored = FanMemory | InteractionRow
# Which interaction an external id stands for: a message and a purchase may share one.
Key = tuple[type[Stored], str, str]

_MESSAGES = FanMemory._meta.db_table
_KNOWN = """
SELECT stored.fan_id, stored.external_id FROM unnest(%s::text[], %s::text[]) AS wanted(fan_id, external_id)
JOIN {table} AS stored ON stored.fan_id = wanted.fan_id AND stored.external_id = wanted.external_id
WHERE stored.creator_id = %s AND NOT (stored.external_id = '')
"""
# Of each instant that is taken: the last of the messages that follow it without a gap.
_END_OF_RUN = f"""
SELECT wanted.fan_id, wanted.at, last.created_at
FROM unnest(%(fans)s::text[], %(instants)s::timestamptz[]) AS wanted(fan_id, at)
CROSS JOIN LATERAL (
    SELECT run.created_at FROM {_MESSAGES} AS run
    WHERE run.fan_id = wanted.fan_id AND run.creator_id = %(creator)s AND run.created_at >= wanted.at
    AND NOT EXISTS (
        SELECT FROM {_MESSAGES} AS next WHERE next.fan_id = run.fan_id AND next.creator_id = run.creator_id
        AND next.created_at = run.created_at + interval '1 microsecond'
    )
    ORDER BY run.created_at LIMIT 1
) AS last
WHERE EXISTS (
    SELECT FROM {_MESSAGES} AS taken
    WHERE taken.fan_id = wanted.fan_id AND taken.creator_id = %(creator)s AND taken.created_at = wanted.at
)
"""  # noqa: S608 - the name comes from the model


@dataclass(frozen=True, slots=True)
class Report:
    """One interaction of a history: checked, in its creator's currency, with an external id when it is stored.

    Args:
        line: where it stands in the file, from 1.
    """

    line: int
    fan_id: str
    interaction: Interaction

    @property
    def key(self) -> Key:
        return model_of(self.interaction), self.fan_id, self.interaction.external_id

    @property
    def paid(self) -> Decimal:
        said = self.interaction
        return (said.amount or Decimal(0)) if said.type in PAID_TYPES else Decimal(0)


def model_of(interaction: Interaction) -> type[Stored]:
    return FanMemory if interaction.type == InteractionType.MESSAGE else InteractionRow


def store(creator_id: str, reports: Sequence[Report]) -> int:
    """Store what is new of ``reports`` and count it, inside the caller's ``writing`` block; return how many were new.

    Raises:
        InvalidInput: the revenue of a fan would become too large; ``foresee`` says whose.
    """
    # Rows first and counters last, like a single save: the order of locks that two writers must share.
    made = _insert_messages(creator_id, [r for r in reports if model_of(r.interaction) is FanMemory])
    made += _insert_others(creator_id, [r for r in reports if model_of(r.interaction) is InteractionRow])
    tallies: dict[Pair, Tally] = {}
    for report, at in made:
        pair, tally = Pair(creator_id, report.fan_id), Tally.of(report.interaction, at)
        tallies[pair] = tallies[pair] + tally if pair in tallies else tally
    if tallies:
        count_all(tallies)
    for pair in tallies:
        announce(history_imported, creator_id=pair.creator_id, fan_id=pair.fan_id)
    return len(made)


def find_known(creator_id: str, keys: Iterable[Key]) -> set[Key]:
    """Return those of ``keys`` that are stored."""
    wanted: dict[type[Stored], list[Key]] = defaultdict(list)
    for key in keys:
        wanted[key[0]].append(key)
    known: set[Key] = set()
    with connection.cursor() as cursor:
        for model, of_model in wanted.items():
            values = ([fan for _, fan, _ in of_model], [external for _, _, external in of_model], creator_id)
            cursor.execute(_KNOWN.format(table=model._meta.db_table), values)
            known |= {(model, fan, external) for fan, external in cursor.fetchall()}
    return known


def _insert_messages(creator_id: str, reports: Sequence[Report]) -> list[tuple[Report, datetime]]:
    rows = [(report, message_row(Pair(creator_id, report.fan_id), report.interaction)) for report in reports]
    made: list[tuple[Report, datetime]] = []
    while rows:
        ids = insert_new([row for _, row in rows])
        made += [(report, row.created_at) for report, row in rows if row.id in ids]
        left = [(report, row) for report, row in rows if row.id not in ids]
        known = find_known(creator_id, [report.key for report, _ in left])
        rows = [(report, row) for report, row in left if report.key not in known]
        _move_on(creator_id, [row for _, row in rows])
    return made


def _insert_others(creator_id: str, reports: Sequence[Report]) -> list[tuple[Report, datetime]]:
    rows = [(report, interaction_row(Pair(creator_id, report.fan_id), report.interaction)) for report in reports]
    ids = insert_new([row for _, row in rows])
    return [(report, row.created_at) for report, row in rows if row.id in ids]


def _move_on(creator_id: str, rows: Sequence[FanMemory]) -> None:
    """Give messages whose instant is taken the next free ones, in their order."""
    if not rows:
        return
    wanted = list(dict.fromkeys((row.fan_id, row.created_at) for row in rows))
    values: dict[str, Any] = {
        "fans": [fan for fan, _ in wanted],
        "instants": [at for _, at in wanted],
        "creator": creator_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_END_OF_RUN, values)
        ends = {(fan, at): end for fan, at, end in cursor.fetchall()}
    given: dict[tuple[str, datetime], datetime] = {}
    for row in rows:
        end = ends.get((row.fan_id, row.created_at))
        if end is not None:
            given[row.fan_id, end] = row.created_at = given.get((row.fan_id, end), end) + ONE_MICROSECOND
