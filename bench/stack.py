"""The measured product: servers, web server, worker and scheduler as `make run` starts them, in a home of its own."""

import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import orjson
import psutil
import redis

from bench import floor_address
from bench.facts import Facts
from ofmemory.embedded.child import Child, Running
from ofmemory.embedded.commands import Argv, Commands, product_commands
from ofmemory.embedded.runner import READY_PATH, STOP_STEPS, TASK_STOP_STEPS
from ofmemory.embedded.servers import EmbeddedServers, remove_home
from ofmemory.settings import env

HOST: Final = "127.0.0.1"
WITHOUT: Final = ("unsealed", "unwatched")
READY_SECONDS: Final = 120.0
SETTLE_SECONDS: Final = 60.0
SETTLE_STEP_SECONDS: Final = 0.2
IDLE_SHARE: Final = 0.1
# Counted on every request as in production, and never used up.
UNREACHABLE_LIMIT: Final = "100000000"
LIMITS: Final = (
    "READS_PER_CREATOR",
    "READS_PER_FAN",
    "WRITES_PER_CREATOR",
    "WRITES_PER_FAN",
    "BULK_PER_CREATOR",
    "LOGINS_PER_USER",
)
# The values kept of contexts, and those only: what a request in flight needs to store its own stays.
_FORGET: Final = """
local count = 0
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('TYPE', key).ok == 'hash' and redis.call('HEXISTS', key, 'context') == 1 then
    redis.call('DEL', key)
    count = count + 1
  end
end
return count
"""


class StackError(Exception):
    """The product could not be started or filled."""


@dataclass(frozen=True, slots=True)
class Stack:
    """The running product, and where to reach its parts.

    Args:
        web: the web server, parent of the web workers; `worker` likewise of the task workers.
        environment: what the product's processes see.
    """

    home: Path
    servers: EmbeddedServers
    environment: Mapping[str, str]
    facts: Facts
    web: Running
    worker: Running
    port: int
    floor_port: int
    # The product without one of its parts, by the name of the application in this folder.
    without_ports: Mapping[str, int]
    cache: "redis.Redis"

    def forget_contexts(self) -> None:
        """Make every context a miss."""
        self.cache.eval(_FORGET, 0)

    def settle(self) -> None:
        """Wait until the product does nothing any more: what a measurement left behind is no part of the next."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline:
            before = self._busy_seconds()
            time.sleep(SETTLE_STEP_SECONDS)
            if self._busy_seconds() - before < SETTLE_STEP_SECONDS * IDLE_SHARE:
                return

    def _busy_seconds(self) -> float:
        """Processor time that web server and task worker have used so far."""
        parents = (psutil.Process(running.pid) for running in (self.web, self.worker))
        used = [child.cpu_times() for parent in parents for child in parent.children()]
        return float(sum(times.user + times.system for times in used))

    def web_workers(self) -> list[psutil.Process]:
        children = psutil.Process(self.web.pid).children(recursive=True)
        return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


@contextmanager
def running_stack(*, fan_count: int, message_count: int) -> Iterator[Stack]:
    """Start the product, filled; leaving the context stops everything and removes its data.

    Raises:
        StackError, EmbeddedError: something did not start.
    """
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="ofm-bench-", dir="/tmp"))
        stack.callback(remove_home, home)
        servers = stack.enter_context(EmbeddedServers(home, durable=True))
        environment = _environment(home, servers)
        port, floor_port = _free_port(), _free_port()
        without_ports = {name: _free_port() for name in WITHOUT}
        commands = _commands(home, port)
        _run("migrate-keys", commands.migrate_keys, environment, home)
        _run("migrate", commands.migrate, environment, home)
        facts = _filled(fan_count, message_count, environment, home)
        cache = stack.enter_context(redis.Redis.from_url(servers.redis_url))
        _put_floor(servers.redis_url, facts)
        web = stack.enter_context(_process(home, environment, "web", commands.web))
        worker = stack.enter_context(_process(home, environment, "worker", commands.worker))
        stack.enter_context(_process(home, environment, "beat", commands.beat))
        for name, its_port in (("floor", floor_port), *without_ports.items()):
            stack.enter_context(_process(home, environment, name, _bench_command(name, home, its_port)))
        _wait_for(port, READY_PATH, home)
        _wait_for(floor_port, floor_address.PATH, home)
        for its_port in without_ports.values():
            _wait_for(its_port, READY_PATH, home)
        yield Stack(home, servers, environment, facts, web, worker, port, floor_port, without_ports, cache)


def _environment(home: Path, servers: EmbeddedServers) -> dict[str, str]:
    own = {
        "DJANGO_SETTINGS_MODULE": "ofmemory.settings.base",
        "OFMEMORY_HOME": str(home),
        "DATABASE_URL": servers.database_url,
        "KEYS_DATABASE_URL": servers.keys_database_url,
        "REDIS_URL": servers.redis_url,
        "BROKER_URL": servers.broker_url,
    }
    limits = {f"RATE_LIMIT_{name}": UNREACHABLE_LIMIT for name in LIMITS}
    return env.child_environment(**own, **limits, OFMEMORY_SERVICE="web")


def _commands(home: Path, port: int) -> Commands:
    return product_commands(
        base=env.BASE_DIR,
        home=home,
        bind=HOST,
        port=port,
        workers=env.WEB_WORKERS,
        threads=env.WEB_THREADS,
        concurrency=env.WORKER_CONCURRENCY,
        demo=False,
    )


def _bench_command(name: str, home: Path, port: int) -> Argv:
    """The product's own command, with an application of the benchmark in the product's place."""
    web = _commands(home, port).web
    return tuple(f"bench.{name}:application" if part == "ofmemory.wsgi:application" else part for part in web)


def _run(name: str, argv: Argv, environment: Mapping[str, str], home: Path) -> None:
    log = home / "logs" / f"bench-{name}.log"
    with log.open("wb") as output:
        done = subprocess.run(argv, env=environment, cwd=env.BASE_DIR, stdout=output, stderr=output, check=False)
    if done.returncode != 0:
        raise StackError(f"{name} failed:\n{log.read_text(errors='replace')[-2000:]}")


def _filled(fan_count: int, message_count: int, environment: Mapping[str, str], home: Path) -> Facts:
    answer = home / "facts.json"
    argv = (sys.executable, "-m", "bench.product", str(fan_count), str(message_count), str(answer))
    _run("fill", argv, environment, home)
    return Facts.of_json(orjson.loads(answer.read_bytes()))


def _put_floor(redis_url: str, facts: Facts) -> None:
    with redis.Redis.from_url(floor_address.redis_url(redis_url)) as client:
        client.set(floor_address.KEY, facts.context)


@contextmanager
def _process(home: Path, environment: Mapping[str, str], name: str, argv: Argv) -> Iterator[Running]:
    steps = TASK_STOP_STEPS if name == "worker" else STOP_STEPS
    log = home / "logs" / f"bench-{name}.log"
    running = Running(Child(name=name, argv=argv, env=environment, cwd=env.BASE_DIR, log=log, stop_steps=steps))
    try:
        yield running
    finally:
        running.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, path: str, home: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(port, path):
        if time.monotonic() > deadline:
            logs = "\n".join(log.read_text(errors="replace")[-1000:] for log in home.glob("logs/bench-*.log"))
            raise StackError(f"{path} did not answer on port {port}:\n{logs}")
        time.sleep(0.1)


def _answers(port: int, path: str) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def stopped_by_sigterm() -> Iterator[None]:
    """Let SIGTERM unwind like Ctrl-C, so that everything started is stopped."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
