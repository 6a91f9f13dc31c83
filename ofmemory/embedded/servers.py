"""The embedded servers together, for the test-suite and the benchmark: no supervisor, no signals."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from ofmemory.embedded import locations
from ofmemory.embedded.lock import HomeLock
from ofmemory.embedded.postgres import EmbeddedPostgres
from ofmemory.embedded.redis import EmbeddedRedis
from ofmemory.embedded.server import EmbeddedServer, make_home


class EmbeddedServers:
    """Starts what is not given from outside; leaving the context stops it again.

        with EmbeddedServers(home, durable=False) as servers:
            servers.database_url, servers.keys_database_url, servers.redis_url, servers.broker_url

    Args:
        home: the data folder, for this process alone while the context lasts.
        database_url: a PostgreSQL from outside; none of our own is started then. Likewise the others.
        durable: False for tests: faster, and worthless after a crash.
    """

    def __init__(
        self,
        home: Path,
        *,
        durable: bool = True,
        database_url: str = "",
        redis_url: str = "",
        broker_url: str = "",
    ) -> None:
        self.home = make_home(home)
        self._given = (database_url, redis_url, broker_url)
        self._stack = ExitStack()
        self.servers: list[EmbeddedServer] = needed_servers(
            self.home, database_url, redis_url, broker_url, durable=durable
        )

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(HomeLock(self.home, "embedded servers without a web server"))
            for server in self.servers:
                stack.enter_context(server)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def database_url(self) -> str:
        return self._given[0] or locations.database_url(self.home)

    @property
    def keys_database_url(self) -> str:
        """The database of the keys in the embedded server; empty where the main one is from outside."""
        return "" if self._given[0] else locations.database_url(self.home, "ofmemory_keys")

    @property
    def redis_url(self) -> str:
        return self._given[1] or locations.redis_url(self.home, "cache")

    @property
    def broker_url(self) -> str:
        """As Celery spells it."""
        return self._given[2] or locations.broker_url(self.home)


def needed_servers(
    home: Path, database_url: str, redis_url: str, broker_url: str, *, durable: bool = True
) -> list[EmbeddedServer]:
    """The embedded servers for which no address is given, in the order in which to start them."""
    servers: list[EmbeddedServer] = []
    if not database_url:
        servers.append(EmbeddedPostgres(home, durable=durable))
    if not redis_url:
        servers.append(EmbeddedRedis(home, "cache", durable=durable))
    if not broker_url:
        servers.append(EmbeddedRedis(home, "broker", durable=durable))
    return servers


def remove_home(home: Path) -> None:
    """Delete a data folder with everything that belongs to it elsewhere. Its servers must be stopped."""
    for place in home.iterdir():
        if place.is_symlink():
            shutil.rmtree(place.resolve(), ignore_errors=True)
    shutil.rmtree(locations.sockets_root(home), ignore_errors=True)
    shutil.rmtree(home)


@contextmanager
def temporary_servers(
    *, database_url: str = "", redis_url: str = "", broker_url: str = ""
) -> Iterator[EmbeddedServers]:
    """Fast servers in a home that is gone afterwards: one line for a test-suite or a benchmark."""
    home = Path(tempfile.mkdtemp(prefix="ofmemory-", dir="/tmp"))  # short, and private by mkdtemp
    try:
        with EmbeddedServers(
            home, durable=False, database_url=database_url, redis_url=redis_url, broker_url=broker_url
        ) as servers:
            yield servers
    finally:
        remove_home(home)
