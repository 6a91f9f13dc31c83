"""What the tests of keys share."""

import socket

from privacy.domain import Pair
from privacy.keys import keyring
from privacy.keys.providers.holding_off import HoldOff
from privacy.keys.providers.remote import Remote

PAIR = Pair("creator-1", "fan-1")
PLACE = keyring.place_of("table", "column")


class Clock:
    """A monotonic clock that a test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def clocked(remote: Remote) -> tuple[Remote, Clock]:
    """Return the same provider under a clock of the test's."""
    clock = Clock()
    return Remote(remote._door, HoldOff(remote._door.name, clock=clock)), clock


def dead_port() -> int:
    """Return a port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
