"""What can be done to the product. Each fault is a context manager: inside it the fault lasts, after it it is over."""

import base64
import os
import random
import resource
import signal
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

import orjson
import psutil
import psycopg
import redis

from tests.chaos.failover import failover
from tests.chaos.proxy import Behaviour
from tests.chaos.stack import Stack, StackError, wait_for

BACK_SECONDS: Final = 120.0
WEB_TARGETS: Final = ("web", "web2")
SERVERS: Final = {"postgres": "database", "redis-cache": "cache", "redis-broker": "broker"}

Fault = Callable[..., Any]


class Impossible(Exception):
    """The fault cannot be made on this machine; says why."""


# ---- processes


def find(stack: Stack, target: str, chance: random.Random) -> list[psutil.Process]:
    """Return the processes that a target names: one of several is drawn."""
    if target == "web-worker":
        return [chance.choice(stack.children(chance.choice(stack.web_names())))]
    if target == "celery-child":
        return [chance.choice(stack.children(chance.choice(_workers(stack))))]
    if target == "backend":
        return [chance.choice(_backends(stack))]
    if target == "postgres-all":
        master = stack.process("postgres")
        return [master, *master.children()]
    return [stack.process(target)]


def _workers(stack: Stack) -> list[str]:
    return [name for name in ("worker", "worker2") if stack.pid(name)]


def _backends(stack: Stack) -> list[psutil.Process]:
    with stack.sql() as database:
        rows = database.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchall()
    return [psutil.Process(row[0]) for row in rows]


@contextmanager
def kill(stack: Stack, *, target: str, chance: random.Random, **_: Any) -> Iterator[None]:
    """kill -9, and that was all."""
    _signal(find(stack, target, chance), signal.SIGKILL)
    yield


@contextmanager
def terminate(stack: Stack, *, target: str, chance: random.Random, **_: Any) -> Iterator[None]:
    """A stop that was asked for, as a deployment does it; the supervisor starts the next one."""
    _signal(find(stack, target, chance), signal.SIGTERM)
    yield


@contextmanager
def freeze(stack: Stack, *, target: str, chance: random.Random, **_: Any) -> Iterator[None]:
    """SIGSTOP: it is there, and takes connections, and never answers."""
    frozen = find(stack, "postgres-all" if target == "postgres" else target, chance)
    _signal(frozen, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(frozen, signal.SIGCONT)


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


# ---- the network


@contextmanager
def network(stack: Stack, *, target: str, **spec: Any) -> Iterator[None]:
    """A network that is slow, deaf, absent or dripping; targets are database, keys, cache and broker."""
    names = ("database", "keys") if target == "postgres" else (target,)
    behaviour = Behaviour(**{name: spec[name] for name in Behaviour.__dataclass_fields__ if name in spec})
    for name in names:
        stack.proxies.behave(name, behaviour)
    try:
        yield
    finally:
        for name in names:
            stack.proxies.behave(name)


@contextmanager
def cut(stack: Stack, *, target: str, **_: Any) -> Iterator[None]:
    """Every open connection ends at once; new ones are fine."""
    for name in ("database", "keys") if target == "postgres" else (target,):
        stack.proxies.cut(name)
    yield


# ---- Redis


@contextmanager
def flushall(stack: Stack, *, target: str, **_: Any) -> Iterator[None]:
    with stack.redis("broker" if target == "broker" else "cache") as server:
        server.flushall()
    yield


@contextmanager
def wrong_types(stack: Stack, **_: Any) -> Iterator[None]:
    """Every key of the cache becomes a text where a hash or a list was, and a hash where a text was."""
    with stack.redis("cache") as server:
        for key in server.scan_iter(count=1000):
            kind = server.type(key)
            with server.pipeline() as steps:
                steps.delete(key)
                if kind == b"string":
                    steps.hset(key, "what", "is this")
                else:
                    steps.set(key, "what is this")
                steps.execute()
    yield


@contextmanager
def full_cache(stack: Stack, **_: Any) -> Iterator[None]:
    """No memory is left, and nothing may be evicted."""
    with stack.redis("cache") as server:
        before = {name: server.config_get(name)[name] for name in ("maxmemory", "maxmemory-policy")}
        server.config_set("maxmemory-policy", "noeviction")
        server.config_set("maxmemory", 1)
    try:
        yield
    finally:
        with stack.redis("cache") as server:
            for name, value in before.items():
                server.config_set(name, str(value))


# ---- PostgreSQL


@contextmanager
def no_connections(stack: Stack, **_: Any) -> Iterator[None]:
    """Every connection that the server has is taken by somebody else."""
    with ExitStack() as held:
        with suppress(psycopg.OperationalError):
            _take_all(stack, held)
        yield


def _take_all(stack: Stack, held: ExitStack) -> None:
    # What the product holds is ended first, so that it is among those who find no place.
    first = held.enter_context(stack.sql("postgres"))
    limit = int(first.execute("SHOW max_connections").fetchone()[0])  # type: ignore[index]
    for _ in range(limit):
        first.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname IN ('ofmemory', 'ofmemory_keys') AND backend_type = 'client backend'"
        )
        for _ in range(10):
            held.enter_context(stack.sql("postgres"))


@contextmanager
def table_lock(stack: Stack, *, table: str = "engagement_metrics", **_: Any) -> Iterator[None]:
    """Somebody holds a table for themselves."""
    with stack.sql(autocommit=False) as database:
        database.execute("SET idle_in_transaction_session_timeout = 0")
        database.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        database.rollback()


