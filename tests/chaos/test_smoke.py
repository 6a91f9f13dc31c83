"""A short run of chaos: the product in a home of its own is killed, frozen and cut off under load.

How long things took is not judged: this machine runs other tests at the same time. `make chaos` judges that as well.
"""

import os
import subprocess
import sys
from pathlib import Path

from tests.chaos.experiments import SMOKE
from tests.chaos.runner import ROOT

SEED = "5"
# What this run of pytest uses for itself is not for the product under test.
OF_THE_TESTS = (
    "DATABASE_URL",
    "KEYS_DATABASE_URL",
    "REDIS_URL",
    "BROKER_URL",
    "OFMEMORY_HOME",
    "DJANGO_SETTINGS_MODULE",
)


def test_nothing_is_lost_doubled_or_mixed_up(tmp_path: Path):
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_TESTS}
    command = [sys.executable, "-m", "tests.chaos", "--only", ",".join(SMOKE), "--seed", SEED, "--seconds", "1"]
    command += ["--clients", "4", "--one-worker", "--untimed", "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    assert (tmp_path / "report.json").is_file()
    assert (tmp_path / "report.md").is_file()
