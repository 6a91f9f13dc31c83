"""The clock of erasures, and how far the audit log is behind."""

from collections.abc import Iterator

from django.db.models import Count, Min, Sum
from django.utils import timezone

from accounts.services.members import list_creator_ids
from ofmemory.infra.observability.state import Reading, register_state
from privacy.cache import look_at
from privacy.domain import OPEN_STATUSES, RequestKind, RequestStatus
from privacy.models import AuditCheckpoint, DataRequest, PendingAudit
from privacy.services.audit_streams import NOBODY


def register() -> None:
    register_state("erasures", read_erasures)
    register_state("audit", read_audit)


def read_erasures() -> Iterator[Reading]:
    """Return which erasures are not carried out. One that a legal hold blocks waits for people, not for us."""
    unfinished = DataRequest.objects.filter(kind=RequestKind.ERASURE, status__in=OPEN_STATUSES)
    by_status = dict(unfinished.values_list("status").annotate(Count("pk")))
    oldest_at = unfinished.exclude(status=RequestStatus.BLOCKED).aggregate(at=Min("received_at"))["at"]
    age = (timezone.now() - oldest_at).total_seconds() if oldest_at else 0.0
    yield Reading("ofmemory_erasure_oldest_seconds", "Age of the oldest erasure that nothing blocks.", age)
    for status in OPEN_STATUSES:
        labels = {"status": str(status)}
        yield Reading("ofmemory_erasures_open", "Erasures not carried out.", by_status.get(str(status), 0), labels)


def read_audit() -> Iterator[Reading]:
    """Return how many entries are on their way into the chain, and how many found no room."""
    dropped = AuditCheckpoint.objects.aggregate(all=Sum("dropped", default=0))["all"]
    looks = [look for _, look in look_at([NOBODY, *list_creator_ids()])]
    text = "Audit entries on their way into the chain, by where they wait."
    yield Reading("ofmemory_audit_waiting", text, PendingAudit.objects.count(), {"where": "database"})
    yield Reading("ofmemory_audit_waiting", text, sum(look.waiting for look in looks), {"where": "cache"})
    lost = "Audit entries of reads that found no room; the chain counts them."
    yield Reading("ofmemory_audit_dropped", lost, max(dropped, sum(look.dropped for look in looks)))
