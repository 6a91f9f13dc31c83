"""The same request sent twice is carried out once and answered the same.

Source: IETF draft-ietf-httpapi-idempotency-key-header-07.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from zlib import compress, decompress

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from memory.models import IdempotentAnswer
from ofmemory.errors import Conflict
from privacy.fields import SealedField
from privacy.keys.keyring import keyed_digest

_TABLE = IdempotentAnswer._meta.db_table
_BODY: SealedField = IdempotentAnswer._meta.get_field("body")
# A second request with the key waits here until the first one has committed or failed. A key older than 24 h is new.
_CLAIM = f"""
INSERT INTO {_TABLE} AS held (creator_id, key_digest, fingerprint, fan_id) VALUES (%s, %s, %s, %s)
ON CONFLICT (creator_id, key_digest) DO UPDATE
    SET fingerprint = EXCLUDED.fingerprint, fan_id = EXCLUDED.fan_id, status = NULL, body = '', created_at = now()
    WHERE held.created_at < now() - make_interval(secs => %s)
"""  # noqa: S608 - the name comes from the model


@dataclass(frozen=True, slots=True)
class Once:
    """A write as its idempotency sees it.

    Args:
        key: the Idempotency-Key; empty where the caller sent none.
        fingerprint: digest of everything that makes the request what it is.
        fan_id: whom the request is about; empty where it is about several. Erasing the fan erases the answer.
    """

    creator_id: str
    key: str
    fingerprint: bytes
    fan_id: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    replayed: bool = False


def answer_once(once: Once, work: Callable[[], Answer]) -> Answer:
    """Do ``work`` and keep its answer with it, or return the answer kept from the first time.

    Must run in the transaction of the write: what is done and what is remembered of it are one commit.

    Raises:
        Conflict: the key came with another request before.
    """
    if not once.key:
        return work()
    with transaction.atomic(savepoint=False):
        digest = keyed_digest("idempotency", once.creator_id, once.key)
        if not _claim(once, digest):
            return _replay(once, digest)
        answer = work()
        kept = IdempotentAnswer(creator_id=once.creator_id, fan_id=once.fan_id, key_digest=digest)
        IdempotentAnswer.objects.filter(creator_id=once.creator_id, key_digest=digest).update(
            status=answer.status, body=_BODY.sealed(kept, compress(answer.body, 1))
        )
        return answer


def _claim(once: Once, digest: bytes) -> bool:
    with connection.cursor() as cursor:
        kept_seconds = settings.IDEMPOTENCY_KEPT.total_seconds()
        cursor.execute(_CLAIM, (once.creator_id, digest, once.fingerprint, once.fan_id, kept_seconds))
        return bool(cursor.rowcount)


def _replay(once: Once, digest: bytes) -> Answer:
    kept = IdempotentAnswer.objects.get(creator_id=once.creator_id, key_digest=digest)
    if bytes(kept.fingerprint) != once.fingerprint:
        raise Conflict("This Idempotency-Key was used for another request.")
    return Answer(kept.status or 200, decompress(kept.body), replayed=True)


def forget_old_answers(*, older_than: timedelta | None = None) -> int:
    """Delete answers that no repetition can ask for any more; return how many."""
    limit = timezone.now() - (older_than or settings.IDEMPOTENCY_KEPT)
    return IdempotentAnswer.objects.filter(created_at__lt=limit).delete()[0]
