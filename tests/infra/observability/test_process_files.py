"""The numbers of several processes: all counts, and the gauges of those that live."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, generate_latest, values

from ofmemory.infra.observability import metrics, process_files
from ofmemory.infra.observability.process_files import MOST_DEAD_FILES, ProcessFiles, is_alive
from tests.infra.observability.processes import count_and_end, counting

REQUESTS = 'ofmemory_requests_total{method="GET",route="r",status="200"}'
BREAKER = 'ofmemory_breaker_state{dependency="database",service="web"}'
LATENCY = 'memory_retrieval_latency_seconds_count{cache="hit",operation="context"}'


def shown(folder: Path) -> dict[str, float]:
    """Return what a scrape shows: name with labels → value."""
    registry = CollectorRegistry()
    registry.register(ProcessFiles(folder))
    lines = generate_latest(registry).decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def test_counts_of_all_and_gauges_of_the_living(tmp_path):
    count_and_end(tmp_path)
    with counting(tmp_path) as process:
        found = shown(tmp_path)
        assert (found[REQUESTS], found[LATENCY], found["ofmemory_slots_size"], found[BREAKER]) == (4, 2, 4, 2)
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = shown(tmp_path)
    assert (found[REQUESTS], found[LATENCY]) == (4, 2)
    assert "ofmemory_slots_size" not in found
    assert BREAKER not in found


def test_a_child_that_was_forked_counts_for_itself(tmp_path):
    """As the children of a Celery worker do; what its parent counted is not counted twice."""
    count_and_end(
        tmp_path,
        """
import os
pid = os.fork()
REQUESTS.labels("r", "GET", "200").inc(10)
if pid:
    os.waitpid(pid, 0)
else:
    os._exit(0)
""",
    )
    assert shown(tmp_path)[REQUESTS] == 2 + 10 + 10
    assert len(list(tmp_path.glob("counter_*.db"))) == 2


def test_another_process_with_the_same_id_is_a_stranger(tmp_path):
    with counting(tmp_path):
        (file,) = tmp_path.glob("gauge_livesum_*.db")
        pid, _, started = file.stem.rpartition("_")[2].partition("-")
        shutil.copy(file, tmp_path / f"gauge_livesum_{pid}-{int(started) - 1}.db")
        assert shown(tmp_path)["ofmemory_slots_size"] == 4
        assert list(tmp_path.glob("gauge_livesum_*.db")) == [file]


def test_a_zombie_is_dead():
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert process_files._started(pid) == 0
    os.waitpid(pid, 0)


def test_who_is_alive():
    assert is_alive(process_files._own.name)
    assert not is_alive(f"{os.getpid()}-1")
    assert not is_alive("999999999-1")
    assert not is_alive("nonsense")


def test_what_many_dead_ones_counted_becomes_one_file(tmp_path):
    count_and_end(tmp_path)
    (counter,), (histogram,) = tmp_path.glob("counter_*.db"), tmp_path.glob("histogram_*.db")
    for number in range(MOST_DEAD_FILES):
        shutil.copy(counter, tmp_path / f"counter_{number + 1}-1.db")
        shutil.copy(histogram, tmp_path / f"histogram_{number + 1}-1.db")
    for _ in range(2):
        found = shown(tmp_path)
        assert (found[REQUESTS], found[LATENCY]) == (2 * (MOST_DEAD_FILES + 1), MOST_DEAD_FILES + 1)
        assert sorted(file.name for file in tmp_path.glob("*.db")) == ["counter_folded.db", "histogram_folded.db"]
    count_and_end(tmp_path)
    assert shown(tmp_path)[REQUESTS] == 2 * (MOST_DEAD_FILES + 2)


def test_files_have_their_room_from_the_start(tmp_path):
    """A page that is first written on a full disk ends the process."""
    with counting(tmp_path):
        for file in tmp_path.glob("*.db"):
            assert file.stat().st_blocks * 512 >= process_files.FILE_BYTES


def test_a_folder_that_cannot_be_written_to(tmp_path):
    blocked = tmp_path / "file"
    blocked.touch()
    assert count_and_end(blocked / "metrics", 'print("single" if FILES is None else "files")') == "single\n"


@pytest.fixture
def in_files(monkeypatch, settings, tmp_path):
    """Let this process's new metrics live in files until the test ends."""
    for name in ("ValueClass", "MmapedDict"):
        monkeypatch.setattr(values, name, getattr(values, name))
    settings.METRICS_DIR = str(tmp_path)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return tmp_path


def test_a_process_decides_at_its_start(in_files, settings):
    assert metrics._prepare()
    made = Counter("tried", "", registry=None)
    made.inc(3)
    assert shown(in_files) == {"tried_total": 3}
    settings.METRICS_DIR = str(in_files / next(in_files.glob("*.db")) / "below-a-file")
    assert metrics._prepare() is None
    assert values.ValueClass is values.MutexValue


@pytest.mark.parametrize("names", [("posix_fallocate",), ()])
def test_systems_differ_in_how_room_is_taken(in_files, monkeypatch, names):
    for name in names:
        monkeypatch.delattr(process_files.os, name)
    process_files._make_whole(in_files / "counter_1-1.db")
    assert (in_files / "counter_1-1.db").stat().st_size == process_files.FILE_BYTES


def test_a_disk_without_room_leaves_no_half_file(in_files, monkeypatch):
    def refuse(_descriptor):
        raise OSError

    monkeypatch.setattr(process_files, "_take_room", refuse)
    with pytest.raises(OSError):  # noqa: PT011 - it has no more to say
        process_files._make_whole(in_files / "counter_1-1.db")
    assert list(in_files.iterdir()) == []


def test_systems_without_proc_tell_the_start_otherwise():
    assert process_files._started_elsewhere(os.getpid()) > 0
    assert process_files._started_elsewhere(999_999_999) == 0


def test_what_else_lies_there_is_left_alone(tmp_path):
    (tmp_path / "notes.db").write_bytes(b"nothing of ours")
    count_and_end(tmp_path)
    assert shown(tmp_path)[REQUESTS] == 2
    assert (tmp_path / "notes.db").exists()


def test_states_by_process(tmp_path):
    with counting(tmp_path) as process:
        found = ProcessFiles(tmp_path).samples_by_process("ofmemory_breaker_state")
        assert found == {process.pid: [({"dependency": "database", "service": "web"}, 2.0)]}


def test_a_child_forked_during_a_scrape_holds_nothing_up(tmp_path):
    """It has the open lock in its hands as well."""
    count_and_end(tmp_path)
    files = ProcessFiles(tmp_path)
    with files._alone():
        pid = os.fork()
        if not pid:
            signal.pause()
            os._exit(0)
    try:
        assert shown(tmp_path)[REQUESTS] == 2
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
