"""The numbers of several processes, in files that any of them can read.

The library keeps a file for each process and kind of metric, named by the process id. Ids come round again, and a
process that was killed leaves its gauges behind. So here a process is named by its id *and* its start: nobody goes on
with the numbers of a stranger, and what a dead one left as a gauge is never shown. Its counts stay (a counter that
went back would be taken for a restart), added up in one file once there are many.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import psutil
from prometheus_client import values
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

# Written out in full at once: a page that is first touched on a full disk would end the process (SIGBUS).
FILE_BYTES: Final = 1 << 19
# So many files of dead processes may lie there before they become one.
MOST_DEAD_FILES: Final = 16
_FOLDED: Final = "folded"
_NAME = re.compile(r"(?P<kind>counter|histogram|summary|gauge_[a-z]+)_(?P<owner>\d+-\d+|folded)\.db")


class _WholeFile(MmapedDict):
    """The library's file, with its room taken before it is used."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's signature
        if not read_mode and not Path(filename).exists():
            _make_whole(Path(filename))
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]


def _make_whole(file: Path) -> None:
    """Let ``file`` appear with all its room: who reads it a moment earlier finds nothing, and never half of it."""
    draft = file.with_name(f".{file.name}")
    try:
        with draft.open("wb") as made:
            _take_room(made.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _take_room(descriptor: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, FILE_BYTES)
    else:
        os.ftruncate(descriptor, FILE_BYTES)


def keep_in_files(folder: Path) -> None:
    """Let metrics that are made from here on live in ``folder``.

    Raises:
        OSError: nothing can be written there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / f".probe-{os.getpid()}"
    probe.touch()
    probe.unlink()
    values.MmapedDict = _WholeFile  # type: ignore[attr-defined]  # where the library looks it up
    values.ValueClass = values.MultiProcessValue(lambda: _own.name)  # type: ignore[no-untyped-call]


def keep_in_memory() -> None:
    """Let metrics live in this process alone."""
    values.ValueClass = values.MutexValue


class _Own:
    """This process's name: found once, and once more after a fork. It is asked for at every count."""

    def __init__(self) -> None:
        self.find()

    def find(self) -> None:
        self.name = f"{os.getpid()}-{_started(os.getpid())}"


def _started(pid: int) -> int:
    """Return when a process started, in whatever unit the system counts; 0 for one that is not there any more.

    On Linux from the kernel's own count since boot: the wall clock may be put back.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
    except FileNotFoundError:
        return 0 if Path("/proc/self/stat").exists() else _started_elsewhere(pid)
    except ProcessLookupError:
        return 0
    return 0 if fields[0] in ("Z", "X") else int(fields[19])


def _started_elsewhere(pid: int) -> int:
    try:
        process = psutil.Process(pid)
        return 0 if process.status() == psutil.STATUS_ZOMBIE else int(process.create_time())
    except psutil.Error:
        return 0


_own = _Own()
os.register_at_fork(after_in_child=_own.find)


def is_alive(owner: str) -> bool:
    """Return whether the process of that name still runs."""
    pid, _, started = owner.partition("-")
    return pid.isdigit() and _started(int(pid)) == int(started) != 0


class ProcessFiles:
    """The metrics of all processes that share a folder, as the library wants to collect them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        with self._alone():
            files = self._tidied()
            yield from MultiProcessCollector.merge([str(file) for file in files])  # type: ignore[no-untyped-call]

    def samples_by_process(self, metric: str) -> dict[int, list[tuple[dict[str, str], float]]]:
        """Return process id → (labels, value) of a gauge, of the processes that live."""
        found: dict[int, list[tuple[dict[str, str], float]]] = {}
        with self._alone():
            for file in self._tidied():
                kind, owner = _parts(file)
                if not kind.startswith("gauge"):
                    continue
                for key, value, _, _ in _values(file):
                    name, _, labels, _ = _read_key(key)
                    if name == metric:
                        found.setdefault(int(owner.partition("-")[0]), []).append((labels, value))
        return found

    def _tidied(self) -> list[Path]:
        """Return the files that count, having removed the gauges of the dead and added up their counts."""
        files = [file for file in self._folder.glob("*.db") if _NAME.fullmatch(file.name)]
        dead = [file for file in files if _parts(file)[1] != _FOLDED and not is_alive(_parts(file)[1])]
        gauges = [file for file in dead if _parts(file)[0].startswith("gauge")]
        for file in gauges:
            file.unlink(missing_ok=True)
        counts = [file for file in dead if file not in gauges]
        if len(counts) > MOST_DEAD_FILES:
            self._fold(counts)
            return self._tidied()
        return [file for file in files if file not in gauges]

    def _fold(self, files: list[Path]) -> None:
        for kind in {_parts(file)[0] for file in files}:
            folded = self._folder / f"{kind}_{_FOLDED}.db"
            of_kind = [file for file in files if _parts(file)[0] == kind]
            totals: dict[str, float] = {}
            for file in (*of_kind, *([folded] if folded.exists() else [])):
                for key, value, _, _ in _values(file):
                    totals[key] = totals.get(key, 0.0) + value
            draft = self._folder / f".{kind}-{_own.name}"
            draft.unlink(missing_ok=True)
            whole = _WholeFile(str(draft))
            for key, value in totals.items():
                whole.write_value(key, value, 0.0)  # type: ignore[no-untyped-call]
            whole.close()  # type: ignore[no-untyped-call]
            draft.replace(folded)
            for file in of_kind:
                file.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One reader at a time: while files are added up, others would count them twice, or not at all."""
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                # By name: a child that was forked meanwhile holds the same lock open, and never closes it.
                fcntl.flock(lock, fcntl.LOCK_UN)


def _values(file: Path) -> Iterator[tuple[str, float, float, int]]:
    yield from MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]  # partly typed


def _parts(file: Path) -> tuple[str, str]:
    kind, _, owner = file.stem.rpartition("_")
    return kind, owner


@lru_cache(maxsize=4096)
def _read_key(key: str) -> Any:
    import json

    return json.loads(key)
