"""The registry of personal data: what every column of every table holds, why, for how long, and what erasure does.

Declared once, beside the models (``<app>/personal_data.py``, loaded in ``apps.py: ready()``). Erasure, export, the
record of processing activities and the system check all read it: a table or column that is not declared fails the
build. It is also the socket through which the memory room, above this one, lends its pairs and its caches.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db import models

from privacy.domain import Category, Limit, OnErasure, Origin, Pair, Purpose


@dataclass(frozen=True, slots=True)
class Personal:
    """A column with personal data.

    Args:
        category: what kind of datum.
        origin: provided, observed or inferred; decides in which export it stands.
        label: its name in exports, as in the API; empty: not exported (say why in ``note``).
        purpose: what it serves; withdrawing the consent to it removes inferred data.
        note: for the record of processing activities.
        logic: how an inferred datum comes about, in words for the fan (Art. 15(1)(h)).
    """

    category: Category
    origin: Origin = Origin.OBSERVED
    label: str = ""
    purpose: Purpose = Purpose.MEMORY
    note: str = ""
    logic: str = ""


@dataclass(frozen=True, slots=True)
class NotPersonal:
    """A column without personal data of fans, and why."""

    why: str


@dataclass(frozen=True)
class Table:
    """A table and what its columns hold.

    Args:
        model: whose table.
        fields: every concrete field by name.
        basis: the legal basis, such as "Art. 6(1)(b), 9(2)(a)".
        retention: how long rows are kept, in words.
        on_erasure: of a pair's rows; DELETE needs the columns creator_id and fan_id.
        subject: whose data it is: "fan", "staff" or "nobody".
        name: of the part in exports; empty: not exported.
        provided_if: tells for a row whether its PROVIDED columns were provided by the fan (else observed by us, and in
            Art. 15 only); None: always.
        lock: its rows are the pairs' locks; deleted last.
        rebuilt: what was inferred for several purposes lies in one place, and can be made again from the other rows: it
            goes as soon as one of them ends.
    """

    model: type[models.Model]
    fields: Mapping[str, Personal | NotPersonal]
    basis: str
    retention: str
    on_erasure: OnErasure
    subject: str = "fan"
    name: str = ""
    provided_if: Callable[[Any], bool] | None = None
    lock: bool = False
    rebuilt: bool = False
    rows_of: Callable[[Pair], Any] | None = field(default=None)

    def of_pair(self, pair: Pair) -> Any:
        """Return the queryset of a pair's rows."""
        if self.rows_of is not None:
            return self.rows_of(pair)
        return self.model._default_manager.filter(creator_id=pair.creator_id, fan_id=pair.fan_id)


class PairStore(Protocol):
    """What the room that keeps pairs lends to this one."""

    def writing(self, pair: Pair) -> AbstractContextManager[Any]:
        """Run the block in one transaction, with the caches of the pair held off and cleared after it."""

    def lock(self, pair: Pair, *, create: bool = False) -> bool:
        """Lock the pair until the transaction ends; return whether there is one (with ``create`` there is)."""

    def forgotten(self, pair: Pair) -> None:
        """Inside the transaction of an erasure: tell, after the commit, that the pair is gone."""

    def set_key(self, pair: Pair, key_id: int) -> None:
        """Put the id of the data key in use onto the pair's lock row, inside a ``writing`` block that has locked it."""

    def set_limits(self, pair: Pair, limits: Limit) -> None:
        """Put what must not be done with the pair onto its lock row, inside a ``writing`` block."""

    def iterate_pairs(self, *, after: Pair | None = None) -> Iterator[Pair]:
        """Yield every pair there is, in one stable order."""

    def list_inactive_pairs(self, before: datetime) -> Sequence[Pair]:
        """Return pairs without any interaction since ``before``, longest silent first."""

    def is_inactive(self, pair: Pair, before: datetime) -> bool:
        """Return whether the locked pair is still without any interaction since ``before``."""

    def purge_caches(self, pair: Pair) -> dict[str, int]:
        """Remove what Redis holds about the pair; return how many keys, by kind.

        Raises:
            CacheUnavailable: Redis did not answer.
        """

    def purge_queues(self, pair: Pair) -> dict[str, int]:
        """Remove messages about the pair from the broker; return how many, by queue."""

    def find_leftovers(self, pair: Pair) -> dict[str, int]:
        """Search every cache and queue for the pair; return what was found, by store."""

    def recount(self, pair: Pair) -> None:
        """Inside a ``writing`` block: make the counters on the lock row anew from the rows that are there."""

    def forget_inferred(self, pair: Pair, purpose: Purpose) -> None:
        """Inside a ``writing`` block: reset what was inferred for the purpose and is kept beside other data."""


def all_columns(model: type[models.Model], declared: Personal | NotPersonal) -> dict[str, Personal | NotPersonal]:
    """Declare every column of somebody else's table alike. Ours are declared one by one, so that a new one is seen.

    Raises:
        ValueError: the table is ours.
    """
    if not (model.__module__.startswith(("django.", "allauth.")) or model._meta.auto_created):
        raise ValueError(f"Declare the columns of {model._meta.label} one by one.")
    return {column.name: declared for column in model._meta.concrete_fields}


def not_personal(why: str, names: str) -> dict[str, Personal | NotPersonal]:
    """Declare columns, named in one text, that hold nothing personal for one and the same reason."""
    return dict.fromkeys(names.split(), NotPersonal(why))


_tables: dict[type[models.Model], Table] = {}
_stores: list[PairStore] = []


def register(*tables: Table) -> None:
    """Declare tables."""
    for table in tables:
        _tables[table.model] = table


def tables() -> list[Table]:
    """Return every declared table; the locks of pairs last."""
    return sorted(_tables.values(), key=lambda table: table.lock)


def table_of(model: type[models.Model]) -> Table | None:
    return _tables.get(model)


def set_store(store: PairStore) -> None:
    _stores[:] = [store]


def store() -> PairStore:
    """Return the store of pairs that the memory room registered."""
    return _stores[0]
