"""The supervisor: order, restarts with backoff, and an end that leaves nobody behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ofmemory.embedded import leftovers
from ofmemory.embedded.child import Child, Running
from ofmemory.embedded.errors import EmbeddedError
from ofmemory.embedded.process import StopAsked, Supervisor
from tests.embedded.helpers import ROOT, environment, eventually, needs_linux, wait_all

SLEEPER = ("sleep", "60")
# Ignores SIGTERM and has a child that does so too.
STUBBORN = ("sh", "-c", "trap '' TERM; sh -c 'trap \"\" TERM; echo up; sleep 60' & wait; sleep 60")


class Journal(list[str]):
    """What the supervisor said."""

    def heard(self, text: str) -> bool:
        return any(text in line for line in self)


@pytest.fixture
def said() -> Journal:
    return Journal()


@pytest.fixture
def supervisor(ground: Path, said: Journal) -> Iterator[Supervisor]:
    with Supervisor(ground / "processes.json", said.append, first_pause_seconds=0.05) as supervisor:
        yield supervisor


def stop_when(condition: object, seconds: float = 20.0) -> threading.Thread:
    """Send ourselves SIGTERM once the condition holds (or never will)."""

    def watch() -> None:
        eventually(condition, seconds)  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def watch_until(supervisor: Supervisor, condition: object) -> None:
    thread = stop_when(condition)
    with pytest.raises(StopAsked):
        supervisor.wait()
    thread.join()


def test_output_is_shown_line_by_line_with_the_name(supervisor: Supervisor, said: Journal) -> None:
    code = supervisor.run(Child(name="talker", argv=("sh", "-c", "echo one; echo two >&2; printf three; exit 3")))
    assert code == 3
    assert said == ["talker   | one", "talker   | two", "talker   | three"]


def test_much_output_blocks_nobody(supervisor: Supervisor, said: Journal) -> None:
    program = "for n in range(20000): print('line', n)"
    assert supervisor.run(Child(name="talker", argv=(sys.executable, "-c", program))) == 0
    assert said[-1] == "talker   | line 19999"
    assert len(said) == 20000


def test_order_of_start_and_end(ground: Path, said: Journal) -> None:
    script = "trap 'echo bye; exit 0' TERM; echo hello; while :; do sleep 0.05; done"
    with Supervisor(ground / "p.json", said.append) as supervisor:
        for name in ("first", "second"):
            supervisor.start(
                Child(name=name, argv=("sh", "-c", script), is_ready=lambda n=name: said.heard(f"{n:<8} | hello"))
            )
    assert [line.replace(" ", "") for line in said] == ["first|hello", "second|hello", "second|bye", "first|bye"]


def test_died_child_is_started_again_with_growing_pauses(supervisor: Supervisor, said: Journal) -> None:
    supervisor.start(Child(name="weak", argv=("sh", "-c", "exit 7")))
    watch_until(supervisor, lambda: sum("ended with exit code 7" in line for line in said) >= 4)
    pauses = [line.rsplit(" ", 2)[1] for line in said if "starting it again in" in line]
    assert pauses[:4] == ["0.05", "0.1", "0.2", "0.4"]


def test_backoff_is_bounded(ground: Path) -> None:
    supervisor = Supervisor(ground / "p.json", print)
    slot = supervisor._add(Child(name="x", argv=()))
    slot.failures = 5000
    assert supervisor._pause_seconds(slot) == 30.0


def test_killed_child_comes_back_and_its_group_is_gone(supervisor: Supervisor, said: Journal, ground: Path) -> None:
    steps = ((signal.SIGTERM, 0.1),)
    supervisor.start(Child(name="parent", argv=STUBBORN, is_ready=lambda: said.heard("up"), stop_steps=steps))
    family = leftovers.group_of(leftovers.noted(ground / "processes.json")[0])
    assert len(family) >= 2
    os.kill(leftovers.noted(ground / "processes.json")[0].pid, signal.SIGKILL)
    watch_until(supervisor, lambda: sum("up" in line for line in said) == 2)
    assert said.heard("parent ended with signal 9")
    assert wait_all(family)


def test_what_cannot_be_prepared_again_is_tried_again(supervisor: Supervisor, said: Journal) -> None:
    attempts: list[int] = []

    def prepare() -> None:
        attempts.append(1)
        if len(attempts) in {2, 3}:
            raise OSError(28, "No space left on device")

    supervisor.start(Child(name="weak", argv=("sh", "-c", "exit 1"), before_start=prepare))
    watch_until(supervisor, lambda: len(attempts) >= 4)
    assert said.heard("No space left on device")


def test_stubborn_child_is_killed_with_its_group(ground: Path, said: Journal) -> None:
    with Supervisor(ground / "p.json", said.append) as supervisor:
        supervisor.start(
            Child(
                name="stubborn", argv=STUBBORN, is_ready=lambda: said.heard("up"), stop_steps=((signal.SIGTERM, 0.1),)
            )
        )
        family = leftovers.group_of(leftovers.noted(ground / "p.json")[0])
    assert wait_all(family, 5)
    assert leftovers.noted(ground / "p.json") == []


def test_second_stop_signal_cuts_the_waiting_short(ground: Path, said: Journal) -> None:
    started = time.monotonic()
    with Supervisor(ground / "p.json", said.append) as supervisor:
        supervisor.start(
            Child(
                name="stubborn", argv=STUBBORN, is_ready=lambda: said.heard("up"), stop_steps=((signal.SIGTERM, 60.0),)
            )
        )
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(StopAsked):
            supervisor.wait()
    assert time.monotonic() - started < 10


def test_child_that_never_gets_ready(supervisor: Supervisor) -> None:
    child = Child(name="slow", argv=SLEEPER, is_ready=lambda: False, ready_seconds=0.2)
    with pytest.raises(EmbeddedError, match="slow was not ready after 0 s"):
        supervisor.start(child)


def test_child_that_ends_too_early_gets_its_attempts(supervisor: Supervisor, ground: Path) -> None:
    counter = ground / "count"
    child = Child(
        name="early",
        argv=("sh", "-c", f"echo x >> {counter}; exit 4"),
        is_ready=lambda: False,
        start_attempts=3,
        explain=lambda: "because",
    )
    with pytest.raises(EmbeddedError, match="early ended with exit code 4: because"):
        supervisor.start(child)
    assert counter.read_text().count("x") == 3


def test_program_that_does_not_exist(supervisor: Supervisor, said: Journal) -> None:
    with pytest.raises(EmbeddedError, match="ghost ended with exit code 127"):
        supervisor.start(Child(name="ghost", argv=("/no/such/program",), is_ready=lambda: False))
    assert said == ["ghost    | /no/such/program cannot be run: No such file or directory"]


def test_folder_that_does_not_exist(supervisor: Supervisor) -> None:
    with pytest.raises(EmbeddedError, match="ghost cannot be started"):
        supervisor.start(Child(name="ghost", argv=SLEEPER, cwd=Path("/no/such/folder")))


def test_stop_signal_during_a_one_time_command(supervisor: Supervisor, ground: Path) -> None:
    thread = stop_when(lambda: leftovers.noted(ground / "processes.json"))
    with pytest.raises(StopAsked):
        supervisor.run(Child(name="migrate", argv=SLEEPER))
    thread.join()


def test_signal_handlers_are_put_back(ground: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)]
    with Supervisor(ground / "p.json", print):
        pass
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)]


def test_idle_supervisor_uses_no_processor_time(supervisor: Supervisor) -> None:
    supervisor.start(Child(name="sleeper", argv=SLEEPER))
    alarm = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGTERM))
    before = time.process_time()
    alarm.start()
    with pytest.raises(StopAsked):
        supervisor.wait()
    assert time.process_time() - before < 0.2


PID_ONE = """
import os, sys, pathlib, psutil
from ofmemory.embedded.child import Child
from ofmemory.embedded.process import Supervisor
assert os.getpid() == 1
with Supervisor(pathlib.Path(sys.argv[1]), print) as supervisor:
    # The grandchild outlives its parent in a session of its own, and so is handed to us.
    code = supervisor.run(Child(name="p", argv=("sh", "-c", "setsid sleep 0.2 & exit 5")))
    supervisor.run(Child(name="wait", argv=("sleep", "1")))
    supervisor.run(Child(name="wait", argv=("true",)))
    print("code", code, "zombies", [c.name() for c in psutil.Process().children()])
