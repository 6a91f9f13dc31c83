"""One link of the audit chain: what its hash is made of, and the row it is kept as. Pure, but for ``head``."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from django.db import connection

from privacy.models import AuditEntry

# Before the first entry.
GENESIS = bytes(32)
TABLE = AuditEntry._meta.db_table
# The columns as they are hashed: the time in microseconds since 1970, so that no format or time zone can matter, and
# the details in PostgreSQL's own spelling of jsonb, which is one for each value.
COLUMNS = (
    "position, CASE WHEN isfinite(at) THEN (extract(epoch FROM at) * 1000000)::bigint END, action, actor, creator_id,"
    " replace(subject::text, '-', ''), correlation_id, details::text"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# at in microseconds, action, actor, creator_id, subject in hex or None, correlation_id, details as jsonb prints them.
Entry = tuple[int, str, str, str, str | None, str, str]


def hash_of(previous: bytes, position: int, entry: Sequence[Any]) -> bytes:
    """Return the hash of an entry.

    SHA-256 of the hash before it (32 bytes; before the first: zeros) and the JSON array, without blanks and in UTF-8,
    ``[position, microseconds, action, actor, creator_id, subject, correlation_id, details]``, where the subject is 32
    hex digits or null and the details are one string.
    """
    return sha256(previous + orjson.dumps((position, *entry))).digest()


def head() -> tuple[int, bytes]:
    """Return position and hash of the latest entry; 0 and zeros while there is none."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT position, hash FROM {TABLE} ORDER BY position DESC LIMIT 1")  # noqa: S608 - from models
        row = cursor.fetchone()
    return (row[0], bytes(row[1])) if row else (0, GENESIS)


def instant(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
