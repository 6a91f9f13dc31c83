"""The register of what people asked for: opened, identified, approved or denied, with a clock.

Every move is one conditional UPDATE: of two people who decide at once, one does. What carries an erasure out is in
``erasing``.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.utils import timezone

from ofmemory.errors import Conflict, Forbidden, InvalidInput, NotFound
from ofmemory.infra.db import insert_new
from privacy.domain import OPEN_STATUSES, Pair, RequestKind, RequestStatus
from privacy.errors import Erased
from privacy.fields import Sealed, SealedField
from privacy.keys import keyring
from privacy.models import DataRequest
from privacy.services import audit
from privacy.services.pair_rows import count_rows

logger = logging.getLogger(__name__)

# Carries out the retention period; it answers to nobody's request, so that nobody has to approve it.
RETENTION_ACTOR = f"{audit.SYSTEM}:retention"
_EXPORT_DAYS = 30
WARN_AFTER_HOURS = 48


def open_request(kind: RequestKind, pair: Pair, actor: str, *, received_at: datetime | None = None) -> DataRequest:
    """Enter a request. Of a pair one erasure can be open: a second request for it returns the first.

    Args:
        actor: who entered it; with a second approver, this one may not approve it.
        received_at: when the person asked, should that have been earlier.

    Raises:
        InvalidInput: it was received in the future, or names no fan.
    """
    received_at = received_at or timezone.now()
    if received_at > timezone.now():
        raise InvalidInput.field("receivedAt", "must not lie in the future.")
    if not pair.fan_id:
        raise InvalidInput.field("fanId", "is required.")
    request = DataRequest(
        kind=kind,
        creator_id=pair.creator_id,
        fan_id=pair.fan_id,
        handle=handle_of(pair),
        received_at=received_at,
        due_at=received_at + _time_for(kind),
        requested_by=actor,
    )
    with transaction.atomic():
        while not insert_new([request]):
            if earlier := find_open_erasure(pair):
                return earlier
        _record("request.opened", request, actor)
    return get_request(request.id)


def confirm_identity(request_id: UUID, method: str, proof: str, actor: str) -> DataRequest:
    """Note how it was made sure that the person is the fan. Of the proof only a keyed digest is kept.

    Raises:
        Conflict: the request is past that.
    """
    if not method or len(method) > 32:
        raise InvalidInput.field("method", "needs 1 to 32 characters.")
    digest = keyring.keyed_digest("identity-proof", method, proof)
    changes = {"identity_method": method, "identity_proof": digest, "identified_by": actor}
    return _move(request_id, [RequestStatus.RECEIVED], RequestStatus.IDENTIFIED, actor, changes)


def approve(request_id: UUID, actor: str) -> DataRequest:
    """Allow a request to be carried out.

    Raises:
        Forbidden: a second approver is demanded, and this is the first one.
        Conflict: it was decided before.
    """
    asked_by_actor = get_request(request_id).requested_by == actor
    if settings.ERASURE_SECOND_APPROVER and asked_by_actor and actor != RETENTION_ACTOR:
        raise Forbidden
    changes = {"approved_by": actor, "approved_at": timezone.now()}
    undecided = [RequestStatus.RECEIVED, RequestStatus.IDENTIFIED]
    return _move(request_id, undecided, RequestStatus.APPROVED, actor, changes)


def deny(request_id: UUID, reason: str, actor: str) -> DataRequest:
    """Refuse a request, and say why (Art. 12(4)).

    Raises:
        InvalidInput: no reason is given.
        Conflict: it is being carried out, or is done.
    """
    if not reason.strip():
        raise InvalidInput.field("reason", "is required.")
    sealed = _sealed_reason(get_request(request_id), reason)
    undone = [RequestStatus.RECEIVED, RequestStatus.IDENTIFIED, RequestStatus.APPROVED, RequestStatus.BLOCKED]
    return _move(request_id, undone, RequestStatus.DENIED, actor, {"denied_reason": sealed})


def plan(request_id: UUID) -> dict[str, Any]:
    """Count what an erasure would find now, keep that with the request and return it: rows by table, and keys."""
    request = get_request(request_id)
    if request.status not in OPEN_STATUSES:
        return dict(request.plan)
    counts = preview(request.pair, except_request=request.id)
    DataRequest.objects.filter(id=request_id, status__in=OPEN_STATUSES).update(plan=counts)
    return counts


def preview(pair: Pair, *, except_request: UUID | None = None) -> dict[str, Any]:
    """Count what an erasure would find now: rows by table, and keys."""
    return {"rows": count_rows(pair, except_request=except_request), "keys": keyring.count(pair)}


def get_request(request_id: UUID) -> DataRequest:
    """Return the request.

    Raises:
        NotFound: there is none with that id.
    """
    request = DataRequest.objects.filter(id=request_id).first()
    if request is None:
        raise NotFound("There is no such request.")
    return request


def find_open_erasure(pair: Pair) -> DataRequest | None:
    """Return the pair's request for erasure that is not carried out or denied yet."""
    rows = DataRequest.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id, kind=RequestKind.ERASURE)
    return rows.filter(status__in=OPEN_STATUSES).first()


