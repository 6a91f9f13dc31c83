"""New keys on their way into the keys database."""

import os

from privacy.keys.envelope import KEY_BYTES
from privacy.keys.providers import current_provider


class Secret:
    """Random bytes, wrapped at once: a provider may be slow, and no transaction should wait for it.

    Args:
        context: what they belong to.

    Raises:
        KeysUnavailable: the provider did not answer.
    """

    def __init__(self, context: bytes) -> None:
        self._material, self._context = os.urandom(KEY_BYTES), context
        self._wrapped = current_provider().wrap(self._material, context)

    def wrapped(self) -> tuple[str, bytes]:
        """Return the id of the key-encryption key and the wrapped bytes, inside ``guard.storing_wrapped``.

        Wrapped anew where a rotation has removed that key since.
        """
        if not current_provider().keeps(self._wrapped[0]):
            self._wrapped = current_provider().wrap(self._material, self._context)
        return self._wrapped