@contextmanager
def forgotten_transaction(stack: Stack, **_: Any) -> Iterator[None]:
    """Somebody changed every row, and went for lunch before the commit."""
    with stack.sql(autocommit=False) as database:
        database.execute("UPDATE engagement_metrics SET updated_at = updated_at")
        yield
        with suppress(psycopg.OperationalError):
            database.rollback()


@contextmanager
def full_disk(stack: Stack, **_: Any) -> Iterator[None]:
    """Not a byte is left on PostgreSQL's disk, which is a small one of its own."""
    if not stack.shape.disk_mb:
        raise Impossible("a small disk for PostgreSQL needs root and mount")
    ballast = stack.home / "postgres" / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        # To the last byte; what is let go of meanwhile is taken as well.
        while True:
            file.write(b"\0" * 65536)
    try:
        yield
    finally:
        ballast.unlink()


# ---- clocks, limits, messages


@contextmanager
def clock(stack: Stack, *, offset_seconds: float, **_: Any) -> Iterator[None]:
    """The product's processes believe that it is earlier or later. The servers' clocks stay right."""
    if not stack.shape.false_clock:
        raise Impossible("libfaketime is not installed")
    stack.set_clock(offset_seconds)
    try:
        yield
    finally:
        stack.set_clock(0)


@contextmanager
def few_files(stack: Stack, **_: Any) -> Iterator[None]:
    """The web workers may open no file and take no connection more than they have."""
    workers = [worker for name in stack.web_names() for worker in stack.children(name)]
    before = {worker.pid: resource.prlimit(worker.pid, resource.RLIMIT_NOFILE) for worker in workers}
    for worker in workers:
        hard = before[worker.pid][1]
        resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (worker.num_fds() + 1, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


@contextmanager
def poison(stack: Stack, **_: Any) -> Iterator[None]:
    """Messages that nobody can do anything with, in the queue and among the pairs to learn about."""
    with stack.redis("broker") as broker:
        for raw in _poisonous():
            broker.lpush("celery", raw)
        broker.sadd("learning:due", "not a number", "", "999999999999999999999", "-1", os.urandom(64))
    yield


def _poisonous() -> list[bytes]:
    def message(task: str, body: bytes, *, kind: str = "application/json") -> bytes:
        number = str(uuid.uuid4())
        return orjson.dumps(
            {
                "body": base64.b64encode(body).decode(),
                "content-encoding": "utf-8",
                "content-type": kind,
                "headers": {"lang": "py", "task": task, "id": number, "root_id": number, "argsrepr": "()"},
                "properties": {
                    "correlation_id": number,
                    "delivery_mode": 2,
                    "delivery_info": {"exchange": "", "routing_key": "celery"},
                    "priority": 0,
                    "body_encoding": "base64",
                    "delivery_tag": number,
                },
            }
        )

    nothing = b"[[], {}, {}]"
    return [
        message("no.such.task", nothing),
        message("calibration.tasks.learn_due", b'[["too", "many"], {}, {}]'),
        message("memory.tasks.clear_cache", b'[[{"not": "a list"}], {}, {}]'),
        message("calibration.tasks.learn_due", b"\x80\x04N.", kind="application/x-python-serialize"),
        message("calibration.tasks.learn_due", b"this is no JSON"),
        message("memory.tasks.clear_cache", orjson.dumps([[["x" * 5_000_000]], {}, {}])),
        message("", b""),
    ]


FAULTS: Final[Mapping[str, Fault]] = {
    "kill": kill,
    "terminate": terminate,
    "freeze": freeze,
    "network": network,
    "cut": cut,
    "flushall": flushall,
    "wrong_types": wrong_types,
    "full_cache": full_cache,
    "no_connections": no_connections,
    "table_lock": table_lock,
    "forgotten_transaction": forgotten_transaction,
    "full_disk": full_disk,
    "failover": failover,
    "clock": clock,
    "few_files": few_files,
    "poison": poison,
}


# ---- back again


def wait_until_back(stack: Stack) -> tuple[float, list[str]]:
    """Wait until every part runs and answers again, nobody lending a hand.

    Returns:
        When that was (monotonic), and what did not come back in time.
    """
    missing = {name: check for name, check in _checks(stack).items() if not wait_for(check, BACK_SECONDS)}
    return time.monotonic(), sorted(missing)


def _checks(stack: Stack) -> dict[str, Callable[[], bool]]:
    shape = stack.shape
    checks: dict[str, Callable[[], bool]] = {
        "postgres": stack.is_database_there,
        "redis-cache": lambda: stack.is_redis_there("cache"),
        "redis-broker": lambda: stack.is_redis_there("broker"),
        "beat": lambda: stack.pid("beat") is not None,
    }
    for name in ("worker", "worker2")[: 1 + shape.second_worker]:
        checks[name] = lambda name=name: len(stack.children(name)) >= shape.concurrency  # type: ignore[misc]
    for name, port in zip(stack.web_names(), stack.ports, strict=True):
        checks[name] = lambda name=name, port=port: (  # type: ignore[misc]
            len(stack.children(name)) >= shape.workers and stack.answers(port) == 200
        )
    return checks


__all__ = ["FAULTS", "Impossible", "StackError", "redis", "wait_until_back"]
