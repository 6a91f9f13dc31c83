"""PostgreSQL as root, as a normal user, and as root in the home of another user."""

import os
import stat
from pathlib import Path

import psutil
import pytest

from ofmemory.embedded.errors import EmbeddedError
from tests.embedded.helpers import IS_ROOT, needs_root, new_home, processes_of, python
from tests.embedded.test_postgres import ask, keep_a_row, started

AS_NOBODY = """
import sys, psycopg, pathlib
from ofmemory.embedded.postgres import EmbeddedPostgres
with EmbeddedPostgres(pathlib.Path(sys.argv[1]), durable=False) as server, psycopg.connect(server.url) as connection:
    print(connection.execute("show server_version_num").fetchone()[0], server.account)
"""


@needs_root
def test_root_becomes_an_unprivileged_user(home: Path) -> None:
    with started(home) as server:
        assert psutil.Process(server.pid).uids().effective != 0
        assert (home / "secrets").stat().st_uid == 0
    assert home.stat().st_uid == 0


@needs_root
def test_private_home_of_root_holds_its_data_itself(home: Path) -> None:
    home.chmod(0o700)
    with started(home) as server:
        assert server.folder == home / "postgres"
    assert stat.S_IMODE(home.stat().st_mode) == 0o711


@needs_root
def test_home_below_a_folder_of_roots_own(ground: Path) -> None:
    private = ground / "private"
    private.mkdir(mode=0o700)
    home = new_home(private)
    with started(home) as server:
        keep_a_row(server)
        assert (home / "postgres").is_symlink()
    with started(home) as server:
        assert ask(server, "SELECT answer FROM kept") == 42
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@needs_root
@pytest.mark.parametrize("name", ["h", "x" * 130])
def test_as_a_normal_user(ground: Path, name: str) -> None:
    folder = ground / name
    folder.mkdir()
    home = new_home(folder)
    os.chown(home, 65534, 65534)
    done = python(AS_NOBODY, home, user="nobody")
    assert done.stdout.split() == ["180004", "None"] or done.stdout.startswith("18"), done.stderr
    assert processes_of(home) == []


@needs_root
def test_root_serves_the_home_of_another_user_as_that_user(home: Path) -> None:
    os.chown(home, 65534, 65534)
    with started(home) as server:
        assert server.account
        assert server.account.name == "nobody"
    assert (home / "secrets").stat().st_uid == 65534
    assert python(AS_NOBODY, home, user="nobody").stdout.startswith("18")


@pytest.mark.skipif(IS_ROOT, reason="root may write anywhere")
def test_home_that_cannot_be_written(ground: Path) -> None:
    ground.chmod(0o500)
    with pytest.raises(EmbeddedError, match="cannot be made"):
        started(ground / "home")
