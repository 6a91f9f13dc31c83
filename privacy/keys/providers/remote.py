"""What providers behind a wire share: each use of a key held off after failures, many unwrapped side by side."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from privacy.errors import KeysUnavailable
from privacy.keys.providers.base import Wrapped, unwrap_one
from privacy.keys.providers.holding_off import HoldOff

# A cold page of 100 fans is 100 questions; side by side they take the time of thirteen.
AT_ONCE = 8


class Door(Protocol):
    """The calls of one provider.

    Raises, from both: ProviderDown, ProviderRefuses, WrappedRefused.
    """

    name: str
    key: str

    def encrypt(self, material: bytes, context: bytes) -> tuple[str, bytes]:
        """Return the id of the key (without the provider's name) and the wrapped material."""

    def decrypt(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """Return the material."""


class Remote:
    """A provider behind a wire.

    Args:
        door: its calls.
        hold_off: decides whether it is asked.
    """

    def __init__(self, door: Door, hold_off: HoldOff | None = None) -> None:
        self._door, self._hold_off = door, hold_off or HoldOff(door.name)

    def current_id(self) -> str:
        """Return the id of the key that wraps now: the answer to a question that needs no right beside wrapping."""
        return self.wrap(os.urandom(32), b"current-id")[0]

    def wrap(self, material: bytes, context: bytes) -> tuple[str, bytes]:
        with self._hold_off.asking(self._door.key):
            key_id, wrapped = self._door.encrypt(material, context)
        return f"{self._door.name}:{key_id}", wrapped

    def unwrap(self, kek_id: str, wrapped: bytes, context: bytes) -> bytes:
        key_id = kek_id.removeprefix(f"{self._door.name}:")
        with self._hold_off.asking(key_id):
            return self._door.decrypt(key_id, wrapped, context)

    def unwrap_many(self, items: Sequence[Wrapped]) -> list[bytes | KeysUnavailable]:
        if len(items) < 2:
            return [unwrap_one(self, item) for item in items]
        with ThreadPoolExecutor(min(AT_ONCE, len(items)), thread_name_prefix=self._door.name) as pool:
            return list(pool.map(lambda item: unwrap_one(self, item), items))

    def keeps(self, kek_id: str) -> bool:
        return True
