"""PostgreSQL, asked over connections of our own: what is looked at must not hang on what is broken."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from django.conf import settings
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from ofmemory.infra.diagnosis.findings import Finding, examines, fail, ok, warn
from ofmemory.settings import env

ALIASES: Final = {"default": "database", "keys": "keys database"}
URLS: Final = {"default": "DATABASE_URL", "keys": "KEYS_DATABASE_URL"}
_CONNECT_SECONDS: Final = 2
_OLDEST, _WANTED = 140000, 180000
_SKEW_SECONDS, _MUCH_SKEW_SECONDS = 1.0, 30.0
_BUSY, _FULL = 0.7, 0.9


@contextmanager
def opened(alias: str) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """Yield a connection as the product would open it, but in autocommit and not through its breakers."""
    wrapper = connections[alias]
    params = {
        name: value
        for name, value in wrapper.get_connection_params().items()
        if name not in ("cursor_factory", "context")
    }
    with psycopg.connect(**{**params, "connect_timeout": _CONNECT_SECONDS}, autocommit=True) as connection:
        yield connection


def _one(connection: "psycopg.Connection[tuple[Any, ...]]", sql: str) -> tuple[Any, ...]:
    row = connection.execute(sql.encode()).fetchone()
    return () if row is None else row


def _reaches(alias: str) -> Iterator[Finding]:
    start = time.monotonic()
    try:
        with opened(alias) as connection:
            _one(connection, "SELECT 1")
            took = time.monotonic() - start
            yield from _of_version(connection.info.server_version, took)
    except psycopg.Error as error:
        yield fail(
            f"{URLS[alias]} does not answer: {_first_line(error)}",
            "Contexts come from the cache only, marked stale, and every write is refused (503)."
            if alias == "default"
            else "What is sealed can be read only as long as its keys are held in memory; nothing new can be stored.",
            f"Start PostgreSQL, or correct {URLS[alias]}; then `manage.py doctor` again.",
        )


def _of_version(version: int, took: float) -> Iterator[Finding]:
    said = f"PostgreSQL {version // 10000}.{version % 10000} answers, connected in {took * 1000:.0f} ms"
    if version < _OLDEST:
        yield fail(said, "The schema needs PostgreSQL 14.", "Move to PostgreSQL 18 with pg_dump and pg_restore.")
    elif version < _WANTED:
        yield warn(said, "The product is tested with PostgreSQL 18.", "Plan the move to 18.")
    else:
        yield ok(said)


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@examines("database")
def database() -> Iterator[Finding]:
    yield from _reaches("default")


@examines("keys database")
def keys_database() -> Iterator[Finding]:
    yield from _reaches("keys")


def _migrated(alias: str) -> Iterator[Finding]:
    executor = MigrationExecutor(connections[alias])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    command = "manage.py migrate" + (" --database keys" if alias == "keys" else "")
    if not plan:
        yield ok("every migration is applied")
        return
    yield fail(
        f"{len(plan)} migrations are missing, the first is {plan[0][0]}",
        "Code and tables do not fit; requests for what is missing fail.",
        f"Run `{command}`; with an image, its role `migrate`.",
    )


@examines("migrations", needs=["database"])
def migrations() -> Iterator[Finding]:
    yield from _migrated("default")


@examines("migrations of keys", needs=["keys database"])
def migrations_of_keys() -> Iterator[Finding]:
    yield from _migrated("keys")


@examines("clock", needs=["database"])
def clock() -> Iterator[Finding]:
    """The database's clock counts; tokens and timestamps are held against ours."""
    with opened("default") as connection:
        before = time.time()
        (there,) = _one(connection, "SELECT extract(epoch FROM clock_timestamp())::float8")
        skew = float(there) - (before + time.time()) / 2
    said = f"the database's clock is {abs(skew):.3f} s {'ahead of' if skew > 0 else 'behind'} ours"
    if abs(skew) < _SKEW_SECONDS:
        yield ok(said)
        return
    level = fail if abs(skew) > _MUCH_SKEW_SECONDS else warn
    yield level(
        said,
        "Tokens are refused or live too long, and messages from clients seem to come from the future.",
        "Run NTP (chrony, systemd-timesyncd) on both machines.",
    )


