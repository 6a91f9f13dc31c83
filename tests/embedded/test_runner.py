"""`make run` from the outside: what is printed, what is left, and what it says when it cannot."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ofmemory.embedded.leftovers import is_alive, noted
from ofmemory.embedded.servers import temporary_servers
from tests.embedded.helpers import ROOT, environment, eventually, needs_linux, processes_of, wait_all


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Runner:
    """A runner in a process of its own; its output lies in a file."""

    def __init__(self, home: Path, port: int, *options: str) -> None:
        log_folder = next(folder for folder in home.parents if folder.is_dir())
        self.home, self.log = home, log_folder / f"{port}.out"
        command = [sys.executable, "-m", "tests.embedded.fake_runner", str(home), str(port), *options]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT, env=environment(), start_new_session=True
            )

    @property
    def output(self) -> str:
        return self.log.read_text()

    def is_up(self) -> bool:
        return eventually(lambda: "Stop with Ctrl-C" in self.output or self.process.poll() is not None, 60) and (
            self.process.poll() is None
        )

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def runners() -> Iterator[list[Runner]]:
    started: list[Runner] = []
    yield started
    for runner in started:
        if runner.process.poll() is None:
            runner.end(signal.SIGTERM)


def test_from_start_to_ctrl_c(home: Path, runners: list[Runner]) -> None:
    port = free_port()
    (home / "demo-api-key").write_text("k")
    # 3: a legal hold keeps something of what was erased; no reason to stay down.
    runner = Runner(home, port, "seed=echo seeded", "replay=echo replayed; exit 3")
    runners.append(runner)
    assert runner.is_up(), runner.output
    lines = (
        "| keys migrated",
        "migrate  | migrated",
        "| replayed",
        "seed     | seeded",
        f"http://127.0.0.1:{port}/api/docs/",
        "alice / ofmemory-demo",
    )
    positions = [runner.output.find(line) for line in lines]
    assert positions == sorted(positions)
    assert -1 not in positions
    assert f'"Authorization: Bearer $(cat {home}/demo-api-key)"' in runner.output
    family = runner.family()
    assert {"postgres", "valkey-server", "sleep"} <= {process.name() for process in family}
    assert runner.end() == 0
    assert wait_all(family, 5)
    assert processes_of(home) == []
    assert noted(home / "run" / "processes.json") == []


def test_only_the_runner_hears_ctrl_c(home: Path, runners: list[Runner]) -> None:
    runner = Runner(home, free_port())
    runners.append(runner)
    assert runner.is_up(), runner.output
    assert os.getpgid(runner.process.pid) not in {os.getpgid(process.pid) for process in runner.family()}


@needs_linux
def test_starts_again_after_kill_9(home: Path, runners: list[Runner]) -> None:
    port = free_port()
    first, family = Runner(home, port), []
    runners.append(first)
    assert first.is_up(), first.output
    family = first.family()
    first.end(signal.SIGKILL)
    second = Runner(home, port)
    runners.append(second)
    assert second.is_up(), second.output
    assert not any(map(is_alive, family))


def test_killed_server_and_web_server_come_back(home: Path, runners: list[Runner]) -> None:
    runner = Runner(home, free_port())
    runners.append(runner)
    assert runner.is_up(), runner.output
    before = {entry.name: entry.pid for entry in noted(home / "run" / "processes.json")}
    for name in ("postgres", "redis-cache", "redis-broker", "web"):
        os.kill(before[name], signal.SIGKILL)

    def all_new() -> bool:
        now = {entry.name: entry.pid for entry in noted(home / "run" / "processes.json")}
        return now.keys() == before.keys() and all(now[name] != before[name] for name in ("postgres", "web"))

    assert eventually(all_new, 30), runner.output
    assert "postgres ended with signal 9; starting it again in 0.5 s" in runner.output
    assert runner.end() == 0


def refused(home: Path, port: int, *options: str) -> str:
    """What a runner says that cannot start: one line, code 1, nothing left."""
    runner = Runner(home, port, *options)
    assert runner.process.wait(60) == 1, runner.output
    assert "Traceback" not in runner.output
    assert processes_of(home) == []
    return runner.output.splitlines()[-1]


def test_second_runner_of_a_home(home: Path, runners: list[Runner]) -> None:
    port = free_port()
    first = Runner(home, port, "database=given", "keys=also given", "redis=given", "broker=given")
    assert first.process.wait(60) == 1
    runner = Runner(home, port)
    runners.append(runner)
    assert runner.is_up(), runner.output
    second = Runner(home, free_port())
    assert second.process.wait(60) == 1
    assert f"already running, pid {runner.process.pid}, at http://127.0.0.1:{port}" in second.output


def test_taken_port(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = refused(home, port)
    assert line == f"ofmemory: port {port} is taken by another program; choose another one: PORT={port + 1} make run"


def test_full_disk(home: Path) -> None:
    assert refused(home, free_port(), "free=299999999").startswith("ofmemory: the disk is full: 299 MB are free")


def test_home_that_cannot_be_made(ground: Path) -> None:
    (ground / "file").write_text("")
    runner = Runner(ground / "file" / "x", free_port())
    assert runner.process.wait(60) == 1
    assert "cannot be made: Not a directory" in runner.output


def test_failing_migration(home: Path) -> None:
    line = refused(home, free_port(), "migrate=echo oh no; exit 3")
    assert line == "ofmemory: migrate failed (exit code 3); its last lines stand above"


def test_erasures_that_cannot_be_replayed_keep_everything_down(home: Path) -> None:
    line = refused(home, free_port(), "replay=echo oh no; exit 1")
    assert line == "ofmemory: replay erasures failed (exit code 1); its last lines stand above"


def test_servers_from_outside_that_do_not_answer(home: Path) -> None:
    dead = free_port()
    database = f"postgres://u:secret-word@127.0.0.1:{dead}/x"
    for given in ((f"database={database}", f"keys={database}-keys"), (f"keys={database}",)):
        line = refused(home, free_port(), *given)
        assert line.startswith(
            f"ofmemory: the PostgreSQL of {'DATABASE_URL' if given[1:] else 'KEYS_DATABASE_URL'} does"
        )
        assert "secret-word" not in line
    line = refused(home, free_port(), f"redis=redis://:secret-word@127.0.0.1:{dead}/0")
    assert line.startswith("ofmemory: the Redis of REDIS_URL does not answer")
    assert "secret-word" not in line
    assert "BROKER_URL has to be" in refused(home, free_port(), "broker=amqp://h")


def test_servers_from_outside_are_used(home: Path, runners: list[Runner]) -> None:
    with temporary_servers() as servers:
        databases = (f"database={servers.database_url}", f"keys={servers.keys_database_url}")
        redis = (f"redis={servers.redis_url}", f"broker={servers.broker_url}")
        runner = Runner(home, free_port(), *databases, *redis)
        runners.append(runner)
        assert runner.is_up(), runner.output
        assert {process.name() for process in runner.family()} & {"postgres", "valkey-server"} == set()
        assert runner.end(signal.SIGTERM) == 0
    assert not (home / "postgres").exists()


def test_ctrl_c_while_the_migration_runs(home: Path, runners: list[Runner]) -> None:
    runner = Runner(home, free_port(), "migrate=echo begun; sleep 600")
    runners.append(runner)
    assert eventually(lambda: "begun" in runner.output, 60)
    assert runner.end() == 0
    assert processes_of(home) == []
