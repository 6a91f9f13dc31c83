"""The sealed columns of every table: which pairs have any, and a pair's rows sealed anew with its current key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models

from privacy.domain import Pair
from privacy.errors import Unreadable
from privacy.fields import SealedField
from privacy.keys import keyring

BATCH = 500


@dataclass(frozen=True)
class SealedTable:
    """A table with sealed columns. All there are, declared or not: one forgotten would be lost with the old key."""

    model: type[models.Model]
    columns: tuple[SealedField, ...]

    @property
    def name(self) -> str:
        return self.model._meta.db_table


@dataclass(frozen=True, slots=True)
class Resealed:
    """What became of one batch of rows.

    Args:
        rows: sealed anew.
        unreadable: that do not open, and stay as they are.
        last: key of the last row looked at; None when there was none left.
    """

    rows: int
    unreadable: int
    last: Any


def sealed_tables() -> list[SealedTable]:
    """Return every table with a sealed column."""
    found = [
        SealedTable(model, tuple(field for field in model._meta.concrete_fields if isinstance(field, SealedField)))
        for model in apps.get_models(include_auto_created=True)
    ]
    return sorted((table for table in found if table.columns), key=lambda table: table.name)


def iterate_pairs(creator_id: str = "") -> Iterator[Pair]:
    """Yield every pair with a row in such a table; of one creator if one is named."""
    querysets = [table.model._base_manager.values_list("creator_id", "fan_id") for table in sealed_tables()]
    if creator_id:
        querysets = [queryset.filter(creator_id=creator_id) for queryset in querysets]
    everything = querysets[0].order_by().union(*(queryset.order_by() for queryset in querysets[1:]))
    for creator, fan in everything.order_by("creator_id", "fan_id").iterator(chunk_size=BATCH):
        yield Pair(creator, fan)


def reseal(table: SealedTable, pair: Pair, keys: keyring.PairKeys, after: Any) -> Resealed:
    """Seal a batch of the pair's rows anew that an older key sealed; inside the caller's transaction.

    Args:
        keys: of the pair; the current one of them seals.
        after: key of the row to begin behind; None: from the first.

    Raises:
        KeysUnavailable: the keys database or the provider did not answer.
    """
    rows = _locked_rows(table, pair, keys.current.id, after)
    anew = [row for row in (_sealed_anew(table, pair, keys, row) for row in rows) if row is not None]
    _update(table, anew)
    return Resealed(len(anew), len(rows) - len(anew), rows[-1][0] if rows else None)


def _locked_rows(table: SealedTable, pair: Pair, key_id: int, after: Any) -> list[Any]:
    pk = _quoted(_pk(table))
    values = [pk, *(_row_name(column) for column in table.columns), *(_quoted(column) for column in table.columns)]
    # Bytes 2 to 9 of an envelope name its key.
    old = " OR ".join(
        f"(octet_length({name}) > 0 AND substring({name} FROM 2 FOR 8) <> %s)" for name in map(_quoted, table.columns)
    )
    sql = (
        f'SELECT {", ".join(values)} FROM "{table.name}" WHERE creator_id = %s AND fan_id = %s AND ({old}) '  # noqa: S608 - names from models
        f"{'' if after is None else f'AND {pk} > %s'} ORDER BY {pk} LIMIT {BATCH} FOR UPDATE"
    )
    named = [key_id.to_bytes(8, "big")] * len(table.columns)
    with connection.cursor() as cursor:
        cursor.execute(sql, [pair.creator_id, pair.fan_id, *named, *([] if after is None else [after])])
        return list(cursor.fetchall())


def _sealed_anew(table: SealedTable, pair: Pair, keys: keyring.PairKeys, row: Sequence[Any]) -> list[Any] | None:
    count = len(table.columns)
    try:
        return [
            row[0],
            *(
                keys.seal(
                    keyring.open_sealed(pair, bytes(old), column.place, _bytes(place)), column.place, _bytes(place)
                )
                if old
                else old
                for column, place, old in zip(table.columns, row[1 : count + 1], row[count + 1 :], strict=True)
            ),
        ]
    except Unreadable:
        return None


def _update(table: SealedTable, rows: Sequence[list[Any]]) -> None:
    if not rows:
        return
    names = [_quoted(column) for column in table.columns]
    kinds = [f"%s::{_pk(table).rel_db_type(connection)}[]", *["%s::bytea[]"] * len(names)]
    sql = (
        f'UPDATE "{table.name}" AS old SET {", ".join(f"{name} = new.{name}" for name in names)} '  # noqa: S608 - names from models
        f"FROM unnest({', '.join(kinds)}) AS new (key, {', '.join(names)}) WHERE old.{_quoted(_pk(table))} = new.key"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(column) for column in zip(*rows, strict=True)])


def _pk(table: SealedTable) -> Any:
    return table.model._meta.pk


def _row_name(column: SealedField) -> str:
    """Return the column that names the row a value is sealed for, or an empty value where the pair alone does."""
    if not column._row_name:
        return "NULL"
    return _quoted(column.model._meta.get_field(column._row_name))


def _quoted(column: Any) -> str:
    return connection.ops.quote_name(str(column.column))


def _bytes(row: Any) -> bytes:
    if row is None:
        return b""
    return row.bytes if isinstance(row, UUID) else bytes(row)
