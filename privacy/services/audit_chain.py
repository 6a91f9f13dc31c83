"""The chain of the audit log: entries on their way are taken in, each once, in one order, hashed one after another.

What can be lost, and how much: entries of changes, nothing (they are committed with the change). Entries of reads wait
in Redis until the next run of ``take_in``, every 2 s: should Redis lose its memory, those of the time since the last
run are gone; while no run takes place (no worker, no PostgreSQL), those of that time. The chain then says so itself: an
entry ``audit.gap`` with the period. Entries that found no room (``AUDIT_STREAM_MAX``) and entries that can't be read
are counted in an ``audit.gap`` too. Without Redis, reads are recorded in the database, and nothing is lost.
"""

import logging
from collections.abc import Sequence
from operator import itemgetter

from django.db import connection, transaction

from ofmemory.errors import CacheUnavailable
from privacy.models import PendingAudit
from privacy.services.audit_links import TABLE, Entry, hash_of, head, instant
from privacy.services.audit_streams import Streams

logger = logging.getLogger(__name__)

BATCH = 5000
# A run ends some time even if entries keep coming faster than it takes them in; the next one goes on.
_MOST_ROUNDS = 100
# Any number that nobody else locks.
_LOCK = 0x0A0D1700

_TAKE_PENDING = f"""
WITH taken AS (
  DELETE FROM {PendingAudit._meta.db_table} WHERE id IN (
    SELECT id FROM {PendingAudit._meta.db_table} ORDER BY id LIMIT %s
  ) RETURNING *
)
SELECT (extract(epoch FROM at) * 1000000)::bigint, action, actor, creator_id, replace(subject::text, '-', ''),
  correlation_id, details::text
FROM taken ORDER BY id
"""  # noqa: S608 - names from models
_APPEND = f"COPY {TABLE} (position, at, action, actor, creator_id, subject, correlation_id, details, hash) FROM STDIN"


def take_in() -> int:
    """Move every entry that waits, in the database or in Redis, into the chain; return how many.

    Any number of runs may overlap: one works, the others return at once. It may be killed anywhere, and is not for
    use inside a transaction: what it trims in Redis must be committed.
    """
    taken = 0
    for _ in range(_MOST_ROUNDS):
        round_taken = _take_round()
        taken += round_taken
        if not round_taken:
            break
    return taken


def _take_round() -> int:
    with transaction.atomic(durable=True):
        if not _locked():
            return 0
        streams = _looked_at_streams()
        entries = streams.take(BATCH) if streams else []
        # Second, so that gaps that were found are in the chain with what surrounds them.
        entries += _take_pending()
        entries.sort(key=itemgetter(0))
        _append(entries)
    if streams:
        _try_trim(streams)
    return len(entries)


def _locked() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _looked_at_streams() -> Streams | None:
    try:
        return Streams.look()
    except CacheUnavailable:
        logger.warning("audit_streams_unreachable")
        return None


def _try_trim(streams: Streams) -> None:
    try:
        streams.trim()
    except CacheUnavailable:
        logger.warning("audit_streams_not_trimmed")


def _take_pending() -> list[Entry]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_PENDING, [BATCH])
        rows: list[Entry] = cursor.fetchall()
    return rows


def _append(entries: Sequence[Entry]) -> None:
    """Add entries at the end of the chain, under its lock."""
    if not entries:
        return
    position, previous = head()
    with connection.cursor() as cursor, cursor.copy(_APPEND) as copy:
        for entry in entries:
            position += 1
            previous = hash_of(previous, position, entry)
            copy.write_row((position, instant(entry[0]), *entry[1:], previous))
