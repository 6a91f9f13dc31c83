"""Two messages of a pair never share an instant: the later one moves on by a microsecond."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from memory.models import FanMemory

_ONE_MICROSECOND = timedelta(microseconds=1)
_MESSAGES = FanMemory._meta.db_table
# Of each instant that is taken: the last of the messages that follow it without a gap. An instant whose message was
# deleted meanwhile is free again: going on from there would send a message behind the next run, days later.
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


def move_on(creator_id: str, rows: Sequence[FanMemory]) -> None:
    """Give unsaved messages of one creator whose instant is taken the next free ones, in their order."""
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
            given[row.fan_id, end] = row.created_at = given.get((row.fan_id, end), end) + _ONE_MICROSECOND
