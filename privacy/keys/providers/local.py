"""Key-encryption keys in a file of the machine: the embedded default.

The file is JSON, mode 0600: ``{"primary": "<id>", "keys": {"<id>": "<base64 of 32 bytes>"}}``. Whoever has this file and
the keys database can read everything: keep it out of the backups of both.
"""

import base64
import binascii
import json
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.errors import KeysUnavailable

_KEY_BYTES, _NONCE_BYTES = 32, 12
PREFIX = "local:"


class LocalKeyset:
    """The keyset file.

    Args:
        path: where it lies.
        may_be_made: whether a missing file is made. Not in production: a new keyset beside old data reads nothing.
    """

    def __init__(self, path: Path, *, may_be_made: bool) -> None:
        self._path, self._may_be_made = path, may_be_made
        self._primary, self._keys = self._read()

    def current_id(self) -> str:
        return PREFIX + self._primary

    def wrap(self, material: bytes, context: bytes) -> tuple[str, bytes]:
        nonce = os.urandom(_NONCE_BYTES)
        return self.current_id(), nonce + AESGCM(self._keys[self._primary]).encrypt(nonce, material, context)

    def unwrap(self, kek_id: str, wrapped: bytes, context: bytes) -> bytes:
        name = kek_id.removeprefix(PREFIX)
        if name not in self._keys:
            # Another process may have added it since this one read the file.
            self._primary, self._keys = self._read()
        if name not in self._keys:
            raise KeysUnavailable(f"The keyset file has no key {name}.")
        try:
            return AESGCM(self._keys[name]).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except InvalidTag:
            raise KeysUnavailable("A wrapped key was changed, or belongs elsewhere.") from None

    def add_primary(self) -> str:
        """Add a key and make it the one that wraps; return its id."""
        name = secrets.token_hex(4)
        self._primary, self._keys = name, self._keys | {name: os.urandom(_KEY_BYTES)}
        self._write(replace=True)
        return self.current_id()

    def remove(self, kek_id: str) -> None:
        """Remove a key that wraps nothing any more."""
        self._keys = {name: key for name, key in self._keys.items() if name != kek_id.removeprefix(PREFIX)}
        self._write(replace=True)

    def _read(self) -> tuple[str, dict[str, bytes]]:
        if not self._path.exists() and self._may_be_made:
            self._primary = secrets.token_hex(4)
            self._keys = {self._primary: os.urandom(_KEY_BYTES)}
            self._write(replace=False)
        try:
            held = json.loads(self._path.read_text(encoding="ascii"))
            keys = {name: base64.b64decode(key, validate=True) for name, key in held["keys"].items()}
            primary = str(held["primary"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
            raise KeysUnavailable(f"The keyset file can't be read ({type(error).__name__}).") from error
        if primary not in keys or any(len(key) != _KEY_BYTES for key in keys.values()):
            raise KeysUnavailable("The keyset file is not whole.")
        return primary, keys

    def _write(self, *, replace: bool) -> None:
        """Put the whole file in its place at once: after a crash there is the old one or the new one."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = {"primary": self._primary, "keys": {n: base64.b64encode(k).decode() for n, k in self._keys.items()}}
        with tempfile.NamedTemporaryFile(
            "w", dir=self._path.parent, prefix=".keyset-", encoding="ascii", delete=False
        ) as draft:
            draft.write(json.dumps(text))
            draft.flush()
            os.fsync(draft.fileno())
        try:
            if replace:
                Path(draft.name).replace(self._path)
            else:
                # Two processes that start at once must end up with one keyset: the later link fails.
                self._path.hardlink_to(draft.name)
        except FileExistsError:
            pass
        finally:
            Path(draft.name).unlink(missing_ok=True)
