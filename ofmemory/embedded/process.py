"""A small supervisor: starts children in order, keeps them running, stops them in reverse order.

It also serves as process 1 of a container, where it reaps whatever orphan is handed to it.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil

from ofmemory.embedded import leftovers
from ofmemory.embedded.child import Child, Running, ending, why_not_started
from ofmemory.embedded.errors import EmbeddedError
from ofmemory.embedded.loop import Loop

LONGEST_PAUSE_SECONDS: Final = 30.0
HEALTHY_SECONDS: Final = 60.0
READY_POLL_SECONDS: Final = 0.1
LONGEST_READY_POLL_SECONDS: Final = 1.0
HURRIED_SECONDS: Final = 1.0


class StopAsked(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


@dataclass
class _Slot:
    """A child's place in the supervisor, kept over its restarts."""

    child: Child
    running: Running | None = None
    failures: int = 0
    due_at: float | None = None
    watched: bool = False


class Supervisor:
    """A context manager of the main thread; leaving it stops everything.

    Args:
        process_list: where to note what runs, for a start after our own kill -9.
        say: takes each line to show.
        first_pause_seconds: the pause before a restart; it doubles up to 30 s, and starts anew once the
            child has run for a minute.

    `start`, `run` and `wait` raise StopAsked once a stop signal has arrived.
    """

    def __init__(self, process_list: Path, say: Callable[[str], None], first_pause_seconds: float = 0.5) -> None:
        self._process_list, self._say, self._first_pause = process_list, say, first_pause_seconds
        self._loop = Loop(say)
        self._slots: list[_Slot] = []

    def __enter__(self) -> Self:
        self._loop.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()
        self._loop.__exit__(kind, error, trace)

    def start(self, child: Child) -> None:
        """Start a child, wait until it is ready, and watch over it from then on.

        Raises: EmbeddedError when it ends too often or is not ready in time.
        """
        slot = self._add(child)
        while not self._gets_ready(slot):
            self._give_up_or_pause(slot)
        slot.failures, slot.watched = 0, True

    def run(self, child: Child) -> int:
        """Run a child to its end, while the others are watched over; returns its exit code."""
        slot = self._add(child)
        running = self._spawn(slot)
        while running.exit_code is None:
            self._tick()
        self._remove(slot)
        return running.process.returncode

    def wait(self) -> None:
        """Watch over the children until StopAsked."""
        while True:
            self._tick()

    def stop_all(self) -> None:
        """Stop every child, the last started first. A second stop signal cuts the waiting short."""
        while self._slots:
            self._remove(self._slots[-1])

    # Starting

    def _gets_ready(self, slot: _Slot) -> bool:
        running = self._spawn(slot)
        deadline = time.monotonic() + slot.child.ready_seconds
        pause = READY_POLL_SECONDS
        while not slot.child.is_ready():
            if running.exit_code is not None or time.monotonic() >= deadline:
                return False
            self._sleep(pause, running)
            pause = min(pause * 1.5, LONGEST_READY_POLL_SECONDS)
        return True

    def _give_up_or_pause(self, slot: _Slot) -> None:
        slot.failures += 1
        code = slot.running.exit_code if slot.running else None
        self._stop(slot)
        if code is None or slot.failures >= slot.child.start_attempts:
            self._remove(slot)
            raise EmbeddedError(why_not_started(slot.child, code))
        self._sleep(self._pause_seconds(slot))

    def _spawn(self, slot: _Slot) -> Running:
        slot.due_at = None
        try:
            slot.child.before_start()
            running = slot.running = Running(slot.child)
        except OSError as error:
            raise EmbeddedError(f"{slot.child.name} cannot be started: {error}") from error
        if stream := running.process.stdout:
            self._loop.follow(slot.child.name, stream)
        self._note()
        return running

    # Watching

    def _tick(self, seconds: float | None = None) -> None:
        """Wait for something to happen, `seconds` at most, and deal with it."""
        waits = [slot.due_at - time.monotonic() for slot in self._slots if slot.due_at is not None]
        waits += [seconds] if seconds is not None else []
        self._loop.wait(max(min(waits), 0.0) if waits else None)
        self._reap_strangers()
        if self._loop.stops_seen:
            raise StopAsked
        for slot in self._slots:
            if slot.watched:
                self._look_after(slot)

    def _sleep(self, seconds: float, unless_ended: Running | None = None) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if unless_ended is not None and unless_ended.exit_code is not None:
                return
            self._tick(left)

    def _look_after(self, slot: _Slot) -> None:
        running = slot.running
        if running is not None and running.exit_code is not None:
            self._plan_restart(slot, running)
        elif slot.due_at is not None and time.monotonic() >= slot.due_at:
            self._restart(slot)

    def _plan_restart(self, slot: _Slot, running: Running) -> None:
        slot.failures = 1 if running.uptime_seconds >= HEALTHY_SECONDS else slot.failures + 1
        code = running.process.returncode
        # Who was killed from outside did not write why.
        reason = slot.child.explain() if code != -signal.SIGKILL else None
        self._clear(slot)
        self._postpone(slot, f"ended with {ending(code)}" + (f": {reason}" if reason else ""))

    def _restart(self, slot: _Slot) -> None:
        try:
            self._spawn(slot)
        except EmbeddedError as error:
            slot.failures += 1
            self._postpone(slot, str(error))

    def _postpone(self, slot: _Slot, what: str) -> None:
        pause = self._pause_seconds(slot)
        slot.due_at = time.monotonic() + pause
        self._say(f"{slot.child.name} {what}; starting it again in {pause:g} s")

    def _pause_seconds(self, slot: _Slot) -> float:
        # The exponent is bounded so that the power is, after months of trying.
        doubled: int = 2 ** min(slot.failures - 1, 10)
        return min(self._first_pause * doubled, LONGEST_PAUSE_SECONDS)

    # Stopping

    def _remove(self, slot: _Slot) -> None:
        self._stop(slot)
        self._slots.remove(slot)

    def _stop(self, slot: _Slot) -> None:
        slot.due_at, running = None, slot.running
        if running is None:
            return
        for number, seconds in slot.child.stop_steps:
            running.send(number)
            self._wait_for_end(running, seconds)
        self._clear(slot)

    def _wait_for_end(self, running: Running, seconds: float) -> None:
        started = time.monotonic()
        while running.exit_code is None:
            allowed = min(seconds, HURRIED_SECONDS) if self._loop.stops_seen > 1 else seconds
            if (left := started + allowed - time.monotonic()) <= 0:
                return
            self._loop.wait(left)

    def _clear(self, slot: _Slot) -> None:
        """Remove what is left of a child: members of its group, its pipe, its entry in the list."""
        if (running := slot.running) is None:
            return
        running.kill_group()
        running.process.wait()
        if stream := running.process.stdout:
            self._loop.forget(stream)
        slot.running = None
        self._note()

    # Bookkeeping

    def _add(self, child: Child) -> _Slot:
        slot = _Slot(child)
        self._slots.append(slot)
        return slot

    def _note(self) -> None:
        alive = [slot.running for slot in self._slots if slot.running and slot.running.exit_code is None]
        try:
            leftovers.note(self._process_list, [running.started for running in alive])
        except OSError as error:
            # A full disk must not end the supervisor: the list only helps a start after our own kill -9.
            self._say(f"the list of running processes cannot be written: {error}")

    def _reap_strangers(self) -> None:
        """As process 1 we inherit orphans; one that is not ours is reaped, ours are left to `Running`."""
        if os.getpid() != 1:
            return
        ours = {slot.running.pid for slot in self._slots if slot.running}
        for process in psutil.Process().children():
            if process.pid not in ours and process.status() == psutil.STATUS_ZOMBIE:
                os.waitpid(process.pid, os.WNOHANG)
