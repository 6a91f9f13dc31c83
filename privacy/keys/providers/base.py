"""What wraps data keys: a key-encryption key (KEK) that never leaves its provider."""

from collections.abc import Sequence
from typing import Protocol

from privacy.errors import KeysUnavailable

# (KEK id, wrapped material, context)
Wrapped = tuple[str, bytes, bytes]


class Provider(Protocol):
    """One place where key-encryption keys live.

    A ``kek_id`` starts with the provider's name and a colon (``local:1f2e``): whoever unwraps knows where to ask, so
    that an installation can move from one provider to another with ``rotate_keys``.
    """

    def current_id(self) -> str:
        """Return the id of the key that wraps new data keys."""

    def wrap(self, material: bytes, context: bytes) -> tuple[str, bytes]:
        """Return the id of the wrapping key and ``material`` wrapped by it.

        Args:
            material: 32 bytes.
            context: what the key belongs to; unwrapping with any other context fails.

        Raises:
            KeysUnavailable: the provider did not answer, or refused.
        """

    def unwrap(self, kek_id: str, wrapped: bytes, context: bytes) -> bytes:
        """Return the material.

        Raises:
            KeysUnavailable: the provider did not answer, the key is disabled or gone, or the bytes were not wrapped
                by it for this context.
        """

    def keeps(self, kek_id: str) -> bool:
        """Return, without asking over a wire, whether what ``kek_id`` wrapped a moment ago may be stored.

        False only where a rotation has removed that key since.
        """

    def unwrap_many(self, items: Sequence[Wrapped]) -> list[bytes | KeysUnavailable]:
        """Return the material of each item, or why there is none."""


def unwrap_one(provider: Provider, item: Wrapped) -> bytes | KeysUnavailable:
    """Return the material of one item, or why there is none."""
    try:
        return provider.unwrap(*item)
    except KeysUnavailable as error:
        return error
