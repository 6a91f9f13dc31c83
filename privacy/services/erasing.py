"""Carrying out an erasure: in steps, each of which may be repeated, so that a process may die anywhere.

1. The ledger says that the pair is erased; from now on nobody makes a key for it.
2. ROWS: under the pair's lock every row goes, in one transaction. Writers that wait for the lock find the pair new, ask
   the ledger, and are refused.
3. CACHES, QUEUES: what Redis and the broker hold.
4. KEYS: the data keys. What is left in backups is unreadable now.
5. VERIFY: every store is searched again. Should anything be found, all steps are repeated.
6. RECEIPT: what was done, signed; the request loses the fan's id.

``resume`` takes up whatever was left behind; it runs every minute.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, OperationalError, connection, transaction

from ofmemory.errors import Conflict, OfMemoryError
from privacy.domain import ErasureStep, Pair, RequestKind, RequestStatus
from privacy.errors import OnHold
from privacy.models import DataRequest
from privacy.registry import store
from privacy.services import audit, erasure_steps, ledger, requests
from privacy.services.holds import guard

logger = logging.getLogger(__name__)

SWEEP_ACTOR = f"{audit.SYSTEM}:sweep"
_LOCK_NOT_AVAILABLE = "55P03"


def erase_now(pair: Pair, *, requested_by: str, reason: str) -> DataRequest:
    """Erase a pair at once, for callers who may: open the request, approve it, carry it out.

    Args:
        reason: a label for the audit log, such as ``api`` or ``retention``.

    Returns:
        The request; complete, or still being carried out where a store did not answer (``resume`` goes on with it).

    Raises:
        OnHold: a legal hold forbids it.
        Forbidden: a second approver is demanded.
        KeysUnavailable: nothing was done yet; it will be.
    """
    return execute(begin(pair, requested_by=requested_by, reason=reason).id, requested_by)


def erase_inactive(pair: Pair, before: datetime) -> bool:
    """Erase a pair whose retention period is over, unless something happened since ``before``; return whether it was.

    Nobody asked to be forgotten: the ledger lets the fan be remembered anew as soon as the erasure is complete.

    Raises:
        OnHold: a legal hold forbids it.
    """
    with store().writing(pair):
        if not (store().lock(pair) and store().is_inactive(pair, before)):
            return False
        if requests.find_open_erasure(pair):
            # Somebody asked for it: that goes its own way, and forbids more.
            return False
        request = begin(
            pair, requested_by=requests.RETENTION_ACTOR, reason=erasure_steps.RETENTION, inactive_since=before
        )
    return execute(request.id, requests.RETENTION_ACTOR).status != RequestStatus.DENIED


def begin(pair: Pair, *, requested_by: str, reason: str, inactive_since: datetime | None = None) -> DataRequest:
    """Commit to erasing the pair, in the caller's transaction or one of its own: ``execute`` does it, or ``resume``.

    Args:
        inactive_since: erase only if nothing has happened since, when it comes to it.

    Raises:
        OnHold, Forbidden: see ``erase_now``.
    """
    with transaction.atomic():
        guard(pair)
        request = requests.open_request(RequestKind.ERASURE, pair, requested_by)
        if request.status in (RequestStatus.RECEIVED, RequestStatus.IDENTIFIED):
            requests.approve(request.id, requested_by)
        condition = {"inactiveSince": inactive_since.isoformat()} if inactive_since else {}
        return _start(request.id, requested_by, {"reason": reason} | condition)


def execute(request_id: UUID, actor: str) -> DataRequest:
    """Do what is left of an erasure that was approved; of one that is complete, nothing.

    Returns:
        The request; still EXECUTING where a store did not answer after the rows were deleted, or something was found.

    Raises:
        OnHold: a legal hold forbids it; it goes on when that is released.
        Conflict: the request is not approved, or another process is at it and does not finish.
        KeysUnavailable: nothing was done.
    """
    with _alone(request_id, wait=True):
        return _execute(request_id, actor)


def resume() -> int:
    """Go on with every erasure that was left unfinished, or whose hold was released; return how many it completed."""
    unfinished = DataRequest.objects.filter(
        kind=RequestKind.ERASURE, status__in=[RequestStatus.EXECUTING, RequestStatus.BLOCKED]
    )
    return sum(_resume(request_id) for request_id in unfinished.order_by("received_at").values_list("id", flat=True))


def _resume(request_id: UUID) -> bool:
    try:
        with _alone(request_id, wait=False) as is_free:
            return is_free and _execute(request_id, SWEEP_ACTOR).status == RequestStatus.COMPLETED
    except OnHold:
        return False
    except (OfMemoryError, DatabaseError) as error:
        # One that fails must not keep the others waiting.
        logger.warning("erasure_failed", extra={"request": str(request_id), "error": type(error).__name__})
        return False


def _execute(request_id: UUID, actor: str) -> DataRequest:
    request = requests.get_request(request_id)
    if request.kind != RequestKind.ERASURE:
        raise Conflict("This is no request for an erasure.")
    if request.status == RequestStatus.COMPLETED:
        return request
    if not request.fan_id:
        # Without a fan the pair would be the creator's own.
        raise Conflict("The request names nobody any more.")
    try:
        request = _start(request_id, actor)
        for step in ErasureStep:
            if step not in request.steps and not _do(step, request):
                return requests.get_request(request_id)
    except OnHold:
        _block(request)
        raise
    except erasure_steps.CameBack:
        _cancel(request)
    return requests.get_request(request_id)


def _do(step: ErasureStep, request: DataRequest) -> bool:
    """Do one step; return whether the next one may follow."""
    try:
        return erasure_steps.STEPS[step](request)
    except OfMemoryError as error:
        logger.warning("erasure_step_failed", extra={"request": str(request.id), "error": type(error).__name__})
        erasure_steps.count_failure(request)
        if step is ErasureStep.ROWS:
            raise
        return False


# ---- the request meanwhile


def _start(request_id: UUID, actor: str, details: Mapping[str, Any] | None = None) -> DataRequest:
    """Make an approved or blocked request one that is carried out, unless a hold stands."""
    request = requests.get_request(request_id)
    if request.status == RequestStatus.EXECUTING:
        return _asked_for(request, details or {})
    with transaction.atomic():
        guard(request.pair)
        startable = [RequestStatus.APPROVED, RequestStatus.BLOCKED]
        begun = request.steps.get("begun") or {"at": erasure_steps.now(), "by": actor, **(details or {})}
        moved = DataRequest.objects.filter(id=request_id, status__in=startable).update(
            status=RequestStatus.EXECUTING,
            handle=request.handle or requests.handle_of(request.pair),
            steps=requests.with_steps(begun=begun),
        )
        if moved != 1:
            raise Conflict(f"The request is {request.status}; it must be approved first.")
        requests.plan(request_id)
        request = requests.get_request(request_id)
        erasure_steps.record("erasure.started", request, actor, reason=begun.get("reason", "request"))
    return request


def _asked_for(request: DataRequest, details: Mapping[str, Any]) -> DataRequest:
    """Make of an erasure by age one that was asked for, should somebody ask while it is carried out."""
    begun = request.steps["begun"]
    if begun.get("reason") == erasure_steps.RETENTION != details.get("reason", erasure_steps.RETENTION):
        begun = {"at": begun["at"], "by": begun["by"], **details}
        erasure_steps.conditionally(request, steps=requests.with_steps(begun=begun))
        request = requests.get_request(request.id)
    return request


def _cancel(request: DataRequest) -> None:
    """Leave the pair alone: nothing was destroyed, and the reason to is gone."""
    ledger.withdraw(request.id)
    with transaction.atomic():
        erasure_steps.conditionally(request, status=RequestStatus.DENIED)
        erasure_steps.record("request.denied", request, SWEEP_ACTOR, because="active_again")


def _block(request: DataRequest) -> None:
    """Wait for the release of a hold. Nothing was destroyed, so what is said about the fan may be stored meanwhile."""
    if erasure_steps.is_untouched(request):
        ledger.withdraw(request.id)
    with transaction.atomic():
        unblocked = DataRequest.objects.filter(
            id=request.id, status__in=[RequestStatus.APPROVED, RequestStatus.EXECUTING]
        )
        if unblocked.update(status=RequestStatus.BLOCKED):
            erasure_steps.record("erasure.blocked", request, SWEEP_ACTOR, because="legal_hold")


@contextmanager
def _alone(request_id: UUID, *, wait: bool) -> Iterator[bool]:
    """Be the only process that carries the request out; one that died lets go of it.

    Yields:
        Whether this is the one; always, with ``wait``.

    Raises:
        Conflict: another process holds it for longer than ``lock_timeout``.
    """
    # Version 7: the last eight bytes are random.
    key = int.from_bytes(request_id.bytes[8:], "big", signed=True)
    try:
        is_ours = _ask("SELECT true FROM pg_advisory_lock(%s)" if wait else "SELECT pg_try_advisory_lock(%s)", key)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise Conflict("Another process is carrying this request out right now.") from error
        raise
    try:
        yield is_ours
    finally:
        # A broken connection has let go already, and would only hide why it broke.
        if is_ours and connection.connection is not None and connection.is_usable():
            _ask("SELECT pg_advisory_unlock(%s)", key)


def _ask(sql: str, key: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [key])
        return bool(cursor.fetchone()[0])
