"""Receipts of erasures: what was asked, done, kept and verified, signed so that anybody can check it offline.

A receipt names no fan. It holds a commitment to the pair; who knows the *opening* can show whom it is about. The
opening is not stored: it is made from a secret, the request and the pair, so that only who knows the fan's id can have
it made again.

Format, checked by ``tools/verify_receipt.py``: one line of JSON with the keys publicKey, receipt, signature, sorted and
without blanks; the signature (Ed25519, RFC 8032) is over the bytes of ``receipt``.
"""

import struct
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.utils import timezone

from ofmemory.errors import NotFound
from privacy.domain import ErasureStep, Pair
from privacy.keys import keyring
from privacy.models import AuditEntry, DataRequest, Receipt
from privacy.services import pair_rows

VERSION = 1
KEY_NAME, OPENING_KEY_NAME = "receipts", "receipt-openings"
# Bytes of each of the parts that a commitment hides.
_LENGTH = struct.Struct(">I")


def issue(request: DataRequest) -> Receipt:
    """Sign and store the receipt of a request whose erasure is verified, inside the caller's transaction."""
    body = canonical(_facts(request))
    signer = _signer()
    receipt, _ = Receipt.objects.update_or_create(
        request_id=request.id,
        defaults={
            "creator_id": request.creator_id,
            "body": body,
            "signature": signer.sign(body),
            "public_key": signer.public_key().public_bytes_raw(),
        },
    )
    return receipt


def get_receipt(request_id: UUID) -> Receipt:
    """Return the receipt of a request.

    Raises:
        NotFound: the request is not a complete erasure.
    """
    receipt = Receipt.objects.filter(request_id=request_id).first()
    if receipt is None:
        raise NotFound("There is no receipt of this request.")
    return receipt


def file_of(receipt: Receipt) -> bytes:
    """Return the receipt as it is handed out."""
    return canonical(
        {
            "publicKey": bytes(receipt.public_key).hex(),
            "receipt": orjson.Fragment(bytes(receipt.body)),
            "signature": bytes(receipt.signature).hex(),
        }
    )


def public_key() -> bytes:
    """Return the key that receipts are checked with; publish it."""
    return _signer().public_key().public_bytes_raw()


def opening_of(request_id: UUID, pair: Pair) -> bytes:
    """Return the 32 bytes that, with the ids of the pair, open the commitment of its receipt."""
    return keyring.keyed_digest(OPENING_KEY_NAME, str(request_id), pair.creator_id, pair.fan_id)


def commitment(opening: bytes, pair: Pair) -> bytes:
    """Return what stands for the pair in a receipt: SHA-256(opening, length and bytes of creator, the same of fan)."""
    parts = [part.encode() for part in (pair.creator_id, pair.fan_id)]
    return sha256(opening + b"".join(_LENGTH.pack(len(part)) + part for part in parts)).digest()


def canonical(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _signer() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(keyring.service_key(KEY_NAME))


def _facts(request: DataRequest) -> dict[str, Any]:
    steps = request.steps
    rows = steps[ErasureStep.ROWS]["counts"]
    searched = steps[ErasureStep.VERIFY]["counts"]
    return {
        "version": VERSION,
        "kind": "erasure",
        "requestId": str(request.id),
        "creatorId": request.creator_id,
        "commitment": commitment(opening_of(request.id, request.pair), request.pair).hex(),
        "receivedAt": _instant(request.received_at),
        "approvedAt": _instant(request.approved_at),
        "startedAt": steps["begun"]["at"],
        "executedAt": steps[ErasureStep.ROWS]["at"],
        "verifiedAt": steps[ErasureStep.VERIFY]["at"],
        "requestedBy": request.requested_by,
        "identifiedBy": request.identified_by or None,
        "identityMethod": request.identity_method or None,
        "approvedBy": request.approved_by or None,
        "executedBy": steps["begun"]["by"],
        "plan": request.plan,
        "erased": {
            "rows": rows,
            "caches": steps[ErasureStep.CACHES]["counts"],
            "queues": steps[ErasureStep.QUEUES]["counts"],
        },
        "preserved": _preserved(request.pair),
        "keysDestroyed": steps[ErasureStep.KEYS]["counts"]["data_keys"],
        "verification": {
            "result": "nothing found",
            "remaining": searched,
            "textSearched": pair_rows.is_distinctive(request.fan_id),
        },
        "copies": _copies(datetime.fromisoformat(steps[ErasureStep.KEYS]["at"])),
        "audit": _audit_head(),
    }


def _preserved(pair: Pair) -> list[dict[str, Any]]:
    """Return what was kept, and on which ground; by default nothing is."""
    counted = [(table, table.of_pair(pair).count()) for table in pair_rows.preserved()]
    kept = [
        {"store": pair_rows.name_of(table), "rows": count, "ground": table.basis} for table, count in counted if count
    ]
    return [*kept, {"store": "erasures", "rows": 1, "ground": "Art. 6(1)(c): a keyed digest refuses what comes late."}]


def _copies(destroyed_at: datetime) -> dict[str, str]:
    """Say until when there may be copies: unreadable rows in backups, keys in backups of keys and in processes."""
    return {
        "backupsUntil": _day(destroyed_at, settings.BACKUP_RETENTION_DAYS),
        "keyBackupsUntil": _day(destroyed_at, settings.KEYS_BACKUP_RETENTION_DAYS),
        "processMemoryUntil": _instant(destroyed_at + timedelta(seconds=settings.KEYRING_SECONDS)) or "",
    }


def _day(start: datetime, days: int) -> str:
    return (start + timedelta(days=days)).date().isoformat()


def _audit_head() -> dict[str, Any] | None:
    head = AuditEntry.objects.order_by("-position").values_list("position", "hash").first()
    return {"position": head[0], "hash": bytes(head[1]).hex()} if head else None


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(timezone.get_default_timezone()).isoformat(timespec="milliseconds")
