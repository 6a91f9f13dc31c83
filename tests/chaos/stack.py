"""The product under test: as `make run` starts it, in a home of its own, each dependency behind a fault proxy."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson
import psutil
import psycopg
import redis

from bench.stack import LIMITS, UNREACHABLE_LIMIT
from ofmemory.embedded import leftovers, locations
from ofmemory.embedded.child import Child, Running
from ofmemory.embedded.server import make_home
from ofmemory.embedded.servers import remove_home
from ofmemory.settings import env
from tests.chaos.proxy import HOST, Proxies
from tests.chaos.runner import ROOT

START_SECONDS: Final = 240.0
STOP_SECONDS: Final = 90.0
POLL_SECONDS: Final = 0.05
FAKETIME: Final = tuple(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
# What a pytest run or a developer's shell says about other servers is not for this product.
NOT_INHERITED: Final = ("PYTEST_", "COV_", "COVERAGE_")


class StackError(Exception):
    """The product could not be started."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How much of the product is started, and on what ground.

    Args:
        workers: processes of each web server.
        disk_mb: PostgreSQL's folder is a disk of its own of this size; 0 for the ordinary one.
        false_clock: the product's processes read a clock that `Stack.set_clock` moves.
        proxied: False lets the product reach its servers without a proxy, for measurements.
        extra: more of the environment.
    """

    web_servers: int = 2
    workers: int = 2
    threads: int = 4
    concurrency: int = 2
    second_worker: bool = True
    disk_mb: int = 0
    false_clock: bool = False
    proxied: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Stack:
    """The running product, and where to get at its parts.

    Args:
        keys: an API key with every right, for each creator.
        database: the folder of the socket of the PostgreSQL that serves, where that is not the first one any more.
        undo: what is to be stopped with the stack.
    """

    home: Path
    shape: Shape
    ports: tuple[int, ...]
    proxies: Proxies
    environment: Mapping[str, str]
    runner: Running
    keys: Mapping[str, str] = field(default_factory=dict)
    database: Path | None = None
    undo: ExitStack = field(default_factory=ExitStack)

    # ---- processes

    def pid(self, name: str) -> int | None:
        """The process id of a child of the supervisor; None while it does not run."""
        found = (child for child in leftovers.noted(self.home / "run" / "processes.json") if child.name == name)
        child = next(found, None)
        return child.pid if child and _is_alive(child.pid) else None

    def pids(self) -> dict[str, int]:
        """The process ids of all children of the supervisor that run."""
        noted = leftovers.noted(self.home / "run" / "processes.json")
        return {child.name: child.pid for child in noted if _is_alive(child.pid)}

    def process(self, name: str) -> psutil.Process:
        """Raises: StackError while it does not run."""
        if (pid := self.pid(name)) is None:
            raise StackError(f"{name} does not run")
        return psutil.Process(pid)

    def children(self, name: str) -> list[psutil.Process]:
        """The processes below a child of the supervisor that do its work."""
        try:
            below = self.process(name).children()
        except (psutil.NoSuchProcess, StackError):
            return []
        return [one for one in below if _is_alive(one.pid) and "resource_tracker" not in _command_line(one)]

    def web_names(self) -> list[str]:
        return ["web", *(f"web{number}" for number in range(2, len(self.ports) + 1))]

    # ---- servers, past the proxies

    @contextmanager
    def sql(self, name: str = "ofmemory", *, autocommit: bool = True) -> Iterator[psycopg.Connection]:
        """A connection to a database as its owner. Raises: psycopg.OperationalError while it is away."""
        with psycopg.connect(self.database_url(name), autocommit=autocommit, connect_timeout=5) as connection:
            yield connection

    def database_url(self, name: str = "ofmemory") -> str:
        url = locations.database_url(self.home, name)
        if self.database is None:
            return url
        return url.replace(quote(str(locations.socket_folder(self.home, "postgres"))), quote(str(self.database)))

    @contextmanager
    def redis(self, role: locations.Role) -> Iterator["redis.Redis"]:
        client = redis.Redis.from_url(locations.redis_url(self.home, role), socket_timeout=5)
        try:
            yield client
        finally:
            client.close()

    def answers(self, port: int, path: str = "/health/live", *, seconds: float = 5.0) -> int:
        """The status of an answer; 0 for none."""
        connection = HTTPConnection(HOST, port, timeout=seconds)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()

    def is_database_there(self) -> bool:
        try:
            with self.sql("postgres") as database:
                database.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def is_redis_there(self, role: locations.Role) -> bool:
        try:
            with self.redis(role) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    # ---- the rest

    def set_clock(self, offset_seconds: float) -> None:
        """Move the clock of the product's processes by so much against the true one."""
        clock = self.home / "clock"
        draft = clock.with_suffix(".new")
        draft.write_text(f"{offset_seconds:+.0f}")
        draft.replace(clock)

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a management command in the product's environment."""
        return run_in_product(("manage.py", *arguments), self.environment, check=check)

    def logs(self) -> str:
        """The last lines of everything that the product said."""
        return (self.home / "logs" / "chaos-runner.log").read_text(errors="replace")[-4000:]