def handle_of(pair: Pair) -> UUID | None:
    """Return what stands for the pair in the audit log, if it has keys."""
    keys = keyring.find(pair)
    return UUID(bytes=keys.handle) if keys else None


def close_others(pair: Pair, *, erasures: Sequence[UUID]) -> None:
    """Deny, inside the transaction of an erasure, what else was asked about data that is gone now."""
    others = _open().filter(creator_id=pair.creator_id, fan_id=pair.fan_id).exclude(id__in=erasures)
    for request in others:
        if others.filter(id=request.id).update(status=RequestStatus.DENIED):
            _record("request.denied", request, f"{audit.SYSTEM}:erasure", {"because": "erased"})


# ---- the clock


def list_overdue(hours: float) -> list[DataRequest]:
    """Return the open requests that were received more than ``hours`` ago, longest waiting first."""
    return list(_open().filter(received_at__lt=timezone.now() - timedelta(hours=hours)).order_by("received_at"))


def watch_deadlines() -> int:
    """Tell whoever reads the logs which requests take too long, each time; and the audit log, once.

    Returns:
        How many are past their deadline.
    """
    late = list(_open().filter(due_at__lt=timezone.now()).order_by("due_at"))
    slow = [r for r in list_overdue(WARN_AFTER_HOURS) if r.kind == RequestKind.ERASURE and r not in late]
    if late:
        logger.error("erasure_overdue", extra={"requests": _ids(late), "count": len(late)})
    if slow:
        logger.warning("erasure_overdue", extra={"requests": _ids(slow), "count": len(slow)})
    for request in late:
        _record_overdue(request)
    return len(late)


def _record_overdue(request: DataRequest) -> None:
    with transaction.atomic():
        untold = _open().filter(id=request.id).exclude(steps__has_key="overdue")
        if untold.update(steps=with_steps(overdue={"at": timezone.now().isoformat()})):
            _record("request.overdue", request, f"{audit.SYSTEM}:deadlines")


def with_steps(**steps: Any) -> CombinedExpression:
    """Return the expression that adds to a request's steps, whatever others add at the same time."""
    return CombinedExpression(F("steps"), "||", Value(steps, models.JSONField()))


def _open() -> "QuerySet[DataRequest]":
    return DataRequest.objects.filter(status__in=OPEN_STATUSES)


def _ids(requests: Sequence[DataRequest]) -> list[str]:
    return [str(request.id) for request in requests]


# ---- moving


def _move(
    request_id: UUID, of: Sequence[RequestStatus], to: RequestStatus, actor: str, changes: Mapping[str, Any]
) -> DataRequest:
    with transaction.atomic():
        if DataRequest.objects.filter(id=request_id, status__in=of).update(status=to, **changes) != 1:
            raise Conflict(f"The request is {get_request(request_id).status}; it can't become {to}.")
        request = get_request(request_id)
        _record(f"request.{to}", request, actor)
    return request


def _record(action: str, request: DataRequest, actor: str, details: Mapping[str, Any] | None = None) -> None:
    audit.record(
        action,
        actor=actor,
        creator_id=request.creator_id,
        subject=request.handle,
        details={"request": str(request.id), "kind": str(request.kind), **(details or {})},
    )


def _sealed_reason(request: DataRequest, reason: str) -> Sealed:
    column: Any = DataRequest._meta.get_field("denied_reason")
    try:
        return SealedField.sealed(column, request, reason)
    except Erased:
        # Nothing may be kept about the fan, and so nothing about why: the answer to them says it.
        return Sealed()


def _time_for(kind: RequestKind) -> timedelta:
    if kind == RequestKind.ERASURE:
        return timedelta(hours=settings.ERASURE_DEADLINE_HOURS)
    return timedelta(days=_EXPORT_DAYS)
