"""The steps of an erasure. Each may be repeated without harm; what they did stands in ``DataRequest.steps``.

``steps`` holds by name: ``begun`` (when, by whom, why), each step that is done (when, and what it counted), and after a
search that found something ``found`` and ``before`` (what the steps that are done again had counted).
"""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone

from ofmemory.errors import Conflict
from ofmemory.infra.db import taking
from privacy.domain import ErasureStep, RequestStatus
from privacy.keys import keyring
from privacy.models import AppliedErasure, DataRequest
from privacy.registry import store
from privacy.services import audit, ledger, leftovers, pair_rows, receipts, requests
from privacy.services.holds import guard

logger = logging.getLogger(__name__)

# Why: the retention period is over. Of all reasons the only one that does not forbid to remember the fan anew.
RETENTION = "retention"
# How often something may be found again before it is an error and not a warning.
_PATIENCE = 3
_AGAIN = (ErasureStep.ROWS, ErasureStep.CACHES, ErasureStep.QUEUES, ErasureStep.KEYS)


class CameBack(Exception):
    """The fan did something after it was decided to erase them only if nothing happens."""


def is_untouched(request: DataRequest) -> bool:
    """Return whether nothing was destroyed yet."""
    return ErasureStep.ROWS not in request.steps and "before" not in request.steps


def _erase_rows(request: DataRequest) -> bool:
    pair = request.pair
    ledger.start(request.id, pair)
    # A long history takes longer to delete than a statement of a request may.
    with store().writing(pair), taking(120):
        was_there = pair_rows.lock(pair)
        guard(pair)
        if _came_back(request):
            raise CameBack
        requests.close_others(pair, erasures=[request.id])
        counts = pair_rows.erase_rows(pair, except_request=request.id)
        AppliedErasure.objects.bulk_create([AppliedErasure(id=request.id)], ignore_conflicts=True)
        store().forgotten(pair)
        note(request, ErasureStep.ROWS, counts if was_there else pair_rows.but_the_lock(counts))
    keyring.forget(pair)
    return True


def _came_back(request: DataRequest) -> bool:
    since = request.steps["begun"].get("inactiveSince")
    return (
        bool(since) and is_untouched(request) and not store().is_inactive(request.pair, datetime.fromisoformat(since))
    )


def _purge_caches(request: DataRequest) -> bool:
    note(request, ErasureStep.CACHES, store().purge_caches(request.pair))
    return True


def _purge_queues(request: DataRequest) -> bool:
    note(request, ErasureStep.QUEUES, store().purge_queues(request.pair))
    return True


def _destroy_keys(request: DataRequest) -> bool:
    note(request, ErasureStep.KEYS, {"data_keys": keyring.destroy(request.pair)})
    return True


def _verify(request: DataRequest) -> bool:
    """Search everywhere. What is found is told, and all that removes it is done again in the next run."""
    searched = leftovers.search(request)
    found = {name: count for name, count in searched.items() if count}
    if not found:
        note(request, ErasureStep.VERIFY, searched)
        return True
    count_failure(request)
    level = logging.ERROR if request.failures >= _PATIENCE else logging.WARNING
    logger.log(level, "erasure_leftovers", extra={"request": str(request.id), "found": found})
    _undo(request, found)
    return False


def _undo(request: DataRequest, found: Mapping[str, int]) -> None:
    """Have the steps that remove done again, but keep what they counted: the next run adds to it."""
    counted = {step: request.steps[step]["counts"] for step in _AGAIN}
    others = {name: value for name, value in request.steps.items() if name not in counted}
    request.steps = others | {"found": {"at": now(), "counts": found}, "before": counted}
    conditionally(request, steps=request.steps)


def _finish(request: DataRequest) -> bool:
    """Sign the receipt and complete the request in one transaction; the ledger, first, says that it may be so."""
    ledger.complete(request.id, lift=request.steps["begun"].get("reason") == RETENTION)
    with transaction.atomic():
        receipt = receipts.issue(request)
        conditionally(
            request,
            status=RequestStatus.COMPLETED,
            completed_at=timezone.now(),
            steps=requests.with_steps(**{ErasureStep.RECEIPT: {"at": now(), "counts": {}}}),
            **pair_rows.anonymous(DataRequest),
        )
        record(
            "erasure.completed",
            request,
            str(request.steps["begun"]["by"]),
            receiptSha256=sha256(receipt.body).hexdigest(),
        )
    return True


STEPS: dict[ErasureStep, Callable[[DataRequest], bool]] = {
    ErasureStep.ROWS: _erase_rows,
    ErasureStep.CACHES: _purge_caches,
    ErasureStep.QUEUES: _purge_queues,
    ErasureStep.KEYS: _destroy_keys,
    ErasureStep.VERIFY: _verify,
    ErasureStep.RECEIPT: _finish,
}


# ---- what is remembered of them


def note(request: DataRequest, step: ErasureStep, counts: Mapping[str, int]) -> None:
    """Remember that a step is done, and what it counted in all its runs."""
    earlier = request.steps.get("before", {}).get(step, {})
    total = {name: count + earlier.get(name, 0) for name, count in counts.items()}
    done = {step.value: {"at": now(), "counts": total}}
    conditionally(request, steps=requests.with_steps(**done))
    request.steps = request.steps | done


def conditionally(request: DataRequest, **changes: Any) -> None:
    if DataRequest.objects.filter(id=request.id, status=RequestStatus.EXECUTING).update(**changes) != 1:
        raise Conflict("The request is not being carried out any more.")


def count_failure(request: DataRequest) -> None:
    request.failures += 1
    DataRequest.objects.filter(id=request.id).update(failures=request.failures)


def record(action: str, request: DataRequest, actor: str, **details: Any) -> None:
    audit.record(
        action,
        actor=actor,
        creator_id=request.creator_id,
        subject=request.handle,
        details={"request": str(request.id), **details},
    )


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
