"""The entries that wait in Redis, and how far they were taken.

How far stands in ``AuditCheckpoint``, committed together with the entries. So each entry is taken once, wherever a
process is killed: before the commit nothing happened, after it the position says so, whether or not the stream was
trimmed by then.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

import orjson
import redis
from django.utils import timezone

from accounts.services.members import list_creator_ids
from ofmemory.errors import CacheUnavailable
from privacy.cache import Look, Read, look_at, read_stream, trim_stream
from privacy.models import AuditCheckpoint
from privacy.services.audit import record
from privacy.services.audit_links import Entry

logger = logging.getLogger(__name__)

TAKER = "system:audit"
GAP = "audit.gap"
# The stream of things about no creator. Its checkpoint also says when all streams were last looked at.
NOBODY = ""
_HEX_DIGITS = 32
_DAMAGED = (ValueError, TypeError, KeyError, IndexError)


@dataclass
class Streams:
    """The streams that have something to say, within one round under the chain's lock."""

    checkpoints: dict[str, AuditCheckpoint]
    waiting: list[str]
    looked_at: datetime | None

    @classmethod
    def look(cls) -> "Streams":
        """Look at the stream of every creator.

        Raises:
            CacheUnavailable: Redis did not answer.
        """
        held = AuditCheckpoint.objects.in_bulk()
        # With those of creators that are gone: their last entries count as well.
        streams = sorted({NOBODY, *held, *list_creator_ids()})
        waiting = [stream for stream, look in look_at(streams) if _is_news(look, held.get(stream) or AuditCheckpoint())]
        return cls(held, waiting, held[NOBODY].updated_at if NOBODY in held else None)

    def take(self, most: int) -> list[Entry]:
        """Return up to ``most`` lines' entries, and write how far that is. What is missing is recorded as a gap."""
        entries: list[Entry] = []
        moved = []
        for stream in self.waiting:
            if most <= 0:
                break
            checkpoint = self.checkpoints.get(stream) or AuditCheckpoint(stream=stream)
            try:
                read = _try_read(checkpoint, most)
            except CacheUnavailable:
                # What was read so far counts; the rest waits where it is.
                logger.warning("audit_streams_unreachable")
                break
            if read is not None:
                most -= len(read.entries)
                entries += self._taken(checkpoint, read)
                moved.append(checkpoint)
        self._keep(moved)
        return entries

    def trim(self) -> None:
        """After the commit: remove what was taken. What stays for want of Redis is removed another time."""
        for stream in self.waiting:
            checkpoint = self.checkpoints.get(stream)
            if checkpoint and checkpoint.last_id:
                trim_stream(stream, mark=checkpoint.mark, last_id=checkpoint.last_id)

    def _taken(self, checkpoint: AuditCheckpoint, read: Read) -> list[Entry]:
        """Return the entries of what was read, record what is missing, and move the checkpoint on."""
        if not read.whole:
            if checkpoint.mark:
                self._record_loss(checkpoint)
            checkpoint.last_id, checkpoint.dropped = "", 0
        _record_count(checkpoint.stream, "no_room", read.dropped - checkpoint.dropped)
        entries, malformed = _entries_of(checkpoint.stream, read)
        _record_count(checkpoint.stream, "malformed", malformed)
        if read.entries:
            checkpoint.last_id = read.entries[-1][0].decode()
        checkpoint.mark, checkpoint.dropped = read.mark, read.dropped
        return entries

    def _record_loss(self, checkpoint: AuditCheckpoint) -> None:
        # Streams with nothing new are looked at without their checkpoint being written.
        since = max(checkpoint.updated_at, self.looked_at or checkpoint.updated_at)
        period = {"since": since.isoformat(), "until": timezone.now().isoformat()}
        _record_gap(checkpoint.stream, {"reason": "stream_lost", **period})

    def _keep(self, moved: list[AuditCheckpoint]) -> None:
        now = timezone.now()
        for checkpoint in moved:
            checkpoint.updated_at = now
            self.checkpoints[checkpoint.stream] = checkpoint
        AuditCheckpoint.objects.bulk_create(
            moved,
            update_conflicts=True,
            unique_fields=["stream"],
            update_fields=["last_id", "mark", "dropped", "updated_at"],
        )
        AuditCheckpoint.objects.filter(stream=NOBODY).update(updated_at=now)


def _is_news(look: Look, checkpoint: AuditCheckpoint) -> bool:
    as_left = look.kind == "stream" or (look.kind == "none" and not checkpoint.last_id)
    unchanged = as_left and (look.mark, look.dropped) == (checkpoint.mark, checkpoint.dropped)
    # One that was never read has no mark yet.
    return look.waiting > 0 or not unchanged or not checkpoint.mark


def _try_read(checkpoint: AuditCheckpoint, most: int) -> Read | None:
    try:
        return read_stream(checkpoint.stream, mark=checkpoint.mark, last_id=checkpoint.last_id, most=most)
    except CacheUnavailable as error:
        if not isinstance(error.__cause__, redis.ResponseError):
            raise
        # What lies at one of its keys is nothing of ours. The others must not wait for somebody to look into it.
        logger.error("audit_stream_unreadable", exc_info=error, extra={"creatorId": checkpoint.stream})
        return None


def _entries_of(stream: str, read: Read) -> tuple[list[Entry], int]:
    """Return the entries of the lines, one a subject, and how many lines were malformed."""
    entries: list[Entry] = []
    malformed = 0
    for stream_id, fields in read.entries:
        try:
            entries += _entries_of_line(stream, stream_id, fields)
        except _DAMAGED:
            malformed += 1
    return entries, malformed


def _entries_of_line(stream: str, stream_id: bytes, fields: list[bytes]) -> list[Entry]:
    if fields[0] != b"e":
        raise ValueError
    action, actor, correlation, subjects = orjson.loads(fields[1])
    _check(action, 48)
    _check(actor, 64)
    _check(correlation, 128)
    at = int(stream_id.partition(b"-")[0]) * 1000
    return [(at, action, actor, stream, _checked_hex(subject), correlation, "{}") for subject in subjects or (None,)]


def _check(text: object, most: int) -> None:
    if type(text) is not str or len(text) > most or "\0" in text:
        raise ValueError


def _checked_hex(subject: str | None) -> str | None:
    # Only as `bytes.hex` writes it: whatever else would come back from the database in another spelling.
    if subject is None or (len(subject) == _HEX_DIGITS and bytes.fromhex(subject).hex() == subject):
        return subject
    raise ValueError


def _record_count(stream: str, reason: str, count: int) -> None:
    if count > 0:
        _record_gap(stream, {"reason": reason, "count": count})


def _record_gap(stream: str, details: dict[str, object]) -> None:
    logger.error("audit_gap", extra={"creatorId": stream, **details})
    record(GAP, actor=TAKER, creator_id=stream, details=details)
