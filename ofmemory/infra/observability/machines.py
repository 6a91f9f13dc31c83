"""What the ground is like that everything stands on: PostgreSQL, Redis, the broker, the disk."""

import shutil
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import connections

from ofmemory.infra.observability import heartbeat
from ofmemory.infra.observability.redis_client import to_broker, to_cache
from ofmemory.infra.observability.state import Reading, register_state
from ofmemory.infra.resilience import deadline

# Celery's own name for the queue that everything goes through.
QUEUE = "celery"
_SECONDS = 2.0

_USED = "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity WHERE datid IS NOT NULL"


def register() -> None:
    register_state("database", read_database)
    register_state("cache", read_cache)
    register_state("broker", read_broker)
    register_state("disk", read_disk)


def read_database() -> Iterator[Reading]:
    for alias in ("default", "keys"):
        with deadline.within(_SECONDS), connections[alias].cursor() as cursor:
            cursor.execute(_USED)
            used, most = cursor.fetchone()
            cursor.execute("SELECT pg_database_size(current_database())")
            (size,) = cursor.fetchone()
        labels = {"database": alias}
        yield Reading("ofmemory_database_connections_used", "Connections of the database's server.", used, labels)
        yield Reading("ofmemory_database_connections_max", "How many it allows.", most, labels)
        yield Reading("ofmemory_database_size_bytes", "Size of the database on disk.", size, labels)


def read_cache() -> Iterator[Reading]:
    with to_cache() as cache:
        yield from _memory(cache, "cache")


def read_broker() -> Iterator[Reading]:
    with to_broker() as broker:
        yield from _memory(broker, "broker")
        waiting, unfinished, ticks = broker.llen(QUEUE), broker.hlen("unacked"), heartbeat.read(broker)
    text = "Messages of the broker: waiting for a worker, or taken and unfinished."
    yield Reading("ofmemory_queue_messages", text, waiting, {"state": "waiting"})
    yield Reading("ofmemory_queue_messages", text, unfinished, {"state": "taken"})
    for service in heartbeat.SERVICES:
        name = f"ofmemory_{heartbeat.NAMES[service]}_last_tick_timestamp_seconds"
        yield Reading(name, f"When the {heartbeat.NAMES[service]} last did something; 0: never.", ticks[service])


def _memory(server: Any, label: str) -> Iterator[Reading]:
    info = server.info("memory")
    labels = {"server": label}
    yield Reading("ofmemory_redis_memory_used_bytes", "Memory that Redis uses.", info["used_memory"], labels)
    most = "Memory that Redis may use; 0: no limit of its own."
    yield Reading("ofmemory_redis_memory_max_bytes", most, info.get("maxmemory", 0), labels)


def read_disk() -> Iterator[Reading]:
    usage = shutil.disk_usage(settings.HOME_DIR)
    labels = {"place": "home"}
    yield Reading("ofmemory_disk_free_bytes", "Free room where the data folder lies.", usage.free, labels)
    yield Reading("ofmemory_disk_size_bytes", "Size of that disk.", usage.total, labels)
