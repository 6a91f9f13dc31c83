"""How far an import has come: its checkpoint, and that only one process works on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from django.db import OperationalError, connection
from django.db.models import F
from django.db.models.functions import Now

from memory.models import ImportRun
from ofmemory.errors import Conflict

LOCK_NOT_AVAILABLE = "55P03"


@contextmanager
def exclusively(creator_id: str, file_digest: bytes) -> Iterator[None]:
    """Be the only process that imports this history; a process that died lets go of it.

    Raises:
        Conflict: another process holds it (for longer than ``lock_timeout``).
    """
    key = int.from_bytes(sha256(creator_id.encode() + b"\0" + file_digest).digest()[:8], signed=True)
    try:
        _execute("SELECT pg_advisory_lock(%s)", key)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise Conflict("Another process is importing this file right now.") from error
        raise
    try:
        yield
    finally:
        # A broken connection has let go already, and would only hide why it broke.
        if connection.connection is not None and connection.is_usable():
            _execute("SELECT pg_advisory_unlock(%s)", key)


def _execute(sql: str, key: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [key])


def open_run(creator_id: str, file_digest: bytes) -> ImportRun:
    """Return the run of this history where it stopped; one that was finished begins anew."""
    run, _ = ImportRun.objects.get_or_create(creator_id=creator_id, file_digest=file_digest)
    if run.finished_at is not None:
        anew = {"lines_done": 0, "created_count": 0, "duplicate_count": 0, "rejected_count": 0, "finished_at": None}
        ImportRun.objects.filter(id=run.id).update(**anew, started_at=Now())
        run.refresh_from_db()
    return run


def advance(run: ImportRun, *, lines_done: int, created: int, duplicates: int, rejected: int) -> None:
    """Note a batch, in the transaction that stores it.

    Raises:
        Conflict: another process went on from this checkpoint; nothing of the batch may be kept.
    """
    claimed = ImportRun.objects.filter(id=run.id, lines_done=run.lines_done, finished_at__isnull=True).update(
        lines_done=lines_done,
        created_count=F("created_count") + created,
        duplicate_count=F("duplicate_count") + duplicates,
        rejected_count=F("rejected_count") + rejected,
    )
    if claimed != 1:
        raise Conflict("Another process is importing this file right now.")


def finish(run: ImportRun) -> ImportRun:
    """Note that everything was read; return the run with its final counts."""
    ImportRun.objects.filter(id=run.id, finished_at__isnull=True).update(finished_at=Now())
    run.refresh_from_db()
    return run


def is_finished(creator_id: str, file_digest: bytes) -> bool:
    """Say whether this history was imported to its end."""
    return ImportRun.objects.filter(creator_id=creator_id, file_digest=file_digest, finished_at__isnull=False).exists()
