"""Giving pairs new data keys while everything runs, and destroying the old ones when nothing needs them any more.

1. The pair's new key is made current under the pair's lock; the old one is retired: it opens, and seals nothing new.
2. Every row that the old one sealed is sealed anew, in batches, each in a transaction of its own under the lock.
3. An hour later nobody holds the old key, nor a row read before. Rows are looked at once more, then it is destroyed.

A run that was stopped left retired keys behind: the next one goes on with step 2 for those pairs and makes no new key.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Self

from django.conf import settings
from django.db import OperationalError
from django.utils import timezone

from ofmemory.infra.db import taking
from privacy.domain import Pair
from privacy.keys import keyring, rows
from privacy.keys.rows import NewKey
from privacy.registry import store
from privacy.services import audit
from privacy.services.sealed_rows import BATCH, SealedTable, iterate_pairs, reseal, sealed_tables

Progress = Callable[[int, int], None]
RETIRED_SECONDS = 3600


@dataclass(slots=True)
class Renewed:
    """What a run did, or with a dry run would do.

    Args:
        pairs: looked at.
        renewed: got a new key.
        resumed: had got one in a run that was stopped, or a short while ago; their rows were looked at again.
        rows: sealed anew.
        unreadable: rows that do not open; they stay as they are, and so does the key.
        destroyed: old keys that are gone.
        failed: pairs that somebody else kept locked; the next run goes on with them.
    """

    pairs: int = 0
    renewed: int = 0
    resumed: int = 0
    rows: int = 0
    unreadable: int = 0
    destroyed: int = 0
    failed: int = 0

    def __iadd__(self, other: "Renewed") -> Self:
        for counted in fields(self):
            setattr(self, counted.name, getattr(self, counted.name) + getattr(other, counted.name))
        return self


def renew_keys(
    *,
    actor: str,
    creator_id: str = "",
    fan_id: str = "",
    older_than_days: int = 0,
    dry_run: bool = False,
    progress: Progress = lambda _done, _total: None,
) -> Renewed:
    """Give pairs a new data key and seal their rows with it; destroy older ones that have been retired for an hour.

    Args:
        creator_id: of the pairs; empty: of all creators.
        fan_id: of the one pair of that creator.
        older_than_days: only keys that are older.
        progress: called with how many pairs are done, of how many keys there are.

    Raises:
        KeysUnavailable: the keys database or the provider did not answer; what was done stays done.
    """
    before = timezone.now() - timedelta(days=older_than_days)
    pairs = iter([Pair(creator_id, fan_id)]) if fan_id else iterate_pairs(creator_id)
    done, total = Renewed(), 1 if fan_id else rows.count_current()
    with taking(None):
        for some in _batches(pairs):
            done += _renew_some(some, before, dry_run=dry_run)
            progress(done.pairs, max(total, done.pairs))
    if not dry_run:
        done += destroy_retired(actor=actor)
        audit.record(
            "keys.renewed",
            actor=actor,
            creator_id=creator_id,
            details={"renewed": done.renewed, "rows": done.rows, "unreadable": done.unreadable},
        )
    return done


def destroy_retired(*, actor: str) -> Renewed:
    """Destroy keys that have been retired for an hour, after a last look at the rows of their pairs.

    The bytes of keys that an erasure destroyed go as well, where they could not at once.

    Raises:
        KeysUnavailable: the keys database or the provider did not answer; what was done stays done.
    """
    # Nobody seals with a key that has left every keyring since.
    before = timezone.now() - timedelta(seconds=max(RETIRED_SECONDS, 2 * settings.KEYRING_SECONDS))
    retired = rows.list_retired(before)
    if not retired:
        rows.remove_dead_rows()
        return Renewed()
    done = _destroy(retired)
    rows.remove_dead_rows()
    audit.record("keys.destroyed", actor=actor, details={"destroyed": done.destroyed, "unreadable": done.unreadable})
    return done


def _destroy(retired: dict[bytes, list[int]]) -> Renewed:
    done = Renewed()
    with taking(None):
        for pair in iterate_pairs():
            if (subject := keyring.subject_of(pair)) in retired:
                done += (looked := _reseal_all(pair, Renewed()))
                if not (looked.unreadable or looked.failed):
                    done.destroyed += rows.destroy_retired(subject, retired[subject])
                retired.pop(subject)
    # The pairs that are left have nothing sealed in any table.
    done.destroyed += sum(rows.destroy_retired(subject, key_ids) for subject, key_ids in retired.items())
    return done


def _renew_some(pairs: Sequence[Pair], before: datetime, *, dry_run: bool) -> Renewed:
    done = Renewed(pairs=len(pairs))
    states = rows.states([keyring.subject_of(pair) for pair in pairs])
    for pair in pairs:
        state = states.get(keyring.subject_of(pair))
        if state is None:
            continue
        if state.has_retired:
            done += Renewed(resumed=1) if dry_run else _reseal_all(pair, Renewed(resumed=1))
        elif state.created_at < before:
            done += Renewed(renewed=1) if dry_run else _renew(pair, state.current_id)
    return done


def _renew(pair: Pair, key_id: int) -> Renewed:
    # Wrapped before the transaction: nobody waits for the pair while a provider is asked.
    successor = NewKey(keyring.subject_of(pair))
    try:
        with _locked(pair) as is_there:
            made = rows.replace(key_id, successor)
            if made is not None and is_there:
                store().set_key(pair, made)
    except OperationalError:
        return Renewed(failed=1)
    return Renewed() if made is None else _reseal_all(pair, Renewed(renewed=1))


def _reseal_all(pair: Pair, done: Renewed) -> Renewed:
    keyring.forget(pair)
    keys = keyring.find(pair)
    if keys is None:  # erased meanwhile
        return Renewed()
    try:
        for table in sealed_tables():
            _reseal(table, pair, keys, done)
    except OperationalError:
        done.failed += 1
    return done


def _reseal(table: SealedTable, pair: Pair, keys: keyring.PairKeys, done: Renewed) -> None:
    last: Any = None
    while True:
        with _locked(pair) as is_there:
            if is_there:
                # A run that was stopped may have made a key that the lock does not name yet.
                store().set_key(pair, keys.current.id)
            batch = reseal(table, pair, keys, last)
        done.rows, done.unreadable = done.rows + batch.rows, done.unreadable + batch.unreadable
        if batch.rows + batch.unreadable < BATCH:
            return
        last = batch.last


@contextmanager
def _locked(pair: Pair) -> Iterator[bool]:
    """Run the block in one transaction under the lock of the pair; yield whether it has one."""
    with store().writing(pair):
        yield store().lock(pair)


def _batches(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    iterator = iter(pairs)
    while some := list(islice(iterator, BATCH)):
        yield some