@examines("connections", needs=["database"])
def free_connections() -> Iterator[Finding]:
    """How many are used, and whether all of ours would fit."""
    with opened("default") as connection:
        used, most, reserved = _one(
            connection,
            "SELECT count(*), current_setting('max_connections')::int,"
            " current_setting('superuser_reserved_connections')::int FROM pg_stat_activity WHERE datid IS NOT NULL",
        )
    free = most - reserved
    wanted = env.WEB_WORKERS * env.WEB_THREADS + env.WORKER_CONCURRENCY
    said = f"{used} of {free} connections are used; this web server and worker want up to {wanted} a database"
    remedy = "Raise max_connections, lower WEB_WORKERS or WEB_THREADS, or put PgBouncer in between."
    if used > _FULL * free:
        yield fail(said, "The next process gets none: its requests are answered 503.", remedy)
    elif used > _BUSY * free or wanted > _FULL * free:
        yield warn(said, "A burst or one more process would use up the rest.", remedy)
    else:
        yield ok(said)


@examines("prepared statements", needs=["database"])
def prepared_statements() -> Iterator[Finding]:
    """A pooler that hands out another connection for each transaction shows itself by the process that answers."""
    with opened("default") as one, opened("default") as other:
        seen = {_one(connection, "SELECT pg_backend_pid()")[0] for connection in (one, other, one, other, one)}
        own = {_one(one, "SELECT pg_backend_pid()")[0] for _ in range(4)}
    is_pooled = len(own) > 1 or len(seen) != 2
    if is_pooled and _are_prepared():
        yield warn(
            "a pooler hands each transaction another connection, and statements are prepared",
            'Poolers that do not know prepared statements answer "prepared statement does not exist".',
            "PgBouncer 1.21 or newer with max_prepared_statements, else DATABASE_PREPARED_STATEMENTS=false.",
        )
    elif is_pooled:
        yield ok("a pooler stands in between, and nothing is prepared")
    else:
        said = "prepared" if _are_prepared() else "not prepared (DATABASE_PREPARED_STATEMENTS=false)"
        yield ok(f"no pooler in between; statements are {said}")


def _are_prepared() -> bool:
    return settings.DATABASES["default"]["OPTIONS"].get("prepare_threshold") is not None


@examines("durability", needs=["database"])
def durability() -> Iterator[Finding]:
    """What was acknowledged must survive a power failure."""
    with opened("default") as connection:
        values = {
            name: _one(connection, f"SHOW {name}")[0] for name in ("fsync", "full_page_writes", "synchronous_commit")
        }
        (encoding,) = _one(connection, "SHOW server_encoding")
    off = [name for name, value in values.items() if value == "off"]
    if off:
        yield fail(
            f"{', '.join(off)} {'is' if len(off) == 1 else 'are'} off",
            "What callers were told is stored may be gone after a crash of the machine.",
            f"Set {', '.join(f'{name} = on' for name in off)} in postgresql.conf and reload.",
        )
    else:
        yield ok("what is committed is on the disk")
    if encoding != "UTF8":
        yield fail(
            f"the database's encoding is {encoding}",
            "It refuses emoji and most of the world's scripts.",
            "Make the database anew with ENCODING 'UTF8'.",
        )


@examines("keys apart", needs=["database", "keys database"])
def apart() -> Iterator[Finding]:
    """Whatever the addresses look like: is it the same database, or the same server?"""
    places = []
    for alias in ALIASES:
        with opened(alias) as connection:
            places.append(
                _one(
                    connection,
                    "SELECT current_database(), (SELECT system_identifier::text FROM pg_control_system()),"
                    " current_setting('port'), pg_postmaster_start_time()::text",
                )
            )
    if places[0] == places[1]:
        yield fail(
            "the keys lie in the database that they open",
            "One dump holds both: erasing a key no longer erases what it sealed from the backups.",
            "Give KEYS_DATABASE_URL a database of its own, better a server of its own, with backups of its own.",
        )
    elif places[0][1:] == places[1][1:] and not settings.DEMO_ENABLED:
        yield warn(
            "the keys have a database of their own, in the same server",
            "A copy of the server's disk, or pg_dumpall, holds both.",
            "Give the keys a server of their own, with backups kept for KEYS_BACKUP_RETENTION_DAYS only.",
        )
    else:
        yield ok("the keys lie in a database of their own")
