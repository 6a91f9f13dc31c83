"""What every use of the keys database shares: one failure with one name, and the lock of key-encryption keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, InterfaceError, connections, transaction

from privacy.errors import KeysUnavailable
from privacy.router import KEYS_ALIAS

# Shared by whoever stores something that a KEK wrapped, exclusive for whoever takes a KEK away.
_KEK_LOCK = 0x6F664B454B


@contextmanager
def guarded() -> Iterator[None]:
    """Raise KeysUnavailable for whatever the keys database says no to."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        raise KeysUnavailable("The keys database did not answer.", retry_after_seconds=2) from error


@contextmanager
def cursor() -> Iterator[Any]:
    """Yield a cursor of the keys database.

    Raises:
        KeysUnavailable: it did not answer.
    """
    with guarded(), connections[KEYS_ALIAS].cursor() as opened:
        yield opened


@contextmanager
def storing_wrapped() -> Iterator[Any]:
    """Yield a cursor in a transaction during which no key-encryption key goes away.

    Without it a process could wrap, be slow, and store after a rotation found the old KEK unused and removed it.
    """
    with _locked("pg_advisory_xact_lock_shared") as opened:
        yield opened


@contextmanager
def removing_kek() -> Iterator[Any]:
    """Yield a cursor in a transaction during which nobody stores what a KEK wrapped."""
    with _locked("pg_advisory_xact_lock") as opened:
        yield opened


@contextmanager
def _locked(function: str) -> Iterator[Any]:
    with guarded(), transaction.atomic(using=KEYS_ALIAS), connections[KEYS_ALIAS].cursor() as opened:
        opened.execute(f"SELECT {function}(%s)", [_KEK_LOCK])
        yield opened
