"""Nobody is left behind: not as process 1, not after a kill -9, and no stranger is taken for ours."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ofmemory.embedded import leftovers
from ofmemory.embedded.child import Child, Running
from tests.embedded.helpers import ROOT, environment, eventually, needs_linux, wait_all

SLEEPER = ("sleep", "60")

PID_ONE = """
import os, sys, pathlib, psutil
from ofmemory.embedded.child import Child
from ofmemory.embedded.process import Supervisor
assert os.getpid() == 1
with Supervisor(pathlib.Path(sys.argv[1]), print) as supervisor:
    # The grandchild outlives its parent in a session of its own, and so is handed to us.
    code = supervisor.run(Child(name="p", argv=("sh", "-c", "setsid sleep 0.2 & exit 5")))
    supervisor.run(Child(name="wait", argv=("sleep", "1")))
    supervisor.run(Child(name="wait", argv=("true",)))
    print("code", code, "zombies", [c.name() for c in psutil.Process().children()])
"""


@needs_linux
def test_works_as_process_1(ground: Path) -> None:
    command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", sys.executable, "-c", PID_ONE]
    done = subprocess.run(
        [*command, str(ground / "p.json")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
        cwd=ROOT,
    )
    if "Operation not permitted" in done.stderr:
        pytest.skip("no right to make a process namespace")
    assert done.stdout.strip() == "code 5 zombies []", done.stderr


ORPHANS = """
import sys, pathlib
from ofmemory.embedded.child import Child
from ofmemory.embedded.process import Supervisor
with Supervisor(pathlib.Path(sys.argv[1]), print) as supervisor:
    supervisor.start(Child(name="s", argv=("sleep", "60")))
    supervisor.wait()
"""


@needs_linux
def test_kill_9_of_the_supervisor_leaves_no_orphan(ground: Path) -> None:
    notes = ground / "processes.json"
    runner = subprocess.Popen([sys.executable, "-c", ORPHANS, str(notes)], env=environment(), cwd=ROOT)
    assert eventually(lambda: leftovers.noted(notes))
    child = psutil.Process(leftovers.noted(notes)[0].pid)
    runner.kill()
    runner.wait()
    assert wait_all([child])


def test_noted_process_is_stopped_and_a_stranger_with_its_id_is_not(ground: Path) -> None:
    notes = ground / "processes.json"
    ours, stranger = (Running(Child(name=name, argv=SLEEPER)) for name in ("ours", "stranger"))
    older = leftovers.Started("stranger", stranger.pid, stranger.started.created - 1000)
    leftovers.note(notes, [ours.started, older])
    try:
        assert leftovers.stop_noted(notes) == ["ours"]
        assert ours.exit_code is not None
        assert stranger.exit_code is None
    finally:
        stranger.stop()
        ours.stop()


def test_torn_list_of_processes_is_no_obstacle(ground: Path) -> None:
    (ground / "processes.json").write_text('[{"name": "x", ')
    assert leftovers.stop_noted(ground / "processes.json") == []
