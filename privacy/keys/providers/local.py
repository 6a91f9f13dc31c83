"""Key-encryption keys in a file of the machine: the embedded default.

The file is JSON, mode 0600: ``{"primary": "<id>", "keys": {"<id>": "<base64 of 32 bytes>"}}``. Whoever has this file
and the keys database can read everything: keep it out of the backups of both.
"""

import base64
import binascii
import json
import os
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.errors import KeysUnavailable
from privacy.keys.providers.base import Wrapped, unwrap_one

_KEY_BYTES, _NONCE_BYTES = 32, 12
PREFIX = "local:"


@dataclass(frozen=True, slots=True)
class _Keyset:
    """What the file held when it looked like ``stamp``."""

    primary: str
    keys: dict[str, bytes] = field(repr=False)
    stamp: tuple[int, ...] = ()

    def dumped(self) -> str:
        keys = {name: base64.b64encode(key).decode() for name, key in self.keys.items()}
        return json.dumps({"primary": self.primary, "keys": keys})

    @classmethod
    def made(cls) -> "_Keyset":
        return cls("", {}).with_new_primary()

    def with_new_primary(self) -> "_Keyset":
        name = secrets.token_hex(4)
        return _Keyset(name, self.keys | {name: os.urandom(_KEY_BYTES)})

    def without(self, name: str) -> "_Keyset":
        return _Keyset(self.primary, {held: key for held, key in self.keys.items() if held != name})


class LocalKeyset:
    """The keyset file. Read anew whenever it changed, so that a rotation reaches every process at once.

    Args:
        path: where it lies.
        may_be_made: whether a missing file is made. Not in production: a new keyset beside old data reads nothing.
    """

    def __init__(self, path: Path, *, may_be_made: bool) -> None:
        self._path = path
        if may_be_made and not path.exists():
            self._make()
        self._held = self._read()

    def current_id(self) -> str:
        return PREFIX + self._keyset().primary

    def wrap(self, material: bytes, context: bytes) -> tuple[str, bytes]:
        keyset, nonce = self._keyset(), os.urandom(_NONCE_BYTES)
        sealed = AESGCM(keyset.keys[keyset.primary]).encrypt(nonce, material, context)
        return PREFIX + keyset.primary, nonce + sealed

    def unwrap(self, kek_id: str, wrapped: bytes, context: bytes) -> bytes:
        name = kek_id.removeprefix(PREFIX)
        # The keys that are held go on working while the file can't be read.
        key = self._held.keys.get(name) or self._keyset().keys.get(name)
        if key is None:
            raise KeysUnavailable(f"The keyset file has no key {name}.")
        try:
            return AESGCM(key).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise KeysUnavailable("A wrapped key was changed, or belongs elsewhere.") from None

    def unwrap_many(self, items: Sequence[Wrapped]) -> list[bytes | KeysUnavailable]:
        return [unwrap_one(self, item) for item in items]

    def keeps(self, kek_id: str) -> bool:
        return kek_id.removeprefix(PREFIX) in self._keyset().keys

    def ids(self) -> list[str]:
        """Return the id of every key in the file."""
        return [PREFIX + name for name in self._keyset().keys]

    def add_primary(self) -> str:
        """Add a key and make it the one that wraps; return its id. Two at once: see ``guard.removing_kek``."""
        self._write(self._keyset().with_new_primary(), replace=True)
        return self.current_id()

    def remove(self, kek_id: str) -> None:
        """Remove a key that wraps nothing any more. The primary stays."""
        keyset = self._keyset()
        if kek_id != PREFIX + keyset.primary:
            self._write(keyset.without(kek_id.removeprefix(PREFIX)), replace=True)

    def _make(self) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(_Keyset.made(), replace=False)
        except OSError as error:
            raise KeysUnavailable(f"The keyset file can't be made ({type(error).__name__}).") from error

    def _keyset(self) -> _Keyset:
        """Return what the file holds now."""
        if self._held.stamp != self._stamp():
            self._held = self._read()
        return self._held

    def _stamp(self) -> tuple[int, ...]:
        try:
            info = self._path.stat()
        except OSError as error:
            raise _unreadable(error) from error
        return info.st_ino, info.st_mtime_ns, info.st_size

    def _read(self) -> _Keyset:
        stamp = self._stamp()
        try:
            held = json.loads(self._path.read_text(encoding="ascii"))
            keys = {name: base64.b64decode(key, validate=True) for name, key in held["keys"].items()}
            primary = str(held["primary"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
            raise _unreadable(error) from error
        if primary not in keys or any(len(key) != _KEY_BYTES for key in keys.values()):
            raise KeysUnavailable("The keyset file is not whole.")
        return _Keyset(primary, keys, stamp)

    def _write(self, keyset: _Keyset, *, replace: bool) -> None:
        """Put the whole file in its place at once: after a crash there is the old one or the new one."""
        # Made with mode 0600.
        with tempfile.NamedTemporaryFile(
            "w", dir=self._path.parent, prefix=".keyset-", encoding="ascii", delete=False
        ) as draft:
            draft.write(keyset.dumped())
            draft.flush()
            os.fsync(draft.fileno())
        try:
            _publish(Path(draft.name), self._path, replace=replace)
        finally:
            Path(draft.name).unlink(missing_ok=True)


def _publish(draft: Path, path: Path, *, replace: bool) -> None:
    if replace:
        # The file belongs to whom it belonged to: root may rotate the keys of a service.
        info = path.stat()
        if os.geteuid() == 0 and info.st_uid != 0:
            os.chown(draft, info.st_uid, info.st_gid)
        draft.replace(path)
    else:
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return  # of two processes that start at once, the other one's keyset is the one
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unreadable(error: Exception) -> KeysUnavailable:
    return KeysUnavailable(f"The keyset file can't be read ({type(error).__name__}).")
