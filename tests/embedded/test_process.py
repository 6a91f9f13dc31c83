"""The supervisor: order, restarts with backoff, and an end that leaves nobody behind."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ofmemory.embedded import leftovers
from ofmemory.embedded.child import Child
from ofmemory.embedded.errors import EmbeddedError
from ofmemory.embedded.process import StopAsked, Supervisor
from tests.embedded.helpers import eventually, wait_all

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
                Child(name=name, argv=("sh", "-c", script), is_ready=partial(said.heard, f"{name:<8} | hello"))
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


def test_chatter_of_a_child_does_not_hasten_the_questions(supervisor: Supervisor) -> None:
    asked: list[int] = []

    def is_ready() -> bool:
        asked.append(1)
        return False

    chatter = Child(
        name="chatter",
        argv=("sh", "-c", "while :; do echo x; sleep 0.001; done"),
        is_ready=is_ready,
        ready_seconds=1.0,
        stop_steps=((signal.SIGTERM, 1.0),),
    )
    with pytest.raises(EmbeddedError, match="was not ready"):
        supervisor.start(chatter)
    assert len(asked) < 12


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
