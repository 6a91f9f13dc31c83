"""A batch of history into the tables, in a number of statements that does not grow with its rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from memory.domain import PAID_TYPES, Interaction, InteractionType
from memory.events import history_imported
from memory.models import FanMemory
from memory.models import Interaction as InteractionRow
from memory.services.counters import Tally, count_all
from memory.services.instants import move_on
from memory.services.interactions import interaction_row, message_row, stored_id
from memory.services.writes import announce
from ofmemory.infra.db import insert_new
from privacy.domain import Pair

Stored = FanMemory | InteractionRow
# Which interaction an external id stands for: a message and a purchase may share one.
Key = tuple[type[Stored], str, str]

_KNOWN = """
SELECT stored.fan_id, stored.external_id FROM unnest(%s::text[], %s::text[]) AS wanted(fan_id, external_id)
JOIN {table} AS stored ON stored.fan_id = wanted.fan_id AND stored.external_id = wanted.external_id
WHERE stored.creator_id = %s AND NOT (stored.external_id = '')
"""


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
    for number in count_all(tallies).values() if tallies else ():
        announce(history_imported, pair_number=number)
    return len(made)


def find_known(creator_id: str, keys: Iterable[Key]) -> set[Key]:
    """Return those of ``keys`` that are stored."""
    wanted: dict[type[Stored], list[Key]] = defaultdict(list)
    for key in keys:
        wanted[key[0]].append(key)
    known: set[Key] = set()
    with connection.cursor() as cursor:
        for model, of_model in wanted.items():
            stored = {(key[1], stored_id(Pair(creator_id, key[1]), key[2])): key for key in of_model}
            values = ([fan for fan, _ in stored], [kept for _, kept in stored], creator_id)
            cursor.execute(_KNOWN.format(table=model._meta.db_table), values)
            known |= {stored[fan, kept] for fan, kept in cursor.fetchall()}
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
        move_on(creator_id, [row for _, row in rows])
    return made


def _insert_others(creator_id: str, reports: Sequence[Report]) -> list[tuple[Report, datetime]]:
    rows = [(report, interaction_row(Pair(creator_id, report.fan_id), report.interaction)) for report in reports]
    ids = insert_new([row for _, row in rows])
    return [(report, row.created_at) for report, row in rows if row.id in ids]
