"""What the ORM has no words for."""

from collections import namedtuple
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate
from typing import Any

import orjson
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from ofmemory.infra.database.base import GRACE_SECONDS, is_gone, is_in_error
from ofmemory.infra.resilience.policies import DATABASE

# deadlock_detected, serialization_failure
PASSING = ("40P01", "40001")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def insert_new(rows: Sequence[models.Model]) -> set[Any]:
    """Insert those of ``rows`` (all of one model) that break no unique constraint; return their primary keys.

    ``bulk_create(ignore_conflicts=True)`` does the same but can't say which rows went in. A conflicting row that
    another transaction has not committed yet is waited for. Of several rows that conflict with each other the first
    goes in. More than one row can't be inserted into a table with an array column.
    """
    if not rows:
        return set()
    # The connection itself: behind the proxy of django.db, each use looks it up again.
    connection = connections[DEFAULT_DB_ALIAS]
    fields = _given_fields(rows[0])
    columns = [[field.get_db_prep_save(field.pre_save(row, add=True), connection) for row in rows] for field in fields]
    if len(rows) == 1:
        source, values = f"VALUES ({', '.join(['%s'] * len(fields))})", [value for (value,) in columns]
    else:
        # One parameter a column, not a value: psycopg takes longer to put thousands in than PostgreSQL to store them.
        source, values = f"SELECT * FROM unnest({_arrays(fields, connection)})", columns  # noqa: S608 - types from models
    quote, meta = connection.ops.quote_name, type(rows[0])._meta
    sql = (
        f"INSERT INTO {quote(meta.db_table)} ({', '.join(quote(str(field.column)) for field in fields)}) {source} "
        f"ON CONFLICT DO NOTHING RETURNING {quote(str(meta.pk.column))}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {key for (key,) in cursor.fetchall()}


def upsert(row: models.Model, *, unique: Sequence[str], only_if: str = "", params: Sequence[Any] = ()) -> bool | None:
    """Insert ``row``, or give the row with the same ``unique`` columns its values, in one statement.

    ``bulk_create(update_conflicts=True)`` does the same; building its statement takes longer than running it.

    Args:
        unique: names of fields under one unique constraint.
        only_if: SQL over the row that is there (by the name of its table), with ``params``; otherwise it stays.

    Returns:
        Whether it was inserted; None where it stayed as it was.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    fields = [field for field in _given_fields(row) if not (field.primary_key and getattr(row, field.attname) is None)]
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    with connection.cursor() as cursor:
        sql = _upsert_sql(type(row), tuple(str(field.column) for field in fields), tuple(unique), only_if)
        cursor.execute(sql, [*values, *params])
        found = cursor.fetchone()
    return None if found is None else bool(found[0])


@cache
def _upsert_sql(model: type[models.Model], columns: tuple[str, ...], unique: tuple[str, ...], only_if: str) -> str:
    given = ", ".join(f'"{column}"' for column in columns)
    changed = ", ".join(f'"{column}" = EXCLUDED."{column}"' for column in columns if column not in unique)
    return (
        f'INSERT INTO "{model._meta.db_table}" ({given}) VALUES ({", ".join(["%s"] * len(columns))})'  # noqa: S608 - names from models
        f" ON CONFLICT ({', '.join(unique)}) DO UPDATE SET {changed}"
        f"{f' WHERE {only_if}' if only_if else ''} RETURNING xmax = 0"
    )


def _given_fields(row: models.Model) -> "list[models.Field[Any, Any]]":
    """Return the columns to fill. Those that the database fills hold an expression still, and are left to it."""
    return [
        field
        for field in row._meta.concrete_fields
        if not isinstance(getattr(row, field.attname), models.expressions.DatabaseDefault)
    ]


def _arrays(fields: "Sequence[models.Field[Any, Any]]", connection: BaseDatabaseWrapper) -> str:
    """Without the length of a varchar: a cast to it would cut silently what the column refuses."""
    return ", ".join(f"%s::{str(field.db_type(connection)).partition('(')[0]}[]" for field in fields)


class Columns:
    """Some columns of a table, read as plain rows with the model's attribute names.

    For the hot reads only. There Django takes several times as long to build the query, the instances and the
    instants as PostgreSQL takes to answer.

    Args:
        model: whose table.
        names: of its fields.
        tolerating: what may go wrong with the columns of a row that say themselves how they are read; they are empty
            then, and ``unreadable_count`` goes up.
    """

    def __init__(self, model: type[models.Model], *names: str, tolerating: type[Exception] | tuple[()] = ()) -> None:
        fields: list[Any] = [model._meta.get_field(name) for name in names]
        self.table = f'"{model._meta.db_table}"'
        self.sql = ", ".join(_selected(field, f'"{field.column}"') for field in fields)
        self.fields = fields
        self._row: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024 - names known at run time
        self._json = [i for i, field in enumerate(fields) if isinstance(field, models.JSONField)]
        self._instants = [i for i, field in enumerate(fields) if isinstance(field, models.DateTimeField)]
        # Columns that need others of their row to be read, such as sealed ones, say themselves how: all at once.
        self._bound = {i: field for i, field in enumerate(fields) if hasattr(field, "row_reader")}
        self._read_bound = next(iter(self._bound.values())).row_reader(self._bound, names) if self._bound else None
        self._tolerating = tolerating
        self.unreadable_count = 0

    def fetch(self, sql: str, params: Sequence[Any]) -> list[Any]:
        """Run a query that selects these columns in this order and return its rows."""
        return [self.made(list(values)) for values in _fetched(sql, params)]

    def made(self, values: list[Any]) -> Any:
        """Return the row of the values that were selected."""
        for i in self._json:
            values[i] = orjson.loads(values[i])
        for i in self._instants:
            if values[i] is not None:
                values[i] = _EPOCH + timedelta(microseconds=values[i])
        if self._read_bound:
            try:
                self._read_bound(values)
            except self._tolerating:
                self.unreadable_count += 1
                for i, field in self._bound.items():
                    values[i] = field.empty()
        return self._row._make(values)


class Joined:
    """The columns of several tables side by side, each under its alias, as outer joins yield them."""

    def __init__(self, **parts: Columns) -> None:
        ends = list(accumulate(len(part.fields) for part in parts.values()))
        self._cuts = list(zip(parts.values(), [0, *ends], ends, strict=False))
        self.sql = ", ".join(
            _selected(field, f'{alias}."{field.column}"') for alias, part in parts.items() for field in part.fields
        )

    def fetch(self, sql: str, params: Sequence[Any]) -> list[list[Any]]:
        """Run a query that selects these columns.

        Returns:
            For each row one row a table, None where the join found none (its first column is NULL).
        """
        return [
            [None if row[begin] is None else part.made(list(row[begin:end])) for part, begin, end in self._cuts]
            for row in _fetched(sql, params)
        ]


def _fetched(sql: str, params: Sequence[Any]) -> list[Any]:
    """Return the rows of a query; asked once more where the connection broke, but not inside a transaction."""
    connection = connections[DEFAULT_DB_ALIAS]

    def fetch() -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(cursor.fetchall())

    return fetch() if connection.in_atomic_block else DATABASE.retried(fetch, when=passes)


def passes(error: Exception) -> bool:
    """Return whether a failure of the database may be over at the next attempt: the connection broke, or a deadlock.

    A broken connection is put away, so that the next attempt makes a new one.
    """
    if not isinstance(error, OperationalError):
        return False
    if is_gone(error.__cause__):
        connections[DEFAULT_DB_ALIAS].close()
        return True
    return getattr(error.__cause__, "sqlstate", None) in PASSING


def _selected(field: Any, column: str) -> str:
    """Instants travel as microseconds: psycopg reads a number in C, but Django's instants in Python."""
    if isinstance(field, models.DateTimeField):
        return f'(extract(epoch FROM {column}) * 1000000)::bigint AS "{field.column}"'
    return column


@contextmanager
def taking(seconds: int | None, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Let single statements of the block take ``seconds`` (None: as long as they need). Locks are still given up after
    a while, and the budget of a request still holds.
    """
    connection = connections[using]
    scope = "LOCAL" if connection.in_atomic_block else "SESSION"
    with connection.cursor() as cursor:
        cursor.execute(f"SET {scope} statement_timeout = {seconds or 0:d}000")
        watched = cursor.db.connection
    before, watched.longest_seconds = watched.longest_seconds, seconds and seconds + GRACE_SECONDS
    try:
        yield
    finally:
        watched.longest_seconds = before
        # A transaction that failed takes the setting with it, and so does a connection that is gone.
        if not (connection.needs_rollback or watched.closed or is_in_error(watched)):
            with connection.cursor() as cursor:
                cursor.execute(f"SET {scope} statement_timeout = DEFAULT")


def lift_statement_timeout(using: str, **_: Any) -> None:
    """Let a migration take its time. On a lock it still gives up after seconds, so that it never blocks others."""
    with connections[using].cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.db.connection.longest_seconds = None
