"""Sealing and opening bytes: AES-256-GCM in a versioned envelope. Pure; keys come in as arguments.

Layout: version (1 byte, 1) | key id (8 bytes, big-endian) | nonce (12 bytes, random) | ciphertext and tag (16 bytes).
Source: NIST SP 800-38D; a random nonce of 96 bits is safe for 2^32 values a key, and a key serves one pair.
"""

import os
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES, _NONCE_BYTES, _TAG_BYTES = 8, 12, 16
_NONCE_AT = 1 + _ID_BYTES
_TEXT_AT = _NONCE_AT + _NONCE_BYTES
OVERHEAD_BYTES = _TEXT_AT + _TAG_BYTES


class Tampered(Exception):
    """The bytes are not what was sealed, or were sealed for another place."""


@dataclass(frozen=True, slots=True)
class Key:
    """A data key ready for use.

    Args:
        id: what envelopes name it by.
        material: its 32 bytes. A cipher made of them takes 2.6 KB; only those used last are kept.
    """

    id: int
    material: bytes = field(repr=False)


@lru_cache(maxsize=128)
def _cipher(material: bytes) -> AESGCM:
    return AESGCM(material)


def forget_ciphers() -> None:
    """Drop the ciphers that are kept: one of them may be of a key that is no more."""
    _cipher.cache_clear()


def seal(key: Key, text: bytes, place: bytes) -> bytes:
    """Return ``text`` sealed for ``place`` (the associated data: opened anywhere else it fails)."""
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + key.id.to_bytes(_ID_BYTES, "big") + nonce + _cipher(key.material).encrypt(nonce, text, place)


def key_id_of(sealed: bytes) -> int:
    """Return the id of the key that ``sealed`` was sealed with.

    Raises:
        Tampered: this is no envelope.
    """
    if len(sealed) < OVERHEAD_BYTES or sealed[:1] != _VERSION:
        raise Tampered
    return int.from_bytes(sealed[1:_NONCE_AT], "big")


def unseal(key: Key, sealed: bytes, place: bytes) -> bytes:
    """Return the text in an envelope whose ``key_id_of`` is the key's.

    Raises:
        Tampered: a bit changed, or the envelope was moved here from another place.
    """
    try:
        return _cipher(key.material).decrypt(sealed[_NONCE_AT:_TEXT_AT], sealed[_TEXT_AT:], place)
    except InvalidTag:
        raise Tampered from None
