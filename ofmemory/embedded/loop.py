"""The one place where the supervisor waits: for signals, for lines of output, or for a moment in time.

Everything happens in one thread, so that nothing needs a lock and forking is safe.
"""

import os
import selectors
import signal
from collections.abc import Callable
from functools import partial
from types import FrameType, TracebackType
from typing import IO, Final, Self

STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
READ_BYTES: Final = 65536
LONGEST_LINE_BYTES: Final = 65536
READS_AT_END: Final = 1000


class Lines:
    """Turns what a child writes into whole lines with its name in front."""

    def __init__(self, name: str, stream: IO[bytes], say: Callable[[str], None]) -> None:
        os.set_blocking(stream.fileno(), False)
        self._prefix, self._stream, self._say, self._rest = f"{name:<8} | ", stream, say, b""

    def pump(self) -> bool:
        """Show the lines that have arrived; False when there is nothing (more) to read."""
        try:
            data = os.read(self._stream.fileno(), READ_BYTES)
        except BlockingIOError:
            return False
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE_BYTES:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._show(line)
        return bool(data)

    def finish(self) -> None:
        """Show all that is left, also a line without an end."""
        # Bounded: a grandchild that got away may hold the other end and write for ever.
        for _ in range(READS_AT_END):
            if not self.pump():
                break
        if self._rest:
            self._show(self._rest)

    def _show(self, line: bytes) -> None:
        self._say(self._prefix + line.decode("utf-8", "replace").rstrip())


class Loop:
    """Signals and output, waited for together. A context manager of the main thread."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.stops_seen = 0
        self._say = say
        self._selector = selectors.DefaultSelector()
        self._lines: dict[IO[bytes], Lines] = {}
        self._undo: list[Callable[[], object]] = []

    def __enter__(self) -> Self:
        reader, writer = os.pipe()
        for end in (reader, writer):
            os.set_blocking(end, False)
            self._undo.append(partial(os.close, end))
        # A byte in this pipe ends the wait, whichever signal came, without a race between look and sleep.
        self._selector.register(reader, selectors.EVENT_READ, lambda: os.read(reader, READ_BYTES))
        previous = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._undo.append(lambda: signal.set_wakeup_fd(previous))
        for number in STOP_SIGNALS:
            self._handle(number, self._note_stop)
        self._handle(signal.SIGCHLD, _ignore)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for undo in reversed(self._undo):
            undo()
        self._selector.close()

    def follow(self, name: str, stream: IO[bytes]) -> None:
        """Show the lines of this stream from now on, until it ends."""
        self._lines[stream] = Lines(name, stream, self._say)
        self._selector.register(stream, selectors.EVENT_READ, lambda: self._pump(stream))

    def forget(self, stream: IO[bytes]) -> None:
        """Show what is still there, then look no longer."""
        if (lines := self._lines.pop(stream, None)) is not None:
            self._selector.unregister(stream)
            lines.finish()
            stream.close()

    def wait(self, seconds: float | None) -> None:
        """Wait until something has happened, `seconds` at most, and deal with it."""
        for key, _ in self._selector.select(seconds):
            key.data()

    def _pump(self, stream: IO[bytes]) -> None:
        if not self._lines[stream].pump():
            self.forget(stream)

    def _handle(self, number: signal.Signals, handler: Callable[[int, FrameType | None], None]) -> None:
        previous = signal.signal(number, handler)
        self._undo.append(lambda: signal.signal(number, previous))

    def _note_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stops_seen += 1


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Be a handler at all: a signal without one does not wake the loop."""
