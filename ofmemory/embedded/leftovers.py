"""Processes that outlived the one who started them: found by evidence, never by a bare process id.

A process id read from a file may long belong to somebody else. A server is therefore recognised by its
name together with its working directory (both servers live in their data folder), any other child by
its id together with the moment it was started.
"""

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

StopSteps = tuple[tuple[signal.Signals, float], ...]

CLOCK_SLACK_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Started:
    """A child that was started: enough to recognise it later."""

    name: str
    pid: int
    created: float
    stop_signal: int = signal.SIGTERM


def servers_in(folder: Path, names: Sequence[str]) -> list[psutil.Process]:
    """The living processes of one of these names that work in `folder`."""
    found = (process for process in psutil.process_iter() if _works_in(process, folder, names))
    return list(found)


def _works_in(process: psutil.Process, folder: Path, names: Sequence[str]) -> bool:
    try:
        return process.name() in names and is_alive(process) and Path(process.cwd()) == folder
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False  # gone meanwhile, or another user's: ours run as a user whom we may look at


def is_alive(process: psutil.Process) -> bool:
    """Whether the process runs; a zombie does not, though its id is still taken."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def stop_all(processes: Sequence[psutil.Process], steps: StopSteps) -> None:
    """Send each signal in turn, with its time to obey, until all of them have ended."""
    alive = list(processes)
    for number, seconds in steps:
        for process in alive:
            _send(process, number)
        _, alive = psutil.wait_procs([process for process in alive if is_alive(process)], timeout=seconds)
        alive = [process for process in alive if is_alive(process)]
        if not alive:
            return


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return  # which is what was wanted


def note(path: Path, children: Sequence[Started]) -> None:
    """Write down what runs, so that a later start can find it; whole or not at all."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps([asdict(child) for child in children]), encoding="utf-8")
    draft.replace(path)


def noted(path: Path) -> list[Started]:
    """What `note` wrote; nothing when the file is absent, torn or another user's."""
    try:
        return [Started(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (FileNotFoundError, PermissionError, json.JSONDecodeError, TypeError):
        return []


def stop_noted(path: Path) -> list[str]:
    """Stop what an earlier runner left behind, the last started first, each with its process group.

    Returns: the names of the children of which something was still alive.
    """
    left = [(child, group) for child in reversed(noted(path)) if (group := group_of(child))]
    for child, group in left:
        stop_all(group, ((signal.Signals(child.stop_signal), 10.0), (signal.SIGKILL, 5.0)))
    return [child.name for child, _ in left]


def group_of(child: Started) -> list[psutil.Process]:
    """The living processes of the child's group: every child leads a group of its own.

    An id stays taken as long as its group has members, so members older than the child are the only
    proof needed that the id has passed to somebody else.
    """
    members = [process for process in psutil.process_iter() if _group_id(process) == child.pid]
    alive = [process for process in members if is_alive(process)]
    if any(process.create_time() < child.created - CLOCK_SLACK_SECONDS for process in alive):
        return []
    leaders = [process for process in alive if process.pid == child.pid]
    if any(abs(leader.create_time() - child.created) > CLOCK_SLACK_SECONDS for leader in leaders):
        return []
    return alive


def _group_id(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except (ProcessLookupError, PermissionError):
        return None
