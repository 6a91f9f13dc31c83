"""Forgetting a pair: on request, or after two years of silence. How it is done is a matter of privacy."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.conf import settings

from memory import selectors
from memory.services.locking import find_locked_pair
from ofmemory.errors import NotFound
from privacy.domain import Pair, RequestKind, RequestStatus
from privacy.services import audit, erasing, retention
from privacy.services.requests import open_request

API_REASON, SERVICE_ACTOR = "api", f"{audit.SYSTEM}:memory"


def clear_memory(*, fan_id: str, creator_id: str, actor: str = SERVICE_ACTOR) -> str:
    """Erase everything about a pair, for good; return the id of the request, which has a receipt.

    Nothing is stored about the fan again until they consent anew.

    Raises:
        NotFound: the fan was never seen, or is erased.
        OnHold: a legal hold forbids it.
        Forbidden: a second approver is demanded.
    """
    pair = Pair(creator_id, fan_id)
    if selectors.find_limits(pair) is None:
        raise NotFound("Nothing is known about this fan.")
    return str(erasing.erase_now(pair, requested_by=actor, reason=API_REASON).id)


def begin_clearing(pair: Pair, *, actor: str) -> str:
    """Commit to erasing the pair inside the caller's ``writing`` block; return the id of the request.

    With a second approver the request waits for one. Else ``finish_clearing`` carries it out, or the sweep.

    Raises:
        NotFound, OnHold: see ``clear_memory``.
    """
    if find_locked_pair(pair) is None:
        raise NotFound("Nothing is known about this fan.")
    if settings.ERASURE_SECOND_APPROVER:
        return str(open_request(RequestKind.ERASURE, pair, actor).id)
    return str(erasing.begin(pair, requested_by=actor, reason=API_REASON).id)


def finish_clearing(request_id: str, *, actor: str) -> bool:
    """Carry out what ``begin_clearing`` began; return whether it is complete, and not merely on its way.

    Raises:
        OnHold: a hold was placed meanwhile.
    """
    return erasing.execute(UUID(request_id), actor).status == RequestStatus.COMPLETED


def cleanup_old_memories(
    *,
    inactive_for: timedelta | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[Pair]:
    """Erase every pair without any interaction for ``inactive_for`` (24 months where left out).

    The database's clock counts. Who is held, came back or asked for erasure is left out;
    ``privacy.services.retention.cleanup`` tells them apart.

    Args:
        dry_run: change nothing; return exactly what a run would erase now.
        progress: called with how many pairs are done, of how many.

    Returns:
        The pairs erased, or to be erased.
    """
    return retention.cleanup(inactive_for=inactive_for, dry_run=dry_run, progress=progress).erased
