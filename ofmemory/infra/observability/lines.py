"""The lines that come with every request, written a few at a time.

A write for each wakes whoever reads the log each time, which on a busy machine costs a fifth of what a cached context
costs. Lines that tell of trouble are not held back, and take those before them along.
"""

import atexit
import os
import threading
import time
from collections import deque
from typing import Final

# How long a line may wait; what a killed process takes with it is no older.
PAUSE_SECONDS: Final = 0.05
# So much goes into a pipe in one piece (POSIX: PIPE_BUF): lines of other processes never end up inside one of ours.
PIECE_BYTES: Final = 4096
_STDERR: Final = 2


class Lines:
    """The lines of one process.

    Args:
        descriptor: the file they go to.
    """

    def __init__(self, descriptor: int = _STDERR) -> None:
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, line: bytes, *, at_once: bool) -> None:
        """Have a line written, with its line break: now, or within ``PAUSE_SECONDS``."""
        self._waiting.append(line)
        if at_once:
            self.flush()
        elif self._thread is None:
            self._start()

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            while self._waiting:
                piece = self._waiting.popleft()
                while self._waiting and len(piece) + len(self._waiting[0]) <= PIECE_BYTES:
                    piece += self._waiting.popleft()
                os.write(self._descriptor, piece)

    def _start(self) -> None:
        with self._writing:
            if self._thread is None:
                atexit.register(self.flush)
                self._thread = threading.Thread(target=self._run, daemon=True, name="lines")
                self._thread.start()

    def _run(self) -> None:
        while True:
            time.sleep(PAUSE_SECONDS)
            if self._waiting:
                self.flush()


lines: Final = Lines()
