"""Sealing what belongs to no pair: secrets of people of the staff, with a service key of their own."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64

from privacy.errors import Unreadable
from privacy.keys.envelope import Key, Tampered, key_id_of, seal, unseal
from privacy.keys.service_keys import service_key

# Service keys have no numbers; envelopes name one all the same.
_KEY_ID = 0


class ServiceSealer:
    """Fills ``accounts.sealing``.

    Args:
        key_name: of the service key, which is made at the first use.
    """

    def __init__(self, key_name: str) -> None:
        self._name = key_name

    def seal(self, text: str) -> str:
        """Return ``text`` in an envelope, as base64.

        Raises:
            KeysUnavailable: the keys database or the provider did not answer.
        """
        return b64encode(seal(self._key(), text.encode(), self._place())).decode()

    def unseal(self, sealed: str) -> str:
        """Return what was sealed.

        Raises:
            Unreadable: it is not what was sealed here.
            KeysUnavailable: the keys database or the provider did not answer.
        """
        try:
            raw = b64decode(sealed, validate=True)
            if key_id_of(raw) != _KEY_ID:
                raise Tampered
            return unseal(self._key(), raw, self._place()).decode()
        except (Tampered, NotBase64) as error:
            raise Unreadable("A secret of an account can't be opened.") from error

    def _key(self) -> Key:
        return Key(_KEY_ID, service_key(self._name))

    def _place(self) -> bytes:
        return b"accounts\0" + self._name.encode()
