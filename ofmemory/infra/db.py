"""What the ORM has no words for."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models


def insert_new(rows: Sequence[models.Model]) -> set[Any]:
    """Insert those of ``rows`` (all of one model) that break no unique constraint; return their primary keys.

    ``bulk_create(ignore_conflicts=True)`` does the same but can't say which rows went in. A conflicting row that
    another transaction has not committed yet is waited for.
    """
    if not rows:
        return set()
    meta = type(rows[0])._meta
    # Columns that the database fills (their value is still the expression) are left to it.
    fields = [
        field
        for field in meta.concrete_fields
        if not isinstance(getattr(rows[0], field.attname), models.expressions.DatabaseDefault)
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    one_row = "(" + ", ".join(["%s"] * len(fields)) + ")"
    sql = (
        f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES {', '.join([one_row] * len(rows))} "  # noqa: S608 - names from models
        f"ON CONFLICT DO NOTHING RETURNING {quote(str(meta.pk.column))}"
    )
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for row in rows for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {key for (key,) in cursor.fetchall()}
