"""The rows of data keys: made, found, renewed, counted and destroyed. They know subjects, never pairs."""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connections, transaction

from ofmemory.infra.db import taking
from privacy.keys.guard import cursor, guarded, storing_wrapped
from privacy.keys.models import DataKey, Erasure
from privacy.keys.secrets import Secret
from privacy.router import KEYS_ALIAS

logger = logging.getLogger(__name__)

_TABLE = DataKey._meta.db_table
_NOT_ERASED = (
    f"NOT EXISTS (SELECT FROM {Erasure._meta.db_table} WHERE subject = %(subject)s::bytea AND lifted_at IS NULL)"
)
# Of two writers that meet a new fan at once, one makes the key. Nobody makes one for a fan who was erased.
_CREATE = f"""
INSERT INTO {_TABLE} (subject, handle, wrapped, kek_id)
SELECT %(subject)s::bytea, %(handle)s::uuid, %(wrapped)s::bytea, %(kek_id)s::text WHERE {_NOT_ERASED}
ON CONFLICT DO NOTHING RETURNING id
"""
# One statement: there is no moment without a current key, nor one in which the ledger could change its mind.
_REPLACE = f"""
WITH retired AS (
    UPDATE {_TABLE} SET retired_at = now()
    WHERE id = %(id)s AND subject = %(subject)s::bytea AND retired_at IS NULL AND {_NOT_ERASED}
    RETURNING subject, handle
)
INSERT INTO {_TABLE} (subject, handle, wrapped, kek_id)
SELECT subject, handle, %(wrapped)s::bytea, %(kek_id)s::text FROM retired RETURNING id
"""  # noqa: S608 - names from models
_FIND = f"""
SELECT subject, id, handle, wrapped, kek_id, retired_at IS NULL FROM {_TABLE}
WHERE subject = ANY(%s) ORDER BY id
"""  # noqa: S608 - names from models


@dataclass(frozen=True, slots=True)
class State:
    """A subject's current key, and whether older ones still wait for their end."""

    current_id: int
    created_at: datetime
    has_retired: bool


def find(subjects: Sequence[bytes]) -> list[Any]:
    """Return (subject, id, handle, wrapped, KEK id, whether current) of every key of ``subjects``, oldest first.

    Raises:
        KeysUnavailable: the keys database did not answer.
    """
    with cursor() as opened:
        opened.execute(_FIND, [list(subjects)])
        return list(opened.fetchall())


def create(subject: bytes) -> bool:
    """Make the subject's first key; return False where it has one by now, or was erased.

    Raises:
        KeysUnavailable: the keys database or the provider did not answer.
    """
    key = NewKey(subject)
    with storing_wrapped() as opened:
        opened.execute(_CREATE, {"handle": uuid.uuid4(), **key.columns()})
        return opened.fetchone() is not None


def replace(key_id: int, successor: "NewKey") -> int | None:
    """Retire a current key and store its successor, which inherits its handle; return the successor's id.

    None: ``key_id`` is no longer the current key of that subject, or the subject was erased.

    Raises:
        KeysUnavailable: the keys database did not answer.
    """
    with storing_wrapped() as opened:
        opened.execute(_REPLACE, {"id": key_id, **successor.columns()})
        made = opened.fetchone()
        return None if made is None else int(made[0])


def count(subject: bytes) -> int:
    """Return how many keys the subject has, retired ones included."""
    with guarded():
        return DataKey.objects.filter(subject=subject).count()


def destroy(subject: bytes) -> int:
    """Delete every key of the subject, and the bytes of the rows with them; return how many there were.

    Raises:
        KeysUnavailable: the keys database did not answer.
    """
    keys = DataKey.objects.filter(subject=subject)
    with guarded(), transaction.atomic(using=KEYS_ALIAS):
        # A renewal under way is waited for here, so that the deletion sees what it made.
        list(keys.select_for_update().values_list("id", flat=True))
        destroyed, _ = keys.delete()
    if destroyed:
        remove_dead_rows()
    return destroyed


def count_current() -> int:
    """Return how many subjects have a key."""
    with guarded():
        return DataKey.objects.filter(retired_at=None).count()


def states(subjects: Sequence[bytes]) -> dict[bytes, State]:
    """Return what is known about the current key of each subject that has one."""
    with guarded():
        found = DataKey.objects.filter(subject__in=subjects).values_list("subject", "id", "created_at", "retired_at")
        keys = [(bytes(subject), key_id, created_at, retired_at) for subject, key_id, created_at, retired_at in found]
    retired = {subject for subject, _, _, retired_at in keys if retired_at is not None}
    return {
        subject: State(key_id, created_at, subject in retired)
        for subject, key_id, created_at, retired_at in keys
        if retired_at is None
    }


def list_retired(before: datetime) -> dict[bytes, list[int]]:
    """Return the ids, by subject, of keys that were retired before that instant."""
    with guarded():
        found = list(DataKey.objects.filter(retired_at__lt=before).values_list("subject", "id"))
    retired: dict[bytes, list[int]] = {}
    for subject, key_id in found:
        retired.setdefault(bytes(subject), []).append(key_id)
    return retired


def destroy_retired(subject: bytes, key_ids: Sequence[int]) -> int:
    """Delete retired keys of the subject that nothing is sealed with any more; return how many there were."""
    with guarded():
        destroyed, _ = DataKey.objects.filter(subject=subject, id__in=key_ids, retired_at__isnull=False).delete()
    return destroyed


def remove_dead_rows() -> bool:
    """Vacuum the table of keys: a deleted row's bytes stay in its file until then. Return whether it was done.

    Not possible inside a transaction. Where it fails, PostgreSQL's own vacuum does it later.
    """
    connection = connections[KEYS_ALIAS]
    if connection.in_atomic_block:
        return False
    try:
        # It may take longer than a statement of a request may.
        with taking(None, KEYS_ALIAS), connection.cursor() as opened:
            opened.execute(f"VACUUM (TRUNCATE false) {_TABLE}")
    except DatabaseError as error:
        logger.warning("keys_not_vacuumed", extra={"error": type(error).__name__})
        return False
    return True


def data_key_context(subject: bytes) -> bytes:
    """Return what a data key is wrapped for."""
    return b"data-key\0" + subject


class NewKey:
    """A key for a subject, not stored yet.

    Raises:
        KeysUnavailable: the provider did not answer.
    """

    def __init__(self, subject: bytes) -> None:
        self._subject, self._secret = subject, Secret(data_key_context(subject))

    def columns(self) -> dict[str, Any]:
        """Return the row's values, inside ``storing_wrapped``."""
        kek_id, wrapped = self._secret.wrapped()
        return {"subject": self._subject, "wrapped": wrapped, "kek_id": kek_id}
