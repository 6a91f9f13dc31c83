"""Key-encryption keys in HashiCorp Vault's transit engine, or OpenBao's; needs ``requirements-vault.txt``.

The key must be of type aes256-gcm96 or chacha20-poly1305 and not derived; the token needs ``update`` on
``<mount>/encrypt/<key>`` and ``<mount>/decrypt/<key>``. What a key belongs to goes along as associated data (needs
Vault 1.9 or newer).
"""

import base64
import re
from pathlib import Path
from typing import Any

import hvac
import requests
from django.conf import settings
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, Unauthorized, VaultError

from privacy.errors import KeysUnavailable
from privacy.keys.providers.holding_off import ProviderDown, ProviderRefuses, WrappedRefused
from privacy.keys.providers.remote import Remote

CONNECT_SECONDS, READ_SECONDS = 1, 2
# What Vault says, with status 400, about bytes it can't open, as opposed to a key it can't use.
_BAD_BYTES = ("invalid ciphertext", "message authentication failed", "unable to decrypt")


class Transit:
    """Encrypt and decrypt of one key. Its ids hold the version: ``transit/ofmemory:v3``.

    Args:
        client: hvac's.
        token_file: read anew after a refusal, for an agent that renews the token; None: the client's token stays.
    """

    name = "vault"

    def __init__(self, client: Any, *, mount: str, key: str, token_file: Path | None = None) -> None:
        self._client, self._mount, self._key, self._token_file = client, mount, key, token_file
        self.key = f"{mount}/{key}"

    def encrypt(self, material: bytes, context: bytes) -> tuple[str, bytes]:
        text = self._asked("encrypt_data", plaintext=_base64(material), associated_data=_base64(context))["ciphertext"]
        return f"{self.key}:{_version_of(text)}", text.encode("ascii")

    def decrypt(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        mount, _, key = key_id.rpartition(":")[0].rpartition("/")
        data = self._asked(
            "decrypt_data",
            mount=mount,
            key=key,
            ciphertext=wrapped.decode("ascii", "replace"),
            associated_data=_base64(context),
        )
        return base64.b64decode(data["plaintext"])

    def _asked(self, call: str, *, mount: str = "", key: str = "", **arguments: str) -> Any:
        arguments |= {"name": key or self._key, "mount_point": mount or self._mount}
        try:
            return self._with_fresh_token(call, arguments)["data"]
        except (Forbidden, Unauthorized, InvalidPath) as error:
            raise ProviderRefuses(type(error).__name__) from None
        except InvalidRequest as error:
            raise _meant(error) from None
        except (VaultError, requests.RequestException, KeyError, TypeError, ValueError) as error:
            # Sealed is 503, a standby 429 or 473, an answer that is no JSON a proxy's.
            raise ProviderDown(type(error).__name__) from None

    def _with_fresh_token(self, call: str, arguments: dict[str, str]) -> Any:
        transit = self._client.secrets.transit
        try:
            return getattr(transit, call)(**arguments)
        except Forbidden:
            if self._token_file is None or (token := _token_in(self._token_file)) == self._client.token:
                raise
            self._client.token = token
            return getattr(transit, call)(**arguments)


def transit_from_settings() -> Remote:
    """Return the transit engine that the settings name.

    Raises:
        KeysUnavailable: they name none, or not whole.
    """
    file = Path(settings.VAULT_TOKEN_FILE) if settings.VAULT_TOKEN_FILE else None
    token = _token_in(file) if file else settings.VAULT_TOKEN
    if not (settings.VAULT_ADDR and token):
        raise KeysUnavailable("KEK_PROVIDER is vault, and VAULT_ADDR or its token is not set.")
    timeout: Any = (CONNECT_SECONDS, READ_SECONDS)
    client = hvac.Client(url=settings.VAULT_ADDR, token=token, timeout=timeout)
    mount, key = settings.VAULT_TRANSIT_MOUNT.strip("/"), settings.VAULT_TRANSIT_KEY
    return Remote(Transit(client, mount=mount, key=key, token_file=file))


def _token_in(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise KeysUnavailable(f"VAULT_TOKEN_FILE can't be read ({type(error).__name__}).") from error


def _meant(error: InvalidRequest) -> Exception:
    said = str(error).lower()
    if any(words in said for words in _BAD_BYTES):
        return WrappedRefused(type(error).__name__)
    return ProviderRefuses(type(error).__name__)


def _version_of(ciphertext: str) -> str:
    """Return ``v3`` of ``vault:v3:...``."""
    found = re.match(r"vault:(v\d+):", ciphertext)
    if found is None:
        raise ProviderDown("an answer without a version")
    return found[1]


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
