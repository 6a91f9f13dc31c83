"""The keys of pairs: made at the first write, found for every use, kept in the process for a while.

Every pair has its own random data key, so that destroying it makes everything of the pair unreadable wherever copies
lie. The cache is bounded in number and time; ``forget`` drops a pair at once in this process, the others let go of it
within ``KEYRING_SECONDS``. What they could still do with it is nothing: the rows are gone, and a write meets the ledger.
"""

import hmac
import os
import struct
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections

from privacy.domain import Pair
from privacy.errors import Erased, KeysUnavailable, Unreadable
from privacy.keys.envelope import KEY_BYTES, Key, Tampered, key_id_of, seal, unseal
from privacy.keys.models import DataKey, Erasure, ServiceKey
from privacy.keys.providers import current_provider, provider_of
from privacy.router import KEYS_ALIAS

# Of two writers that meet a new fan at once, one makes the key. Nobody makes one for a fan who was erased.
_CREATE = f"""
INSERT INTO {DataKey._meta.db_table} (subject, handle, wrapped, kek_id)
SELECT %(subject)s::bytea, %(handle)s::uuid, %(wrapped)s::bytea, %(kek_id)s::text
WHERE NOT EXISTS (SELECT FROM {Erasure._meta.db_table} WHERE subject = %(subject)s::bytea AND lifted_at IS NULL)
ON CONFLICT DO NOTHING
"""  # noqa: S608 - names from models
_FIND = f"""
SELECT subject, id, handle, wrapped, kek_id, retired_at IS NULL FROM {DataKey._meta.db_table}
WHERE subject = ANY(%s) ORDER BY id
"""  # noqa: S608 - names from models


@dataclass(frozen=True, slots=True)
class PairKeys:
    """The keys of one pair.

    Args:
        handle: 16 random bytes that stand for the pair in the audit log and inside every envelope's place.
        current: seals.
        keys: by id, all that open.
        expires_at: on the monotonic clock; then they are looked up anew.
    """

    handle: bytes
    current: Key
    keys: dict[int, Key] = field(repr=False)
    expires_at: float

    def seal(self, text: bytes, place: bytes, row: bytes = b"") -> bytes:
        return seal(self.current, text, place + self.handle + row)

    def unseal(self, sealed: bytes, place: bytes, row: bytes = b"") -> bytes:
        """Open what was sealed for this place.

        Raises:
            KeyError: with a key that is not (or not yet) among these.
            Tampered: it is not what was sealed here.
        """
        return unseal(self.keys[key_id_of(sealed)], sealed, place + self.handle + row)


_held: dict[Pair, PairKeys] = {}
_lock = threading.Lock()


def place_of(table: str, column: str) -> bytes:
    """Return the part of a place that all rows share; handle and row have fixed lengths, so nothing is ambiguous."""
    return f"{table}.{column}\0".encode()


def peek(pair: Pair) -> PairKeys | None:
    """Return the pair's keys if this process holds them."""
    held = _held.get(pair)
    return held if held is not None and held.expires_at > time.monotonic() else None


def find(pair: Pair) -> PairKeys | None:
    """Return the pair's keys, or None where it has none: never seen, or erased.

    Raises:
        KeysUnavailable: the keys database or the provider did not answer.
    """
    return peek(pair) or find_many([pair]).get(pair)


def find_many(pairs: Sequence[Pair]) -> dict[Pair, PairKeys]:
    """Return the keys of those pairs that have any; one query for all that this process does not hold.

    Raises:
        KeysUnavailable: the keys database or the provider did not answer.
    """
    found = {pair: keys for pair in pairs if (keys := peek(pair)) is not None}
    missing = {subject_of(pair): pair for pair in pairs if pair not in found}
    if missing:
        loaded = _load(missing)
        _hold(loaded)
        found |= loaded
    return found


def ensure(pair: Pair) -> PairKeys:
    """Return the pair's keys, made now where it has none.

    They are committed before this returns, whatever becomes of the caller's transaction: a key too many harms nobody.

    Raises:
        Erased: the fan was erased and has not consented anew.
        KeysUnavailable: the keys database or the provider did not answer.
    """
    if keys := find(pair):
        return keys
    subject = subject_of(pair)
    kek_id, wrapped = current_provider().wrap(os.urandom(KEY_BYTES), data_key_context(subject))
    with _guarded(), connections[KEYS_ALIAS].cursor() as cursor:
        cursor.execute(_CREATE, {"subject": subject, "handle": uuid.uuid4(), "wrapped": wrapped, "kek_id": kek_id})
    keys = find(pair)
    if keys is None:
        raise Erased
    return keys


