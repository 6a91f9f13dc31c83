"""Messages in which somebody may need a human: who is waiting, and saying that somebody has looked."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.gate import Gate
from calibration import shapes
from calibration.models import Escalation
from calibration.services.knowledge import know
from calibration.services.projecting import care
from memory.services.learnt import Learnt, store_learnt
from memory.services.locking import locked_pair
from memory.services.writes import carry_out
from ofmemory.errors import NotFound
from privacy.domain import Pair

MOST = 200


def list_open_escalations(*, creator_id: str, fan_id: str | None = None) -> list[dict[str, Any]]:
    """Return what nobody has looked at yet, gravest first, then oldest; at most ``MOST``."""
    rows = Escalation.objects.filter(creator_id=creator_id, cleared_at=None)
    if fan_id is not None:
        rows = rows.filter(fan_id=fan_id)
    return [shapes.escalation(row) for row in rows.order_by("-severity", "occurred_at")[:MOST]]


def clear_escalation(
    *, fan_id: str, creator_id: str, escalation_id: UUID, actor: str, note: str = ""
) -> dict[str, Any]:
    """Say that a human has looked; once everything is cleared, selling may go on. Twice changes nothing.

    Args:
        actor: who did it, as ``user:<id>`` or ``key:<id>``.
        note: what was found; sealed.

    Raises:
        NotFound: there is no such escalation of this fan.
    """
    pair = Pair(creator_id, fan_id)
    gate = Gate(creator_id, action="escalation.cleared")
    return carry_out([pair], gate, lambda: clear(pair, escalation_id, actor=actor, note=note))[0]


def clear(pair: Pair, escalation_id: UUID, *, actor: str, note: str = "") -> dict[str, Any]:
    """Clear inside the caller's ``writing`` block; see ``clear_escalation``."""
    counters = locked_pair(pair)
    row = Escalation.objects.filter(pk=escalation_id, creator_id=pair.creator_id, fan_id=pair.fan_id).first()
    if row is None:
        raise NotFound("There is no such escalation of this fan.")
    if row.cleared_at is None:
        row.cleared_at, row.cleared_by, row.note = timezone.now(), actor, note
        row.save()
        known = know(pair)
        store_learnt(
            pair,
            Learnt(**care(pair, known.state, known.mood(), known.as_of)),
            learnt_interactions=counters.learnt_interactions,
            at=counters.learnt_at,
        )
    return shapes.escalation(row)