@contextmanager
def running_stack(shape: Shape) -> Iterator[Stack]:
    """Start the product; leaving the context stops everything and removes its data.

    Raises:
        StackError: something did not start.
    """
    with ExitStack() as undo:
        home = make_home(Path(tempfile.mkdtemp(prefix="ofm-chaos-", dir="/tmp")))
        undo.callback(remove_home, home)
        if shape.disk_mb:
            undo.enter_context(small_disk(home / "postgres", shape.disk_mb))
        locations.ensure_secret(home, locations.DATABASE_PASSWORD)
        proxies = undo.enter_context(Proxies(_upstreams(home)))
        ports = tuple(free_port() for _ in range(shape.web_servers))
        environment = _environment(home, shape, proxies)
        plan = _plan(home, shape, ports, environment)
        runner = undo.enter_context(_running(home, plan))
        stack = Stack(home, shape, ports, proxies, environment, runner)
        undo.push(stack.undo)
        stack.set_clock(0)
        for port in ports:
            _wait_ready(stack, port)
        stack.keys = _provisioned(stack)
        yield stack


def _upstreams(home: Path) -> dict[str, Path]:
    database = locations.socket_folder(home, "postgres") / f".s.PGSQL.{locations.DATABASE_PORT}"
    return {
        "database": database,
        "keys": database,
        "cache": locations.redis_socket(home, "cache"),
        "broker": locations.redis_socket(home, "broker"),
    }


def _environment(home: Path, shape: Shape, proxies: Proxies) -> dict[str, str]:
    inherited = {name: value for name, value in env.child_environment().items() if not name.startswith(NOT_INHERITED)}
    return (
        inherited
        | {"DJANGO_SETTINGS_MODULE": "ofmemory.settings.base", "OFMEMORY_HOME": str(home)}
        | (_through(home, proxies) if shape.proxied else _straight(home))
        | {f"RATE_LIMIT_{name}": UNREACHABLE_LIMIT for name in LIMITS}
        | (_false_clock(home) if shape.false_clock else {})
        | dict(shape.extra)
    )


def _through(home: Path, proxies: Proxies) -> dict[str, str]:
    password = locations.ensure_secret(home, locations.DATABASE_PASSWORD)
    login = f"postgres://{locations.DATABASE_USER}:{password}@{HOST}"
    return {
        "DATABASE_URL": f"{login}:{proxies['database'].port}/ofmemory",
        "KEYS_DATABASE_URL": f"{login}:{proxies['keys'].port}/ofmemory_keys",
        "REDIS_URL": f"redis://{HOST}:{proxies['cache'].port}/0",
        "BROKER_URL": f"redis://{HOST}:{proxies['broker'].port}/0",
    }


def _straight(home: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": locations.database_url(home),
        "KEYS_DATABASE_URL": locations.database_url(home, "ofmemory_keys"),
        "REDIS_URL": locations.redis_url(home, "cache"),
        "BROKER_URL": locations.broker_url(home),
    }


def _false_clock(home: Path) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(FAKETIME[0]),
        "FAKETIME_TIMESTAMP_FILE": str(home / "clock"),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": str(Path(__file__).parent / "false_clock"),
    }


def _plan(home: Path, shape: Shape, ports: tuple[int, ...], environment: Mapping[str, str]) -> Path:
    plan: dict[str, Any] = {
        "home": str(home),
        "ports": ports,
        "environment": dict(environment),
        "workers": shape.workers,
        "threads": shape.threads,
        "concurrency": shape.concurrency,
        "second_worker": shape.second_worker,
    }
    path = home / "run" / "chaos-plan.json"
    path.touch(0o600)
    path.write_bytes(orjson.dumps(plan))
    if shape.false_clock:
        (home / "clock").write_text("+0")
    return path


@contextmanager
def _running(home: Path, plan: Path) -> Iterator[Running]:
    child = Child(
        name="runner",
        argv=(sys.executable, "-m", "tests.chaos.runner", plan),
        env={name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)},
        cwd=ROOT,
        log=home / "logs" / "chaos-runner.log",
        stop_steps=((signal.SIGTERM, STOP_SECONDS),),
    )
    running = Running(child)
    try:
        yield running
    finally:
        running.stop()


def _wait_ready(stack: Stack, port: int) -> None:
    def is_ready() -> bool:
        if stack.runner.exit_code is not None:
            raise StackError(f"the runner ended:\n{stack.logs()}")
        return stack.answers(port, "/health/ready") == 200

    if not wait_for(is_ready, START_SECONDS):
        raise StackError(f"port {port} did not get ready:\n{stack.logs()}")


def _provisioned(stack: Stack) -> dict[str, str]:
    answer = stack.home / "run" / "chaos-keys.json"
    run_in_product(("-m", "tests.chaos.provision", str(answer)), stack.environment)
    keys: dict[str, str] = orjson.loads(answer.read_bytes())
    return keys


def run_in_product(
    arguments: tuple[str, ...], environment: Mapping[str, str], *, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Raises: StackError when the command fails, unless that is for the caller to judge."""
    done = subprocess.run(
        (sys.executable, *arguments), cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if check and done.returncode != 0:
        raise StackError(f"{' '.join(arguments)} failed: {done.stderr[-2000:]}")
    return done


@contextmanager
def small_disk(place: Path, size_mb: int) -> Iterator[None]:
    """A disk of its own at `place`; seen by nobody outside where the harness has a mount namespace of its own."""
    place.mkdir(mode=0o700)
    subprocess.run(("mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "ofm-chaos", place), check=True)
    try:
        yield
    finally:
        subprocess.run(("umount", "--lazy", place), check=True)


def may_mount() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("mount") is not None


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether it became true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
