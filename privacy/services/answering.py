"""Answering a request for access or portability: making the export, and closing the request with it."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from ofmemory.errors import Conflict
from privacy.domain import RequestKind, RequestStatus
from privacy.models import DataRequest, ExportFile
from privacy.services import audit, requests
from privacy.services.exporting import export_pair


def answer(request_id: UUID, bundle: str, actor: str) -> ExportFile:
    """Make the export that an approved request asks for, and complete the request.

    Args:
        bundle: ``art15`` or ``art20``.

    Raises:
        Conflict: the request is not approved, is no request for an export, or an export of the pair is being made.
        NotFound: nothing is stored about the fan.
    """
    request = requests.get_request(request_id)
    if request.kind != RequestKind.EXPORT or request.status != RequestStatus.APPROVED:
        raise Conflict(f"The request is {request.status}; an export is made of an approved request for one.")
    export = export_pair(request.pair, bundle, actor)
    done_at = timezone.now()
    step = {"at": done_at.isoformat(timespec="milliseconds"), "id": str(export.pk), "bundle": bundle}
    with transaction.atomic():
        approved = DataRequest.objects.filter(id=request_id, status=RequestStatus.APPROVED)
        if approved.update(
            status=RequestStatus.COMPLETED, completed_at=done_at, steps=requests.with_steps(export=step)
        ):
            _record(request, export, actor)
    # Of two who answer at once, both have an export; one of them has closed the request.
    return export


def _record(request: DataRequest, export: ExportFile, actor: str) -> None:
    audit.record(
        "request.completed",
        actor=actor,
        creator_id=request.creator_id,
        subject=request.handle,
        details={"request": str(request.id), "kind": str(request.kind), "export": str(export.pk)},
    )
