"""The embedded Redis: one for what may be forgotten (cache), one for what may not (broker).

Two servers, because an instance that evicts under memory pressure would throw away queued work.
There is no password: the socket lies in a folder that only its owner can enter, and there is no port.
"""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import redis

from ofmemory.embedded import binaries, leftovers, locations, privileges
from ofmemory.embedded.child import Child
from ofmemory.embedded.server import EmbeddedServer

ENVIRONMENT: Final = {"LC_ALL": "C", "TZ": "UTC"}
STOP_STEPS: Final = ((signal.SIGTERM, 10.0),)
ANSWER_SECONDS: Final = 2.0

COMMON: Final = {"port": "0", "unixsocketperm": "700", "daemonize": "no", "loglevel": "warning", "save": ""}
# Only keys with a lifetime may be evicted: entries of the audit log, which have none, wait here to be taken over.
CACHE: Final = {"appendonly": "no", "maxmemory": "256mb", "maxmemory-policy": "volatile-lru"}
BROKER: Final = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
FLEETING_BROKER: Final = {"appendonly": "no", "maxmemory-policy": "noeviction"}


class EmbeddedRedis(EmbeddedServer):
    """A Redis-protocol server of one home.

    Args:
        home: the data folder; made when absent.
        role: "cache" keeps nothing and evicts; "broker" keeps everything in an append-only file.
        durable: False keeps nothing for the broker either: for tests only.
    """

    process_names: Sequence[str] = ("valkey-server", "redis-server")

    def __init__(self, home: Path, role: locations.Role, *, durable: bool = True) -> None:
        super().__init__(home)
        self.name = f"redis-{role}"
        self._role, self._durable = role, durable

    @property
    def url(self) -> str:
        return locations.redis_url(self.home, self._role)

    def child(self) -> Child:
        options = [part for key, value in self._settings().items() for part in (f"--{key}", value)]
        return Child(
            name=self.name,
            argv=[binaries.redis_program(self.account), *options],
            env=ENVIRONMENT,
            cwd=self.folder,
            account=self.account,
            umask=0o077,
            log=self.log,
            before_start=self.prepare,
            is_ready=self.is_ready,
            start_attempts=2,
            stop_steps=STOP_STEPS,
            explain=self.explain,
        )

    def prepare(self) -> None:
        super().prepare()
        privileges.socket_folder(self.home, self.name, self.account)

    def stop_leftovers(self) -> None:
        found = leftovers.servers_in(self.folder, self.process_names)
        leftovers.stop_all(found, (*STOP_STEPS, (signal.SIGKILL, 5.0)))

    def is_ready(self) -> bool:
        """Whether it answers a ping; while it loads its file it does not."""
        client = redis.Redis.from_url(self.url, socket_timeout=ANSWER_SECONDS, retry=None)
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()

    def _settings(self) -> dict[str, str]:
        place = {"unixsocket": str(locations.redis_socket(self.home, self._role)), "dir": str(self.folder)}
        kept = BROKER if self._durable else FLEETING_BROKER
        return {**COMMON, **place, **(CACHE if self._role == "cache" else kept)}
