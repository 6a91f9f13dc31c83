"""The command import_history: what it prints, how it exits, and that a kill costs nothing."""

import io
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from memory.models import EngagementMetrics, FanMemory, ImportRun
from memory.services import import_commit
from tests.memory.services.test_importing import counters_agree, named, row
from tests.memory.support import CREATOR, PATIENCE_SECONDS
from tests.servers import environment_of_a_process

ROOT = Path(__file__).resolve().parents[2]


def history(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "history.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in rows))
    return path


def call(path: Path, *options: str, creator: str = CREATOR) -> tuple[int, str, str]:
    """Return the exit code and both outputs."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command("import_history", str(path), "--creator", creator, *options, stdout=out, stderr=err)
    except SystemExit as stop:
        code = int(stop.code or 0)
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    return code, out.getvalue(), err.getvalue()


def start(path: Path, *options: str) -> "subprocess.Popen[str]":
    """Start the command as a process of its own on the test's database."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "import_history", str(path), "--creator", CREATOR, *options],
        cwd=ROOT,
        env=environment_of_a_process(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


# ---- what it says


def test_all_rows_fine(creator_1, tmp_path):
    path = history(tmp_path, named(0), named(1))
    assert call(path) == (0, "2 created, 0 duplicates, 0 rejected\n", "")
    assert call(path) == (0, "0 created, 2 duplicates, 0 rejected\n", "")


def test_rejected_rows_are_named_on_stderr(creator_1, tmp_path):
    code, out, err = call(history(tmp_path, named(0), row(1, timestamp="soon")))
    assert (code, out) == (1, "1 created, 0 duplicates, 1 rejected\n")
    assert err == "line 2: timestamp: Must be an instant in ISO 8601, such as 2025-03-01T18:30:00Z.\n"


def test_dry_run(creator_1, tmp_path):
    code, out, _ = call(history(tmp_path, named(0)), "--dry-run")
    assert (code, out) == (0, "dry run, nothing was changed: 1 created, 0 duplicates, 0 rejected\n")
    assert not FanMemory.objects.exists()


def test_json(creator_1, tmp_path):
    code, out, err = call(history(tmp_path, named(0), row(1, type="x"), row(2, sender="x")), "--output", "json")
    assert (code, err) == (1, "")
    report = json.loads(out)
    assert [(error["line"], error["field"]) for error in report.pop("errors")] == [(2, "type"), (3, "sender")]
    assert report == {"created": 1, "duplicates": 0, "rejected": 2, "resumedAfterLine": 0, "dryRun": False}


def test_nothing_could_be_done(creator_1, tmp_path):
    path = history(tmp_path, named(0))
    for code, out, err in (
        call(tmp_path / "missing"),
        call(tmp_path),
        call(path, creator="nobody"),
        call(path, "--format", "csv"),
    ):
        assert (code, out) == (2, "")
        assert err
    code, out, _ = call(path, "--format", "csv", "--output", "json")
    assert (code, set(json.loads(out))) == (2, {"errors", "failure"})


def test_a_lost_database_is_told_without_content(creator_1, tmp_path, monkeypatch):
    def fail(*_: Any) -> None:
        raise OperationalError("failed on row: my secret")

    monkeypatch.setattr(import_commit, "store", fail)
    code, out, err = call(history(tmp_path, named(0)))
    assert (code, out, err) == (2, "", "Stopped by OperationalError; start again to go on.")


def test_the_help_tells_the_exit_codes():
    shown = subprocess.run(
        [sys.executable, "manage.py", "import_history", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "exit codes" in shown.stdout


@pytest.mark.django_db(transaction=True)
def test_usage_errors_and_rejected_rows_as_a_process(creator_1, tmp_path):
    wrong = start(tmp_path, "--no-such-option")
    some = start(history(tmp_path, named(0), row(1, type="x")), "--output", "json")
    wrong.communicate(timeout=PATIENCE_SECONDS)
    out, err = some.communicate(timeout=PATIENCE_SECONDS)
    assert (wrong.returncode, some.returncode) == (2, 1)
    assert json.loads(out)["created"] == 1
    assert err == ""


# ---- killed


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_goes_on_and_nothing_is_doubled_or_lost(creator_1, tmp_path):
    """Half of the rows have no id of their own, and each of those stands in the file twice."""
    count = 8000
    rows = [named(n, fanId=f"fan-{n % 9}") if n % 2 else row(n % 4000, fanId=f"fan-{n % 9}") for n in range(count)]
    path = history(tmp_path, *rows)
    killed = start(path)
    wait_until_some_is_done(killed)
    killed.kill()
    killed.communicate(timeout=PATIENCE_SECONDS)

    done = ImportRun.objects.get()
    assert 0 < done.lines_done < count
    assert done.finished_at is None
    assert FanMemory.objects.count() == done.lines_done
    again = start(path, "--output", "json")
    out, _ = again.communicate(timeout=PATIENCE_SECONDS)
    report = json.loads(out)
    assert (again.returncode, report["created"], report["duplicates"]) == (0, count, 0)
    assert report["resumedAfterLine"] == done.lines_done
    assert FanMemory.objects.count() == count
    assert counters_agree()
    assert call(path) == (0, f"0 created, {count} duplicates, 0 rejected\n", "")
    assert sum(EngagementMetrics.objects.values_list("total_messages", flat=True)) == count


def wait_until_some_is_done(process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not ImportRun.objects.filter(lines_done__gt=0).exists():
        assert process.poll() is None, "the import ended before it could be killed"
        assert time.monotonic() < deadline