def forget(pair: Pair) -> None:
    """Drop what this process holds of the pair."""
    with _lock:
        _held.pop(pair, None)


def forget_all() -> None:
    """Drop everything this process holds: pairs, service keys and providers' clients."""
    with _lock:
        _held.clear()
    service_key.cache_clear()


def open_sealed(pair: Pair, sealed: bytes, place: bytes, row: bytes = b"") -> bytes:
    """Open a value of the pair.

    Raises:
        Unreadable: its key is gone, or it is not what was sealed here.
        KeysUnavailable: the keys database or the provider did not answer.
    """
    try:
        try:
            keys = find(pair)
            if keys is not None:
                return keys.unseal(sealed, place, row)
        except KeyError:
            # Sealed by another process, with a key that is newer than what this one holds.
            forget(pair)
            keys = find(pair)
            if keys is not None:
                return keys.unseal(sealed, place, row)
    except (KeyError, Tampered) as error:
        raise Unreadable("A stored value can't be opened.") from error
    raise Unreadable("A stored value can't be opened: its key is gone.")


def subject_of(pair: Pair) -> bytes:
    """Return the keyed digest that stands for the pair in the keys database."""
    return keyed_digest("subject", pair.creator_id, pair.fan_id)


def keyed_digest(key_name: str, *parts: str) -> bytes:
    """Return 32 bytes that stand for ``parts``: nobody without the service key can find them by trying."""
    message = b"".join(struct.pack(">I", len(raw)) + raw for raw in (part.encode() for part in parts))
    return hmac.digest(service_key(key_name), message, "sha256")


@cache
def service_key(name: str) -> bytes:
    """Return 32 secret bytes of that name, made at the first use and the same ever after.

    Raises:
        KeysUnavailable: the keys database or the provider did not answer.
    """
    row = _service_row(name)
    if row is None:
        kek_id, wrapped = current_provider().wrap(os.urandom(KEY_BYTES), service_key_context(name))
        with _guarded():
            ServiceKey.objects.bulk_create(
                [ServiceKey(name=name, wrapped=wrapped, kek_id=kek_id)], ignore_conflicts=True
            )
        row = _service_row(name)
    if row is None:
        raise KeysUnavailable("A service key could not be made.")
    return provider_of(row.kek_id).unwrap(row.kek_id, bytes(row.wrapped), service_key_context(name))


def data_key_context(subject: bytes) -> bytes:
    return b"data-key\0" + subject


def service_key_context(name: str) -> bytes:
    return b"service-key\0" + name.encode()


def _service_row(name: str) -> ServiceKey | None:
    with _guarded():
        return ServiceKey.objects.filter(name=name).first()


def _load(subjects: dict[bytes, Pair]) -> dict[Pair, PairKeys]:
    with _guarded(), connections[KEYS_ALIAS].cursor() as cursor:
        cursor.execute(_FIND, [list(subjects)])
        rows = cursor.fetchall()
    expires_at = time.monotonic() + settings.KEYRING_SECONDS
    found: dict[Pair, PairKeys] = {}
    for subject, key_id, handle, wrapped, kek_id, is_current in rows:
        pair = subjects[bytes(subject)]
        key = Key.of(key_id, provider_of(kek_id).unwrap(kek_id, bytes(wrapped), data_key_context(bytes(subject))))
        older = found[pair].keys if pair in found else {}
        current = key if is_current or pair not in found else found[pair].current
        found[pair] = PairKeys(handle.bytes, current, {**older, key_id: key}, expires_at)
    return found


def _hold(loaded: dict[Pair, PairKeys]) -> None:
    with _lock:
        _held.update(loaded)
        for pair in _oldest(len(_held) - settings.KEYRING_SIZE):
            del _held[pair]


def _oldest(count: int) -> Iterable[Pair]:
    return [pair for pair, _ in zip(_held, range(max(count, 0)), strict=False)]


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        raise KeysUnavailable("The keys database did not answer.", retry_after_seconds=2) from error
