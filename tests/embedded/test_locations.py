"""Addresses are pure arithmetic and understood by everyone who reads them."""

import os
import stat
import threading
from pathlib import Path
from urllib.parse import urlsplit

import environ
import psycopg.conninfo
import pytest
import redis
from celery import Celery

from ofmemory.embedded import locations
from ofmemory.embedded.errors import EmbeddedError
from tests.embedded.helpers import python

ODD = "a b?c#d%e+f@g"


def test_addresses_exist_before_the_home_does(ground: Path) -> None:
    home = ground / "later"
    assert locations.database_url(home).startswith("postgres://ofmemory@/ofmemory?host=")
    assert not home.exists()


def test_database_address_is_read_alike_by_django_environ_and_libpq(ground: Path) -> None:
    home = ground / ODD
    password = locations.ensure_secret(home, locations.DATABASE_PASSWORD)
    url = locations.database_url(home, "ofmemory_keys")
    folder = str(locations.socket_folder(home, "postgres"))
    parsed = environ.Env.db_url_config(url)
    assert (parsed["NAME"], parsed["USER"], parsed["PASSWORD"]) == ("ofmemory_keys", "ofmemory", password)
    assert parsed["OPTIONS"] == {"host": folder, "port": 5432}
    read = psycopg.conninfo.conninfo_to_dict(url)
    assert (read["host"], read["dbname"], read["password"]) == (folder, "ofmemory_keys", password)


def test_redis_address_is_read_by_redis_py_and_by_celery(ground: Path) -> None:
    home = ground / ODD
    socket = str(locations.redis_socket(home, "broker"))
    client = redis.Redis.from_url(locations.redis_url(home, "broker"))
    assert client.connection_pool.connection_kwargs["path"] == socket
    with Celery(broker=locations.broker_url(home)).connection() as connection:
        assert urlsplit(connection.as_uri()).scheme == "redis+socket"


@pytest.mark.parametrize("url", ["unix:///a%20b/s.sock?db=1", "redis://h:1/2", "rediss://h/0", "amqp://h"])
def test_celery_spelling_can_be_turned_back(url: str) -> None:
    assert locations.redis_client_url(locations.celery_url(url)) == url


@pytest.mark.parametrize("length", [10, 60, 100, 200])
def test_socket_path_fits_whatever_the_length_of_the_home(ground: Path, length: int) -> None:
    home = ground / ("x" * length) / ("é" * (length // 2))
    for path in (locations.redis_socket(home, "broker"), locations.socket_folder(home, "postgres") / ".s.PGSQL.5432"):
        assert len(os.fsencode(path)) <= locations.SOCKET_PATH_LIMIT


def test_two_homes_have_two_sockets(ground: Path) -> None:
    long = ground / ("x" * 120)
    roots = {locations.sockets_root(home) for home in (ground / "a", ground / "b", long / "a", long / "b")}
    assert len(roots) == 4


def test_a_squatted_socket_folder_is_refused(ground: Path) -> None:
    place = locations.sockets_root(ground / ("x" * 120))
    place.mkdir(mode=0o700)
    try:
        place.chmod(0o777)
        with pytest.raises(EmbeddedError, match="not a private folder"):
            locations.sockets_root(ground / ("x" * 120))
        place.rmdir()
        place.symlink_to(ground)
        with pytest.raises(EmbeddedError, match="not a private folder"):
            locations.sockets_root(ground / ("x" * 120))
        place.unlink()
    finally:
        if place.is_dir():
            place.rmdir()


def test_secret_is_private_and_stays(ground: Path) -> None:
    home = ground / "deep" / "home"
    assert locations.secret(home, "s") is None
    made = locations.ensure_secret(home, "s")
    assert locations.ensure_secret(home, "s") == made == locations.secret(home, "s")
    assert len(made) >= 40
    assert stat.S_IMODE((home / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "secrets" / "s").stat().st_mode) == 0o600
    assert [path.name for path in (home / "secrets").iterdir()] == ["s"]


def test_secret_is_one_for_all_who_ask_at_once(home: Path) -> None:
    start, seen = threading.Barrier(12), []

    def ask() -> None:
        start.wait()
        seen.append(locations.ensure_secret(home, "s"))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 12
    assert len(set(seen)) == 1


def test_empty_secret_of_a_full_disk_is_made_anew(home: Path) -> None:
    locations.ensure_secret(home, "s")
    (home / "secrets" / "s").write_text("")
    assert locations.secret(home, "s") is None
    assert locations.ensure_secret(home, "s")


def test_settings_can_import_it_with_nothing_installed() -> None:
    done = python(
        "import sys; sys.path[:] = [p for p in sys.path if 'site-packages' not in p]\n"
        "import ofmemory.embedded.locations; print('psycopg' in sys.modules, 'django' in sys.modules)"
    )
    assert done.stdout.split() == ["False", "False"], done.stderr
