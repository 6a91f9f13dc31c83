"""One runner a home: the lock that says so, and who holds it."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from ofmemory.embedded import locations
from ofmemory.embedded.errors import EmbeddedError


class HomeLock:
    """Held for as long as servers of this home may run; the kernel frees it when its holder dies.

    Args:
        home: an existing data folder.
        label: what to tell whoever comes second, such as the address of the web server.
    """

    def __init__(self, home: Path, label: str) -> None:
        self._path, self._label = home / "run.lock", label
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Raises: EmbeddedError when another process holds it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 500).decode("utf-8", "replace").strip()
            os.close(descriptor)
            raise EmbeddedError(f"already running, {holder}") from error
        self._file = descriptor
        locations.give_to_keeper(self._path.parent, self._path)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()}, {self._label}\n".encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The file stays: removing it would let two processes lock two different files of one name.
        if self._file is not None:
            os.close(self._file)
            self._file = None
