"""Searching every store again for somebody who was erased. Nothing counts as erased that was not looked for.

Tables whose rows belong to fans are searched by their columns ``creator_id`` and ``fan_id``, by index. In every other
table of the main database, ours or not, all text and JSON is searched for the fan's id as a word of its own; not
searched are catalogues of Django, what is declared to hold names of staff, and ids that a caller chose for a
correlation. An id that can't be told from ordinary words (shorter than six characters, or without a digit) is not
searched for in text.
"""

from collections.abc import Iterator
from typing import Any

import orjson
import redis
from django.db import connection, transaction

from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache.client import client
from ofmemory.infra.db import taking
from privacy.cache import stream_keys
from privacy.domain import Category, OnErasure, Pair
from privacy.keys import keyring
from privacy.models import AuditEntry, DataRequest
from privacy.registry import Personal, store, tables
from privacy.services.pair_rows import count_rows, is_distinctive, name_of, pattern_of, tables_of_fans

_CATALOGUES = {"auth_permission", "auth_group", "django_content_type", "django_migrations"}
# Names the tenant; and what a caller chose to tell its own requests apart by.
_NOT_SEARCHED = {"creator_id", "correlation_id"}
_TEXT_COLUMNS = """
SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND data_type IN ('text', 'character varying', 'json', 'jsonb')
ORDER BY table_name, ordinal_position
"""
_TENANT_TABLES = """
SELECT table_name FROM information_schema.columns WHERE table_schema = current_schema() AND column_name = 'creator_id'
"""
_BATCH = 1000


def search(request: DataRequest) -> dict[str, int]:
    """Search everywhere for the pair of a request that is being carried out.

    Returns:
        How much was found, by store. Stores in which nothing was found are named too: they were searched.

    Raises:
        CacheUnavailable: Redis or the broker did not answer.
        KeysUnavailable: the keys database did not answer.
    """
    pair = request.pair
    found = {f"rows:{name}": count for name, count in _rows(request).items()}
    if is_distinctive(pair.fan_id):
        found |= {f"text:{name}": count for name, count in _text(request).items()}
        found["redis:audit_stream"] = _in_stream(pair)
    # A reader who polls may have left a trace again since the caches were purged: that is no reason to begin anew.
    store().purge_caches(pair)
    return found | store().find_leftovers(pair) | {"keys:data_keys": keyring.count(pair)}


def _rows(request: DataRequest) -> dict[str, int]:
    kept = {name_of(table) for table in tables_of_fans() if table.on_erasure is OnErasure.PRESERVE}
    counts = count_rows(request.pair, except_request=request.id)
    return {name: count for name, count in counts.items() if name not in kept}


def _text(request: DataRequest) -> dict[str, int]:
    pattern = pattern_of(request.fan_id)
    with transaction.atomic(), taking(60), connection.cursor() as cursor:
        of_tenants = _names(cursor, _TENANT_TABLES)
        return {
            table: _matches(cursor, table, columns, pattern, request, of_tenants)
            for table, columns in _text_columns(cursor).items()
        }


def _text_columns(cursor: Any) -> dict[str, list[str]]:
    searched_by_index = {name_of(table) for table in tables_of_fans()}
    cursor.execute(_TEXT_COLUMNS)
    found: dict[str, list[str]] = {}
    for table, column in cursor.fetchall():
        if table not in _CATALOGUES | searched_by_index and (table, column) not in _of_staff() | {
            (table, name) for name in _NOT_SEARCHED
        }:
            found.setdefault(table, []).append(column)
    return found


def _of_staff() -> set[tuple[str, str]]:
    return {
        (name_of(table), str(table.model._meta.get_field(name).column))  # type: ignore[union-attr]  # concrete fields
        for table in tables()
        for name, declared in table.fields.items()
        if isinstance(declared, Personal) and declared.category is Category.STAFF
    }


def _matches(
    cursor: Any, table: str, columns: list[str], pattern: str, request: DataRequest, of_tenants: set[str]
) -> int:
    quote = connection.ops.quote_name
    text = ", ".join(f"{quote(column)}::text" for column in columns)
    where = [f"concat_ws(E'\\n', {text}) ~ %s"]
    params: list[Any] = [pattern]
    if table in of_tenants:
        # Other creators may know a fan of the same name.
        where.append("creator_id = %s")
        params.append(request.creator_id)
    if table == AuditEntry._meta.db_table:
        # By index: everything else in it is older than the fan, or about others.
        where.append("subject = %s")
        params.append(request.handle)
    cursor.execute(f"SELECT count(*) FROM {quote(table)} WHERE {' AND '.join(where)}", params)  # noqa: S608 - quoted names
    return int(cursor.fetchone()[0])


def _names(cursor: Any, sql: str) -> set[str]:
    cursor.execute(sql)
    return {name for (name,) in cursor.fetchall()}


def _in_stream(pair: Pair) -> int:
    fan_id = pair.fan_id.encode()
    return sum(fan_id in orjson.dumps(said) for said in _said(stream_keys(pair.creator_id)[0]))


def _said(key: str) -> Iterator[Any]:
    """Yield what the entries of a stream say, without the correlation id."""
    redis_client: Any = client()
    after = "-"
    try:
        while entries := redis_client.xrange(key, after, count=_BATCH):
            for _, fields in entries:
                action, actor, _, *others = orjson.loads(fields[b"e"])
                yield [action, actor, *others]
            after = f"({entries[-1][0].decode()}"
    except redis.RedisError as error:
        raise CacheUnavailable("The cache did not answer.", retry_after_seconds=1) from error
