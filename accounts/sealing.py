"""The socket for sealing: secrets of second factors are sealed by the room above, which keeps the keys."""

from typing import Protocol

from django.core.exceptions import ImproperlyConfigured


class Sealer(Protocol):
    """Keeps a text unreadable at rest."""

    def seal(self, text: str) -> str:
        """Return ``text`` sealed.

        Raises:
            OfMemoryError: the keys can't be reached.
        """

    def unseal(self, sealed: str) -> str:
        """Return what was sealed.

        Raises:
            OfMemoryError: the keys can't be reached, or it is not what was sealed.
        """


_sealers: list[Sealer] = []


def set_sealer(sealer: Sealer) -> None:
    _sealers[:] = [sealer]


def sealer() -> Sealer:
    """Return what seals; never falls back to storing in the clear.

    Raises:
        ImproperlyConfigured: no room has lent any.
    """
    if not _sealers:
        raise ImproperlyConfigured("Nothing is there that seals the secrets of second factors.")
    return _sealers[0]
