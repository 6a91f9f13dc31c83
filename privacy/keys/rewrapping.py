"""Wrapping keys anew with the current key-encryption key, while others go on using and making keys."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from privacy.errors import KeysUnavailable
from privacy.keys.guard import cursor, removing_kek, storing_wrapped
from privacy.keys.models import DataKey, ServiceKey
from privacy.keys.providers import current_provider, unwrap_many
from privacy.keys.providers.base import Wrapped
from privacy.keys.rows import data_key_context
from privacy.keys.service_keys import service_key_context

BATCH = 500
# A provider behind a wire answers several at once.
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    key: str
    key_type: str
    named: str
    context: Callable[[Any], bytes]


_TABLES = (
    _Table(ServiceKey._meta.db_table, "name", "text", "name", service_key_context),
    _Table(DataKey._meta.db_table, "id", "bigint", "subject", lambda subject: data_key_context(bytes(subject))),
)


def count_others(kek_id: str) -> int:
    """Return how many keys are wrapped by any other key than this one."""
    with cursor() as opened:
        return sum(_count(opened, table, "kek_id <> %s", [kek_id]) for table in _TABLES)


def count_all() -> int:
    """Return how many wrapped keys there are."""
    with cursor() as opened:
        return sum(_count(opened, table, "true", []) for table in _TABLES)


def rewrap_all() -> Iterator[tuple[int, int]]:
    """Wrap anew whatever the current KEK did not wrap; yield (rewrapped, failed) of each batch.

    A key that can't be unwrapped stays as it is.

    Raises:
        KeysUnavailable: the keys database did not answer, or the provider wraps nothing.
    """
    for table in _TABLES:
        after: Any = None
        while batch := _next(table, after):
            after = batch[-1][0]
            yield _rewrap(table, batch)


def ids_in_use(opened: Any) -> set[str]:
    """Return the ids of all KEKs that wrap something."""
    used: set[str] = set()
    for table in _TABLES:
        opened.execute(f"SELECT DISTINCT kek_id FROM {table.name}")  # noqa: S608 - names from models
        used |= {kek_id for (kek_id,) in opened.fetchall()}
    return used


def remove_unused(ids: Callable[[], list[str]], remove: Callable[[str], None]) -> list[str]:
    """Remove those of ``ids()`` that wrap nothing; nobody stores what they wrapped meanwhile. Return them."""
    with removing_kek() as opened:
        used = ids_in_use(opened)
        unused = [kek_id for kek_id in ids() if kek_id not in used]
        for kek_id in unused:
            remove(kek_id)
    return unused


def _count(opened: Any, table: _Table, condition: str, values: list[str]) -> int:
    opened.execute(f"SELECT count(*) FROM {table.name} WHERE {condition}", values)  # noqa: S608 - names from models
    return int(opened.fetchone()[0])


def _next(table: _Table, after: Any) -> list[tuple[Any, Any, bytes, str]]:
    from_there = "" if after is None else f"AND {table.key} > %s"
    sql = (
        f"SELECT {table.key}, {table.named}, wrapped, kek_id FROM {table.name} "  # noqa: S608 - names from models
        f"WHERE kek_id <> %s {from_there} ORDER BY {table.key} LIMIT {BATCH}"
    )
    with cursor() as opened:
        opened.execute(sql, [current_provider().current_id(), *([] if after is None else [after])])
        return list(opened.fetchall())


def _rewrap(table: _Table, batch: list[tuple[Any, Any, bytes, str]]) -> tuple[int, int]:
    contexts = [table.context(named) for _, named, _, _ in batch]
    old = [(kek_id, bytes(wrapped), context) for (_, _, wrapped, kek_id), context in zip(batch, contexts, strict=True)]
    new = _wrapped_anew(old)
    rows = [
        (row[0], row[3], wrapped, kek_id)
        for row, (kek_id, wrapped) in zip(batch, new, strict=True)
        if wrapped is not None
    ]
    return _store(table, rows), len(batch) - len(rows)


def _wrapped_anew(old: list[Wrapped]) -> list[tuple[str, bytes | None]]:
    materials = unwrap_many(old)
    provider = current_provider()

    def wrap(place: int) -> tuple[str, bytes | None]:
        material = materials[place]
        return ("", None) if isinstance(material, KeysUnavailable) else provider.wrap(material, old[place][2])

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(wrap, range(len(old))))


def _store(table: _Table, rows: list[tuple[Any, str, bytes, str]]) -> int:
    """Store what nobody else wrapped anew meanwhile; nothing where the new KEK itself has been replaced."""
    sql = f"""
    UPDATE {table.name} AS old SET wrapped = new.wrapped, kek_id = new.kek_id
    FROM unnest(%s::{table.key_type}[], %s::text[], %s::bytea[], %s::text[]) AS new (key, was, wrapped, kek_id)
    WHERE old.{table.key} = new.key AND old.kek_id = new.was
    """  # noqa: S608 - names from models
    with storing_wrapped() as opened:
        if not rows or not all(map(current_provider().keeps, {kek_id for *_, kek_id in rows})):
            return 0
        opened.execute(sql, [list(column) for column in zip(*rows, strict=True)])
        return int(opened.rowcount)
