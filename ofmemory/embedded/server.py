"""What the embedded servers have in common: folders, user, log, and a life without a supervisor."""

import os
import re
import stat
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final, Self

from ofmemory.embedded import locations, privileges
from ofmemory.embedded.child import Child, Running
from ofmemory.embedded.errors import EmbeddedError

POLL_SECONDS: Final = 0.05
TELLING: Final = re.compile(r"FATAL|PANIC|[Cc]an't|[Ff]ailed|cannot be run")
DISK_FULL: Final = "No space left on device"


def make_home(home: Path) -> Path:
    """The data folder, made when absent: nobody else can list it.

    Raises: EmbeddedError when it cannot be made or written to.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        _let_pass(home)
        for name in ("run", "logs"):
            (home / name).mkdir(mode=0o700, exist_ok=True)
            locations.give_to_keeper(home, home / name)
    except OSError as error:
        raise EmbeddedError(f"the data folder {home} cannot be made: {error.strerror}") from error
    if not os.access(home, os.W_OK | os.X_OK):
        raise EmbeddedError(f"the data folder {home} cannot be written to: it belongs to user id {home.stat().st_uid}")
    return home.resolve()


def _let_pass(home: Path) -> None:
    # The servers of root run as another user, who has to get to the folders of theirs. Whatever lies in
    # the home is private by itself, so passing through shows nothing.
    mode = stat.S_IMODE(home.stat().st_mode)
    if os.geteuid() == 0 and locations.keeper(home) == 0 and not mode & stat.S_IXOTH:
        home.chmod(mode | stat.S_IXGRP | stat.S_IXOTH)


class EmbeddedServer(ABC):
    """One server of one home, as a `Child` for a supervisor or by `start` and `stop`."""

    name: str
    process_names: Sequence[str]

    def __init__(self, home: Path) -> None:
        self.home = make_home(home)
        self._running: Running | None = None
        self._log_start = 0

    @abstractmethod
    def child(self) -> Child:
        """The server as a supervisor runs it."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether it answers."""

    @abstractmethod
    def stop_leftovers(self) -> None:
        """Stop a server of this folder that nobody supervises any more."""

    @cached_property
    def account(self) -> privileges.Account | None:
        """The user it runs as, None for ourselves."""
        return privileges.service_account(self.home)

    @cached_property
    def folder(self) -> Path:
        """Its data folder, where it really is."""
        return privileges.data_folder(self.home, self.name, self.account)

    @property
    def log(self) -> Path:
        return self.home / "logs" / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """The process id while it was started by `start` and runs."""
        return self._running.pid if self._running and self._running.exit_code is None else None

    def start(self) -> None:
        """Start it and return when it is ready.

        Raises: EmbeddedError when it does not get ready.
        """
        child = self.child()
        for _ in range(child.start_attempts):
            child.before_start()
            self._running = Running(child)
            if self._gets_ready(child, self._running):
                return
            self.stop()
        raise EmbeddedError(f"{self.name} did not start: {self.explain() or f'its log is {self.log}'}")

    def stop(self) -> None:
        """Stop it and wait until it is gone; nothing to do where it does not run."""
        if self._running is not None:
            self._running.stop()
            self._running = None

    def prepare(self) -> None:
        """Make the ground ready for a start: remember where its log begins, stop what was left behind."""
        self.log.touch(0o600)
        locations.give_to_keeper(self.home, self.log)
        self._log_start = self.log.stat().st_size
        self.stop_leftovers()

    def explain(self) -> str | None:
        """Why it ended, from what it logged since its start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start if self._log_start <= self.log.stat().st_size else 0)
            lines = log.read().decode("utf-8", "replace").splitlines()
        if any(DISK_FULL in line for line in lines):
            return f"the disk is full: make room for {self.folder}"
        telling = (line for line in reversed(lines) if TELLING.search(line) and "database system is" not in line)
        return next(telling, None)

    def run_as_server(
        self, command: Sequence[str | Path], environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the server to its end, as the server's user and in its folder."""
        return subprocess.run(  # noqa: S603 - the argument lists are our own
            command,
            env=environment,
            cwd=self.folder,
            umask=0o077,
            capture_output=True,
            text=True,
            check=False,
            **privileges.identity(self.account),
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _gets_ready(self, child: Child, running: Running) -> bool:
        deadline = time.monotonic() + child.ready_seconds
        while time.monotonic() < deadline:
            if self.is_ready():
                return True
            if running.ends_within(POLL_SECONDS):
                return False
        return False
