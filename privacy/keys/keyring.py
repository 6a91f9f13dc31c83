"""The keys of pairs: made at the first write, found for every use, kept in the process for a while.

Every pair has its own random data key, so that destroying it makes everything of the pair unreadable wherever copies
lie. The cache is bounded in number and time; ``forget`` drops a pair at once in this process, the others let go of it
within ``KEYRING_SECONDS``. All they could do with it until then is nothing: the rows are gone, and a write meets the
ledger.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings

from privacy.domain import Pair
from privacy.errors import Erased, KeysUnavailable, Unreadable
from privacy.keys import providers, rows
from privacy.keys.envelope import Key, Tampered, forget_ciphers, key_id_of, seal, unseal
from privacy.keys.rows import data_key_context
from privacy.keys.service_keys import keyed_digest, service_key, service_key_context, subject_of

__all__ = ["data_key_context", "keyed_digest", "service_key", "service_key_context", "subject_of"]

logger = logging.getLogger(__name__)

KEY_USED, KEY_CREATED = "key.used", "key.created"
# (creator_id, KEY_USED or KEY_CREATED, handles of the pairs)
UseHook = Callable[[str, str, Sequence[bytes]], None]


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
_hooks: list[UseHook] = []
_telling = threading.local()


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
        found |= _load(missing)
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
    made = rows.create(subject_of(pair))
    keys = find(pair)
    if keys is None:
        raise Erased
    if made:
        _tell(KEY_CREATED, {pair: keys})
    return keys


def count(pair: Pair) -> int:
    """Return how many keys the pair has, retired ones included.

    Raises:
        KeysUnavailable: the keys database did not answer.
    """
    return rows.count(subject_of(pair))


def destroy(pair: Pair) -> int:
    """Delete every key of the pair and return how many there were: nothing sealed for it opens ever again.

    Where the caller is in no transaction of the keys database, the bytes of the deleted rows go with them.

    Raises:
        KeysUnavailable: the keys database did not answer; whether they are gone is not known.
    """
    destroyed = rows.destroy(subject_of(pair))
    forget(pair)
    return destroyed


def on_use(hook: UseHook) -> None:
    """Have ``hook(creator_id, KEY_USED or KEY_CREATED, handles)`` called when keys are unwrapped or made.

    Not for each use of a key that this process holds. A hook that fails changes nothing for the caller.
    """
    if hook not in _hooks:
        _hooks.append(hook)


def forget(pair: Pair) -> None:
    """Drop what this process holds of the pair."""
    with _lock:
        _held.pop(pair, None)
    forget_ciphers()


def forget_all() -> None:
    """Drop everything this process holds: pairs, service keys and providers' clients."""
    with _lock:
        _held.clear()
    forget_ciphers()
    service_key.cache_clear()
    providers.forget_all()


def open_sealed(pair: Pair, sealed: bytes, place: bytes, row: bytes = b"") -> bytes:
    """Open a value of the pair.

    Raises:
        Unreadable: its key is gone, or it is not what was sealed here.
        KeysUnavailable: the keys database or the provider did not answer.
    """
    try:
        try:
            return _keys_of(pair).unseal(sealed, place, row)
        except KeyError:
            # Sealed by another process, with a key that is newer than what this one holds.
            forget(pair)
            return _keys_of(pair).unseal(sealed, place, row)
    except (KeyError, Tampered) as error:
        raise Unreadable("A stored value can't be opened.") from error


def _keys_of(pair: Pair) -> PairKeys:
    keys = find(pair)
    if keys is None:
        raise Unreadable("A stored value can't be opened: its key is gone.")
    return keys


def _load(subjects: dict[bytes, Pair]) -> dict[Pair, PairKeys]:
    """Find and unwrap. What could be unwrapped is held even where another pair's key could not."""
    stored = rows.find(list(subjects))
    materials = providers.unwrap_many(
        [(kek_id, wrapped, data_key_context(s)) for s, _, _, wrapped, kek_id, _ in stored]
    )
    expires_at = time.monotonic() + settings.KEYRING_SECONDS
    found: dict[Pair, PairKeys] = {}
    failed: dict[Pair, KeysUnavailable] = {}
    for (subject, key_id, handle, _, _, is_current), material in zip(stored, materials, strict=True):
        pair = subjects[subject]
        if isinstance(material, KeysUnavailable):
            failed[pair] = material
            continue
        key = Key(key_id, material)
        older = found.get(pair)
        current = key if is_current or older is None else older.current
        found[pair] = PairKeys(handle.bytes, current, {**(older.keys if older else {}), key_id: key}, expires_at)
    whole = {pair: keys for pair, keys in found.items() if pair not in failed}
    _hold(whole)
    _tell(KEY_USED, whole)
    for error in failed.values():
        raise error
    return whole


def _hold(loaded: Mapping[Pair, PairKeys]) -> None:
    now = time.monotonic()
    with _lock:
        for pair in loaded:
            # Put back at the end: the order of the dictionary is the order in which its entries expire.
            _held.pop(pair, None)
        _held.update(loaded)
        for pair in _outdated(now, len(_held) - settings.KEYRING_SIZE):
            del _held[pair]


def _outdated(now: float, too_many: int) -> Iterable[Pair]:
    oldest = []
    for number, (pair, keys) in enumerate(_held.items()):
        if number >= too_many and keys.expires_at > now:
            break
        oldest.append(pair)
    return oldest


def _tell(action: str, used: Mapping[Pair, PairKeys]) -> None:
    """Tell the hooks, once a creator. What a hook itself needs of the keyring is not told."""
    if not used or getattr(_telling, "now", False):
        return
    handles = defaultdict(list)
    for pair, keys in used.items():
        handles[pair.creator_id].append(keys.handle)
    _telling.now = True
    try:
        for hook in _hooks:
            for creator_id, of_creator in handles.items():
                hook(creator_id, action, of_creator)
    except Exception as error:  # noqa: BLE001 - a log that fails breaks no read
        logger.warning("key_use_not_told", extra={"error": type(error).__name__})
    finally:
        _telling.now = False
