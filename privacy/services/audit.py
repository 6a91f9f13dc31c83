"""Telling the audit log what is done: who, what, to whose data, when, in which request."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction

from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache.client import Script
from ofmemory.infra.observability.correlation import unrevealing_id
from privacy.cache import RECORD, stream_keys
from privacy.models import PendingAudit

SYSTEM = "system"
_NOTE = Script(RECORD + "record(1, ARGV[1], ARGV[2])")


def record(
    action: str,
    *,
    actor: str,
    creator_id: str = "",
    subject: UUID | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry with the caller's transaction: it is in the log if, and only if, that is committed.

    Args:
        action: a noun and a verb, such as ``erasure.completed``.
        actor: ``user:<id>``, ``key:<id>`` or ``system:<what>``.
        subject: the pair's handle.
        details: counts, ids and labels as JSON; never content, never a fan's id.
    """
    PendingAudit.objects.create(
        action=action,
        actor=actor,
        creator_id=creator_id,
        subject=subject,
        correlation_id=unrevealing_id(),
        details=dict(details or {}),
    )


def line(action: str, actor: str, subjects: Sequence[bytes]) -> bytes:
    """Return the entry of an access as the stream holds it; the stream adds the time.

    Args:
        subjects: handles of the pairs that were accessed; none: what was accessed is of no pair.
    """
    return orjson.dumps((action, actor, unrevealing_id(), [subject.hex() for subject in subjects]))


def note(creator_id: str, action: str, actor: str, subjects: Sequence[bytes]) -> None:
    """Record an access by itself: through the stream, or without Redis in the database."""
    try:
        _NOTE(keys=stream_keys(creator_id), args=[line(action, actor, subjects), settings.AUDIT_STREAM_MAX])
    except CacheUnavailable:
        told = {"action": action, "actor": actor, "creator_id": creator_id, "correlation_id": unrevealing_id()}
        # In a savepoint: should this fail, the caller's transaction goes on.
        with transaction.atomic():
            PendingAudit.objects.bulk_create(
                PendingAudit(subject=UUID(bytes=subject) if subject else None, **told) for subject in subjects or (b"",)
            )


def note_key_use(creator_id: str, action: str, subjects: Sequence[bytes]) -> None:
    """Record that the keyring unwrapped or made keys; see ``keyring.on_use``."""
    note(creator_id, action, f"{SYSTEM}:keyring", subjects)
