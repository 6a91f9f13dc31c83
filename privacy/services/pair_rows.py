"""The rows of a pair in every registered table of the main database: counted, deleted, anonymised."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.db import DEFAULT_DB_ALIAS, models, router
from django.db.models import Q

from privacy.domain import OnErasure, Pair
from privacy.fields import Sealed, SealedField
from privacy.models import DataRequest
from privacy.registry import Table, store, tables

ADMIN_LOG = LogEntry._meta.db_table
# The instant at which the database wrote a row, by the names our tables have for it.
_WRITTEN_AT = ("received_at", "recorded_at", "created_at", "placed_at", "granted_at", "updated_at", "last_updated")
# What may stand beside an id without being a part of it.
_EDGE = "[^[:alnum:]_-]"


def tables_of_fans() -> list[Table]:
    """Return the tables of the main database that hold rows of fans; the locks of pairs last."""
    return [
        table for table in tables() if table.subject == "fan" and router.db_for_write(table.model) == DEFAULT_DB_ALIAS
    ]


def name_of(table: Table) -> str:
    return table.model._meta.db_table


def lock(pair: Pair) -> bool:
    """Lock the pair until the transaction ends, by a row that is made where it has none; return whether it had."""
    return store().lock(pair) or not store().lock(pair, create=True)


def but_the_lock(counts: dict[str, int]) -> dict[str, int]:
    """Leave out of ``counts`` the row that ``lock`` made."""
    locks = {name_of(table) for table in tables_of_fans() if table.lock}
    return {name: count - (name in locks) for name, count in counts.items()}


def count_rows(pair: Pair, *, except_request: UUID | None = None, but_locks: bool = False) -> dict[str, int]:
    """Return how many rows of the pair each table holds, titles in the admin's log among them."""
    counted = [table for table in tables_of_fans() if not (but_locks and table.lock)]
    counts = {name_of(table): _rows(table, pair, except_request).count() for table in counted}
    return counts | {ADMIN_LOG: _titles(pair).count()}


def erase_rows(pair: Pair, *, except_request: UUID | None = None) -> dict[str, int]:
    """Delete or anonymise every row of the pair, under its lock; return how many of each table.

    Args:
        except_request: the request that is carried out; it needs the fan until it is complete.
    """
    counts = {name_of(table): _erase(table, _rows(table, pair, except_request)) for table in tables_of_fans()}
    return counts | {ADMIN_LOG: _titles(pair).update(object_repr="", change_message="")}


def erase_rows_before(pair: Pair, instant: datetime) -> dict[str, int]:
    """Erase, under the pair's lock, what was written before ``instant``; the lock's row only where nothing is left."""
    counts: dict[str, int] = {}
    for table in tables_of_fans():
        older = _written_before(table, pair, instant)
        if not table.lock:
            counts[name_of(table)] = _erase(table, older)
        elif any(count_rows(pair, but_locks=True).values()):
            counts[name_of(table)] = 0
        else:
            counts[name_of(table)] = _erase(table, older)
    return counts


def _written_before(table: Table, pair: Pair, instant: datetime) -> Any:
    """What was made of rows that go, goes whole: it is made again from those that stay."""
    rows = table.of_pair(pair)
    return rows if table.rebuilt else rows.filter(**{f"{_written_at(table)}__lt": instant})


def _written_at(table: Table) -> str:
    columns = {column.name for column in table.model._meta.concrete_fields}
    return next(name for name in _WRITTEN_AT if name in columns)


def preserved() -> list[Table]:
    """Return the tables of fans whose rows an erasure leaves as they are."""
    return [table for table in tables_of_fans() if table.on_erasure is OnErasure.PRESERVE]


def anonymous(model: type[models.Model]) -> dict[str, Any]:
    """Return the values that make a row of ``model`` nobody's: no fan, and nothing sealed with the fan's key."""
    sealed = {field.name: Sealed() for field in model._meta.concrete_fields if isinstance(field, SealedField)}
    return {"fan_id": "", **sealed}


def pattern_of(fan_id: str) -> str:
    """Return a POSIX regular expression that finds the id as a word of its own, as it is or as JSON spells it."""
    spellings = dict.fromkeys([fan_id, json.dumps(fan_id, ensure_ascii=False)[1:-1], json.dumps(fan_id)[1:-1]])
    return f"(^|{_EDGE})({'|'.join(map(_literally, spellings))})($|{_EDGE})"


def _literally(text: str) -> str:
    return "".join(char if char.isalnum() or ord(char) > 127 else f"\\{char}" for char in text)


def is_distinctive(fan_id: str) -> bool:
    """Return whether the id can be told from the words and numbers that stand in every table anyway."""
    return len(fan_id) >= 6 and any(char.isdigit() for char in fan_id)


def _rows(table: Table, pair: Pair, except_request: UUID | None) -> Any:
    rows = table.of_pair(pair)
    return rows.exclude(id=except_request) if table.model is DataRequest and except_request else rows


def _erase(table: Table, rows: Any) -> int:
    if table.on_erasure is OnErasure.PRESERVE:
        return 0
    if table.on_erasure is OnErasure.ANONYMISE:
        return int(rows.update(**anonymous(table.model)))
    return int(rows.delete()[0])


def _titles(pair: Pair) -> Any:
    """Return the entries of the admin's log that name the fan. Other fans of the same name lose a title, no more."""
    pattern = pattern_of(pair.fan_id)
    return LogEntry.objects.filter(Q(object_repr__regex=pattern) | Q(change_message__regex=pattern))
