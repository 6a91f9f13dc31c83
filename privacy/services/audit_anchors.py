"""Anchors: signed words outside the database about what the chain was.

A chain by itself shows that nothing in it was changed afterwards, but whoever owns the database can write all of it
anew, or cut off its end. Not behind the anchors: each line of the file says "at this time the entry of this position
had this hash", signed with a key that is not in the main database. The file is to be copied where the owner of the
database can't write.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.utils import timezone

from privacy.keys import keyring
from privacy.services.audit_links import head

_SIGNED_FOR = b"ofmemory.audit.anchor\0"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A line of the file: the entry at ``position`` had ``hash``."""

    line: int
    position: int
    hash: bytes


class BadAnchor(Exception):
    """A line of the file is not what was written there; says which."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line, self.reason = line, reason


def write_anchor() -> int:
    """Append an anchor of the latest entry to ``AUDIT_ANCHOR_FILE``; return its position (0: there is no entry yet).

    When this returns, the line is on the disk.

    Raises:
        KeysUnavailable: it can't be signed.
        OSError: it can't be written.
    """
    position, digest = head()
    if position:
        _append(settings.AUDIT_ANCHOR_FILE, _signed(position, digest, timezone.now()))
    return position


def read_anchors(path: Path) -> list[Anchor]:
    """Return the anchors of a file, in their order.

    Raises:
        BadAnchor: a line is damaged, or was not signed by this installation.
        KeysUnavailable: the signatures can't be checked.
        OSError: there is no such file.
    """
    key = _key().public_key()
    with path.open("rb") as file:
        return [_checked(number, line, key) for number, line in enumerate(file, 1) if line.strip()]


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as file:
        # A machine that lost power may have left half a line; it must not spoil this one.
        file.write((b"" if _ends_with_a_line(file) else b"\n") + line + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _ends_with_a_line(file: BinaryIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _signed(position: int, digest: bytes, at: datetime) -> bytes:
    key = _key()
    said = {"position": position, "hash": digest.hex(), "at": at.isoformat()}
    signature = key.sign(_message(said))
    return orjson.dumps({**said, "publicKey": key.public_key().public_bytes_raw().hex(), "signature": signature.hex()})


def _checked(number: int, line: bytes, key: Ed25519PublicKey) -> Anchor:
    try:
        said = orjson.loads(line)
        signature = bytes.fromhex(said.pop("signature"))
        if said.pop("publicKey") != key.public_bytes_raw().hex():
            raise BadAnchor(number, "signed with another key")
        key.verify(signature, _message(said))
        return Anchor(number, int(said["position"]), bytes.fromhex(said["hash"]))
    except InvalidSignature:
        raise BadAnchor(number, "the signature does not fit") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadAnchor(number, "not an anchor") from None


def _message(said: dict[str, object]) -> bytes:
    """Return what is signed: the other members of the line as JSON without blanks, sorted by name."""
    return _SIGNED_FOR + orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def _key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(keyring.service_key("anchors"))
