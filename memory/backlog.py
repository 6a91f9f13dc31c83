"""How far learning is behind: counted from the pairs' counters alone, nothing of what was said is opened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Q, Sum
from django.db.models.functions import Now

from memory.evidence import learnable_pairs
from memory.models import EngagementMetrics
from privacy.domain import Pair


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom it is about.

    Args:
        creator_id: None for all creators.
        fan_id: None for all fans.
    """

    creator_id: str | None = None
    fan_id: str | None = None

    def of(self, rows: Any) -> Any:
        """Return those of the rows (of pairs) that it is about."""
        if self.creator_id is not None:
            rows = rows.filter(creator_id=self.creator_id)
        return rows if self.fan_id is None else rows.filter(fan_id=self.fan_id)


EVERYBODY = Scope()


@dataclass(frozen=True, slots=True)
class Backlog:
    """What learning has not taken in yet.

    Args:
        pairs: that have something.
        interactions: of all of them.
        oldest_at: since when the longest waiting pair has not changed; None where nothing waits.
    """

    pairs: int
    interactions: int
    oldest_at: datetime | None


def count_backlog(scope: Scope) -> Backlog:
    """Return how much there is to learn."""
    found = _behind(scope).aggregate(
        pairs=Count("pk"),
        interactions=Sum(F("total_interactions") - F("learnt_interactions"), default=0),
        oldest_at=Min("updated_at"),
    )
    return Backlog(**found)


def find_behind(scope: Scope = EVERYBODY, *, unchanged_for: timedelta = timedelta(0)) -> list[int]:
    """Return the numbers of the pairs with something to learn, longest waiting first.

    Args:
        unchanged_for: leave out those of whom something was stored since.
    """
    rows = _behind(scope).filter(updated_at__lte=Now() - unchanged_for)
    return list(rows.order_by("updated_at").values_list("pk", flat=True))


def find_all(scope: Scope) -> dict[int, Pair]:
    """Return the pairs that may be learnt about, by number."""
    rows = _of(scope).order_by("pk").values_list("pk", "creator_id", "fan_id")
    return {number: Pair(creator_id, fan_id) for number, creator_id, fan_id in rows}


def totals_of(pairs: Iterable[Pair]) -> dict[Pair, int]:
    """Return how many interactions there are of each of some pairs, in one query."""
    wanted = Q(pk__in=[])
    for pair in pairs:
        wanted |= Q(creator_id=pair.creator_id, fan_id=pair.fan_id)
    rows = EngagementMetrics.objects.filter(wanted)
    found = rows.values_list("creator_id", "fan_id", "total_interactions")
    return {Pair(creator_id, fan_id): total for creator_id, fan_id, total in found}


def _behind(scope: Scope) -> Any:
    return _of(scope).filter(learnt_interactions__lt=F("total_interactions"))


def _of(scope: Scope) -> Any:
    return scope.of(learnable_pairs())