"""


@needs_linux
def test_works_as_process_1(ground: Path) -> None:
    command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, "-c", PID_ONE]
    done = subprocess.run(
        [*command, str(ground / "p.json")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
        cwd=ROOT,
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("no right to make a process namespace")
    assert done.stdout.strip() == "code 5 zombies []", done.stderr


ORPHANS = """
import sys, pathlib
from ofmemory.embedded.child import Child
from ofmemory.embedded.process import Supervisor
with Supervisor(pathlib.Path(sys.argv[1]), print) as supervisor:
    supervisor.start(Child(name="s", argv=("sleep", "60")))
    supervisor.wait()
"""


@needs_linux
def test_kill_9_of_the_supervisor_leaves_no_orphan(ground: Path) -> None:
    notes = ground / "processes.json"
    runner = subprocess.Popen([sys.executable, "-c", ORPHANS, str(notes)], env=environment(), cwd=ROOT)
    assert eventually(lambda: leftovers.noted(notes))
    child = psutil.Process(leftovers.noted(notes)[0].pid)
    runner.kill()
    runner.wait()
    assert wait_all([child])


def test_noted_process_is_stopped_and_a_stranger_with_its_id_is_not(ground: Path) -> None:
    notes = ground / "processes.json"
    ours, stranger = (Running(Child(name=name, argv=SLEEPER)) for name in ("ours", "stranger"))
    older = leftovers.Started("stranger", stranger.pid, stranger.started.created - 1000)
    leftovers.note(notes, [ours.started, older])
    try:
        assert leftovers.stop_noted(notes) == ["ours"]
        assert ours.exit_code is not None
        assert stranger.exit_code is None
    finally:
        stranger.stop()
        ours.stop()


def test_torn_list_of_processes_is_no_obstacle(ground: Path) -> None:
    (ground / "processes.json").write_text('[{"name": "x", ')
    assert leftovers.stop_noted(ground / "processes.json") == []
