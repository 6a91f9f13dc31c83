"""One supervised process: what it is (`Child`) and the run of it (`Running`)."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from ofmemory.embedded import launch
from ofmemory.embedded.leftovers import Started, StopSteps
from ofmemory.embedded.privileges import Account

LOG_BYTES_KEPT: Final = 10_000_000


def nothing() -> None:
    """Do nothing: the default of a hook."""


def at_once() -> bool:
    """The readiness of a child that need not be waited for."""
    return True


def no_reason() -> str | None:
    """The explanation of a child that has none to give."""
    return None


@dataclass(frozen=True, kw_only=True)
class Child:
    """A process to keep running.

    Args:
        env: the whole environment; None hands on our own.
        account: the user to become, only root may.
        log: the file for its output; None shows it line by line, with the name in front.
        before_start: makes the ground ready, before the first start and before each restart.
        is_ready: answers quickly; asked again and again for `ready_seconds`.
        start_attempts: how often it may end before it was ready.
        stop_steps: signals, each with the seconds it gets to work; SIGKILL to the group follows.
        orphan_signal: what it gets when we die without a word (Linux).
        explain: why it ended, in words for the user, if anything can be told.
    """

    name: str
    argv: Sequence[str | Path]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    account: Account | None = None
    umask: int = -1
    log: Path | None = None
    before_start: Callable[[], None] = nothing
    is_ready: Callable[[], bool] = at_once
    ready_seconds: float = 60.0
    start_attempts: int = 1
    stop_steps: StopSteps = ((signal.SIGTERM, 10.0),)
    orphan_signal: signal.Signals = signal.SIGTERM
    explain: Callable[[], str | None] = no_reason


class Running:
    """A started child, in a session and group of its own so that Ctrl-C in the terminal passes it by."""

    def __init__(self, child: Child) -> None:
        """Start it.

        Raises: OSError when nothing can be started. A missing program ends with code 127 and says so.
        """
        self.child = child
        self.started_at = time.monotonic()
        self.process = _spawn(child)
        # What a later runner needs to recognise this process.
        self.started = Started(child.name, self.pid, _created(self.pid), int(child.stop_steps[0][0]))

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.process.poll()

    @property
    def uptime_seconds(self) -> float:
        return time.monotonic() - self.started_at

    def send(self, number: signal.Signals) -> None:
        """Signal the process itself; how its own children end is its business."""
        if self.exit_code is None:
            self.process.send_signal(number)

    def kill_group(self) -> None:
        """End whatever is left of the group, also after its leader has gone."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return  # nobody left; macOS says EPERM where only zombies are left

    def stop(self) -> None:
        """Stop it step by step and wait; for callers without a supervisor."""
        for number, seconds in self.child.stop_steps:
            self.send(number)
            if self.ends_within(seconds):
                break
        self.kill_group()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end, `seconds` at most."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True


def _created(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:  # macOS: ended already, and tells nothing about a zombie
        return time.time()


def _spawn(child: Child) -> subprocess.Popen[bytes]:
    output = _open_log(child.log) if child.log else subprocess.PIPE
    try:
        return subprocess.Popen(  # noqa: S603 - the argument lists are our own
            [*_launcher(child), *map(str, child.argv)],
            env=child.env,
            cwd=child.cwd,
            umask=child.umask,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        if output != subprocess.PIPE:
            os.close(output)


def _launcher(child: Child) -> list[str]:
    """What becomes the child; the kernel follows the *thread* that starts it: let that be the main one."""
    uid, gid = (child.account.uid, child.account.gid) if child.account else (-1, -1)
    numbers = (os.getpid(), int(child.orphan_signal), uid, gid)
    return [sys.executable, "-I", "-S", launch.__file__, *map(str, numbers)]


def _open_log(path: Path) -> int:
    if path.exists() and path.stat().st_size > LOG_BYTES_KEPT:
        path.replace(path.with_suffix(".log.1"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)


def ending(code: int) -> str:
    """An exit code in words."""
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def why_not_started(child: Child, code: int | None) -> str:
    """What to tell about a child that did not get ready; `code` is None when it still runs."""
    state = f"was not ready after {child.ready_seconds:.0f} s" if code is None else f"ended with {ending(code)}"
    where = f"its log is {child.log}" if child.log else "its last lines stand above"
    return f"{child.name} {state}: {child.explain() or where}"
