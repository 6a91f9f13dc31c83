"""What the tests of this folder share: polling with a deadline, other users, other processes."""

import os
import pwd
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from ofmemory.embedded import leftovers, locations
from ofmemory.embedded.privileges import Account, can_reach, identity

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = Path(psutil.__file__).parent.parent
IS_ROOT = os.geteuid() == 0

needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can become another user")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel call exists on Linux only")


def eventually(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    """Ask until the condition holds; False when it never did."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        pause.wait(0.02)
    return bool(condition())


def processes_of(home: Path) -> list[psutil.Process]:
    """Every living process with this home in its command line or as its working directory."""
    places = {
        str(home),
        str(locations.sockets_root(home)),
        *(str(p.resolve()) for p in home.iterdir() if p.is_symlink()),
    }
    return [p for p in psutil.process_iter() if leftovers.is_alive(p) and _belongs(p, places)]


def _belongs(process: psutil.Process, places: set[str]) -> bool:
    try:
        evidence = [*process.cmdline(), process.cwd()]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return process.pid != os.getpid() and any(place in text for place in places for text in evidence)


def new_home(parent: Path) -> Path:
    """A home that a service user can pass through, as `make run` makes it."""
    home = parent / "home"
    home.mkdir(mode=0o711)
    return home


def environment() -> dict[str, str]:
    """For a process of ours that imports the product but takes nothing else from this one."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{PACKAGES}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def interpreter_for(user: str | None) -> str:
    """A Python of our version that the user can run: pyenv below /root is for root alone."""
    for candidate in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        if Path(candidate).exists() and can_reach(Path(candidate), account_of(user) if user else None):
            return candidate
    return pytest.skip(f"no Python here that {user} can run")


def python(code: str, *arguments: object, user: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a few lines of Python, as another user if told so."""
    command = [interpreter_for(user), "-c", code, *map(str, arguments)]
    account = account_of(user) if user else None
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd="/",
        env=environment(),
        **identity(account),
    )


def account_of(user: str) -> Account:
    entry = pwd.getpwnam(user)
    return Account(user, entry.pw_uid, entry.pw_gid)


def wait_all(processes: Sequence[psutil.Process], seconds: float = 20.0) -> bool:
    """Whether all of them ended in time."""
    psutil.wait_procs(processes, timeout=seconds)
    return not [process for process in processes if leftovers.is_alive(process)]
