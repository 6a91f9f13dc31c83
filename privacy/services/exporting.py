"""Handing a fan's data out (Art. 15 and 20): made whole or not at all, kept sealed for a limited time, and logged."""

from datetime import timedelta
from hashlib import blake2b, sha256
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from ofmemory.errors import Conflict, NotFound
from privacy.domain import Pair
from privacy.models import ExportFile
from privacy.registry import store
from privacy.services import audit
from privacy.services.export_bundle import Bundle
from privacy.services.export_parts import ORIGINS
from privacy.services.processing import subject


def export_pair(pair: Pair, bundle: str, actor: str) -> ExportFile:
    """Export everything of a pair that the bundle covers, as of one instant, and keep it sealed with the pair's key.

    Args:
        bundle: ``art15`` or ``art20``.

    Raises:
        NotFound: nothing is stored about the fan.
        Conflict: an export of the pair is being made.
        ExportIncomplete, Unreadable: it would have had a hole; nothing was kept.
    """
    content = make_export(pair, bundle)
    with store().writing(pair):
        # Under the lock: what an erasure has begun to remove gets no copy behind its back.
        if not store().lock(pair):
            raise NotFound("Nothing is known about this fan.")
        export = ExportFile.objects.create(
            creator_id=pair.creator_id,
            fan_id=pair.fan_id,
            bundle=bundle,
            content=content,
            size_bytes=len(content),
            digest=sha256(content).digest(),
            requested_by=actor,
            expires_at=Now() + timedelta(hours=settings.EXPORT_HOURS),
        )
        _record("export.created", export, actor)
    return ExportFile.objects.defer("content").get(pk=export.pk)


def make_export(pair: Pair, bundle: str) -> bytes:
    """Return the ZIP of an export, and keep nothing; see ``export_pair``."""
    if bundle not in ORIGINS:
        raise ValueError(f"There is no bundle {bundle!r}.")
    with transaction.atomic(durable=True):
        _one_snapshot(pair)
        made = Bundle(pair, bundle, handle=subject(pair))
        if not any(made.stored.values()):
            raise NotFound("Nothing is known about this fan.")
        return made.write()


def count_export(pair: Pair, bundle: str) -> dict[str, int]:
    """Return how many rows of each table an export would look at."""
    counts = Bundle(pair, bundle, handle=None).stored
    if not any(counts.values()):
        raise NotFound("Nothing is known about this fan.")
    return counts


def open_export(export_id: UUID, actor: str, *, creator_id: str | None = None) -> bytes:
    """Return the ZIP, and count that it was handed out.

    Args:
        creator_id: whose it must be, where the caller speaks for one creator only.

    Raises:
        NotFound: there is none of that id, or it has expired.
    """
    exports = ExportFile.objects.filter(pk=export_id, expires_at__gt=Now())
    if creator_id is not None:
        exports = exports.filter(creator_id=creator_id)
    with transaction.atomic():
        if exports.update(download_count=F("download_count") + 1) != 1:
            raise NotFound("There is no such export, or it has expired.")
        export = ExportFile.objects.get(pk=export_id)
        content: bytes = export.content
        _record("export.downloaded", export, actor)
    return content


def forget_expired_exports() -> int:
    """Delete the exports whose time is over; return how many. They are copies: a hold keeps what they were made of."""
    return ExportFile.objects.filter(expires_at__lte=Now()).delete()[0]


def _one_snapshot(pair: Pair) -> None:
    """Show one instant to every query that follows, and let nobody else export the pair meanwhile.

    Raises:
        Conflict: somebody does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number_of(pair)])
        if not cursor.fetchone()[0]:
            raise Conflict("An export of this fan's data is being made.")


def number_of(pair: Pair) -> int:
    """Return the number of the advisory lock on exports of the pair."""
    digest = blake2b(f"export\0{pair.creator_id}\0{pair.fan_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _record(action: str, export: ExportFile, actor: str) -> None:
    details = {"export": str(export.pk), "bundle": export.bundle, "bytes": export.size_bytes}
    audit.record(action, actor=actor, creator_id=export.creator_id, subject=subject(export.pair), details=details)
