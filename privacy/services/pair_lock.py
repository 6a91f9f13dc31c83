"""Changing something about a pair, alone: what consents, holds, choices and exports have in common."""

from collections.abc import Iterator
from contextlib import contextmanager

from privacy.domain import Pair
from privacy.keys import keyring
from privacy.registry import store
from privacy.services import ledger


@contextmanager
def locked(pair: Pair) -> Iterator[None]:
    """Run the block in one transaction under the pair's lock, which is made where the fan was never seen.

    The ledger is asked under the lock: whoever was erased before must not rise by the row that is made here, and an
    erasure that begins later waits for the lock and removes what the block stores.

    Raises:
        Erased: nothing may be stored about the fan.
    """
    with store().writing(pair):
        store().lock(pair, create=True)
        ledger.refuse_erased(pair)
        # No rotation can happen from here on; what this process held before may be older.
        keyring.forget(pair)
        yield
