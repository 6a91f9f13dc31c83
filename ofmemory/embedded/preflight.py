"""What is looked at before anything is started, so that the answer is one clear line."""

import errno
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
import redis

from ofmemory.embedded import locations
from ofmemory.embedded.errors import EmbeddedError

FREE_BYTES_NEEDED: Final = 300_000_000
CONNECT_SECONDS: Final = 5


def free_bytes(folder: Path) -> int:
    """How much room the file system of `folder` has for us."""
    return shutil.disk_usage(folder).free


def check_disk(home: Path, free: Callable[[Path], int] = free_bytes) -> None:
    """Raises: EmbeddedError when there is too little room to start a database in."""
    left = free(home)
    if left < FREE_BYTES_NEEDED:
        raise EmbeddedError(
            f"the disk is full: {left // 1_000_000} MB are free for {home}, "
            f"{FREE_BYTES_NEEDED // 1_000_000} MB are needed"
        )


def check_port(bind: str, port: int) -> None:
    """Raises: EmbeddedError when the web server could not listen there."""
    family, address = _resolve(bind, port)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise EmbeddedError(_why_not(bind, port, error)) from error


def _resolve(bind: str, port: int) -> tuple[int, tuple[object, ...]]:
    if not 0 < port < 65536:
        raise EmbeddedError(f"PORT={port} is no port: it has to be between 1 and 65535")
    try:
        found = socket.getaddrinfo(bind, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise EmbeddedError(f"OFMEMORY_BIND={bind} PORT={port} is no address to listen on: {error.strerror}") from error
    return found[0], found[4]


def _why_not(bind: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program; choose another one: PORT={port + 1} make run"
    if error.errno == errno.EACCES:
        return f"port {port} needs root; choose a higher one: PORT=8000 make run"
    return f"cannot listen on {bind} port {port}: {error.strerror}"


def check_both_databases(database_url: str, keys_database_url: str) -> None:
    """Raises: EmbeddedError when the data comes from outside and the keys do not, or both from one place."""
    if database_url and not keys_database_url:
        raise EmbeddedError(
            "DATABASE_URL is set and KEYS_DATABASE_URL is not: the keys need a database of their own beside yours"
        )
    if database_url and database_url == keys_database_url:
        raise EmbeddedError("DATABASE_URL and KEYS_DATABASE_URL name the same database: the keys need their own")


def check_database(url: str, variable: str) -> None:
    """Raises: EmbeddedError, without the password, when the PostgreSQL that `variable` names cannot be used."""
    try:
        psycopg.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.Error as error:
        raise EmbeddedError(f"the PostgreSQL of {variable} does not answer: {_first_line(error)}") from error


def check_redis(url: str, variable: str) -> None:
    """Raises: EmbeddedError when the Redis from outside, named by `variable`, cannot be used."""
    if urlsplit(url).scheme not in {"redis", "rediss", "unix", "redis+socket"}:
        raise EmbeddedError(f"{variable} has to be a redis://, rediss:// or unix:// address")
    try:
        client = redis.Redis.from_url(
            locations.redis_client_url(url),
            socket_timeout=CONNECT_SECONDS,
            socket_connect_timeout=CONNECT_SECONDS,
            retry=None,
        )
        client.ping()
        client.close()
    except (redis.RedisError, ValueError) as error:
        raise EmbeddedError(f"the Redis of {variable} does not answer: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
