"""Real servers in homes of their own; nothing here needs Django or the servers of the other tests."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ofmemory.embedded import leftovers
from ofmemory.embedded.servers import remove_home
from tests.embedded.helpers import new_home, processes_of


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """In the place of the fixture of the same name above: there is no shared Redis to empty here."""


@pytest.fixture
def ground() -> Iterator[Path]:
    """A short, reachable folder; whatever was started below it is ended, whatever was made is removed."""
    folder = Path(tempfile.mkdtemp(prefix="ofm-", dir="/tmp")).resolve()
    folder.chmod(0o755)
    yield folder
    for home in list(folder.rglob("home")):
        leftovers.stop_all(processes_of(home), ((signal.SIGKILL, 10.0),))
        remove_home(home)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def home(ground: Path) -> Path:
    return new_home(ground)
