"""Identifiers and pseudonyms."""

import hmac
import os
import time
import uuid
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings


def uuid7() -> uuid.UUID:
    """Return a random id that sorts by time, so that inserts touch the right-hand edge of an index.

    Source: RFC 9562 section 5.7.
    """
    unix_ms = time.time_ns() // 1_000_000
    value = (unix_ms << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (7 << 76)
    return uuid.UUID(int=(value & ~(0x3 << 62)) | (0x2 << 62))


@lru_cache(maxsize=1)
def _pseudonym_key() -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), b"ofmemory.pseudonym", "sha256")


def pseudonym(identifier: str) -> str:
    """Return 16 hex bytes that stand for an id in cache keys and logs.

    Keyed, so that nobody without SECRET_KEY can find the person behind it by trying ids; of fixed length and
    alphabet, so that no id can imitate the separators of a key.
    """
    return blake2b(identifier.encode(), digest_size=16, key=_pseudonym_key()).hexdigest()
