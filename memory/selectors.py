"""Reads. Each takes any number of fans of one creator and costs the same number of queries for one as for a hundred."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Avg, CharField, Count, F, FloatField, IntegerField, JSONField, Max, Q, Sum, Value
from django.db.models.functions import Cast

from memory import shapes
from memory.domain import Pair
from memory.models import (
    CreatorPersona,
    EmotionalState,
    EngagementMetrics,
    FanMemory,
    FanPreferences,
    Interaction,
    PersonalityChange,
    PersonalityProfile,
)

# The newest rows of each fan. A window function would read every row of every fan to rank them; this reads the index
# from its end, so that the cost does not grow with history.
_NEWEST = """
SELECT newest.* FROM unnest(%s::text[]) AS wanted(fan_id)
CROSS JOIN LATERAL (
    SELECT * FROM {table} WHERE fan_id = wanted.fan_id AND creator_id = %s ORDER BY {newest_first} LIMIT %s
) AS newest
ORDER BY {oldest_first}
"""
_NEWEST_MESSAGES = _NEWEST.format(
    table=FanMemory._meta.db_table, newest_first="created_at DESC", oldest_first="created_at"
)
# Unlike messages these may share an instant: the id makes every reading show them alike.
_NEWEST_INTERACTIONS = _NEWEST.format(
    table=Interaction._meta.db_table, newest_first="created_at DESC, id DESC", oldest_first="created_at, id"
)


def find_engagement(creator_id: str, fan_ids: Sequence[str]) -> dict[str, EngagementMetrics]:
    return {row.fan_id: row for row in EngagementMetrics.objects.filter(creator_id=creator_id, fan_id__in=fan_ids)}


def list_recent_messages(creator_id: str, fan_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return each fan's last messages, oldest first."""
    found = defaultdict(list)
    query = (list(fan_ids), creator_id, settings.RECENT_MESSAGE_COUNT)
    for row in FanMemory.objects.raw(_NEWEST_MESSAGES, query):
        found[row.fan_id].append(shapes.message(row))
    return found


def list_recent_interactions(creator_id: str, fan_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return each fan's last interactions other than messages, oldest first."""
    found = defaultdict(list)
    query = (list(fan_ids), creator_id, settings.RECENT_INTERACTION_COUNT)
    for row in Interaction.objects.raw(_NEWEST_INTERACTIONS, query):
        found[row.fan_id].append(shapes.interaction(row))
    return found


def find_personalities(creator_id: str, fan_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return each fan's profile, and under the key ``""`` the creator's persona for fans without one."""
    columns = (*shapes.PERSONA_FIELDS, "confidence_score", "interaction_count", "locked_traits", "last_calibrated")
    profiles = PersonalityProfile.objects.filter(creator_id=creator_id, fan_id__in=fan_ids)
    persona = CreatorPersona.objects.filter(creator_id=creator_id).annotate(
        fan_id=Value("", CharField()),
        confidence_score=Value(0.0, FloatField()),
        interaction_count=Value(0, IntegerField()),
        locked_traits=Value([], JSONField()),
        last_calibrated=Value(None, PersonalityProfile._meta.get_field("last_calibrated")),
    )
    rows = profiles.values("fan_id", *columns).union(persona.values("fan_id", *columns), all=True)
    found = {row["fan_id"]: shapes.personality(row) for row in rows}
    found.setdefault("", default_persona())
    return found


def default_persona() -> dict[str, Any]:
    """Return the persona of a creator who configured none."""
    fresh = CreatorPersona()
    return shapes.personality({name: getattr(fresh, name) for name in shapes.PERSONA_FIELDS})


def find_preferences(creator_id: str, fan_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = FanPreferences.objects.filter(creator_id=creator_id, fan_id__in=fan_ids)
    return {row.fan_id: shapes.preferences(row) for row in rows}


def find_emotional_states(creator_id: str, fan_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = EmotionalState.objects.filter(creator_id=creator_id, fan_id__in=fan_ids)
    return {row.fan_id: shapes.emotional_state(row) for row in rows}


def pair_exists(pair: Pair) -> bool:
    return EngagementMetrics.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id).exists()


def list_messages_before(pair: Pair, before: datetime | None, limit: int) -> list[FanMemory]:
    """Return up to ``limit`` messages older than ``before``, newest first. No two share an instant, so none is lost."""
    rows = FanMemory.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id)
    if before is not None:
        rows = rows.filter(created_at__lt=before)
    return list(rows.order_by("-created_at")[:limit])


def list_personality_changes(pair: Pair, limit: int) -> list[PersonalityChange]:
    rows = PersonalityChange.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id)
    return list(rows.order_by("-created_at")[:limit])


def summarise_creator(
    creator_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    min_engagement: float | None = None,
) -> dict[str, Any]:
    """Return the numbers behind the creator's statistics, over fans whose last interaction lies in the period."""
    metrics = EngagementMetrics.objects.filter(creator_id=creator_id)
    if since is not None:
        metrics = metrics.filter(last_interaction__gte=since)
    if until is not None:
        metrics = metrics.filter(last_interaction__lt=until)
    if min_engagement is not None:
        metrics = metrics.filter(engagement_score__gte=min_engagement)
    summary = metrics.aggregate(
        totalFans=Count("id"),
        fansWithMemory=Count("id", filter=Q(total_messages__gt=0)),
        totalMessages=Sum("total_messages", default=0),
        totalInteractions=Sum("total_interactions", default=0),
        totalPurchases=Sum("total_purchases", default=0),
        totalTips=Sum("total_tips", default=0),
        totalRevenue=Cast(Sum("total_revenue", default=0), FloatField()),
        avgEngagementScore=Avg("engagement_score"),
        pendingLearning=Sum(F("total_interactions") - F("learnt_interactions"), default=0),
        lastUpdated=Max("updated_at"),
    )
    calibrated = PersonalityProfile.objects.filter(
        creator_id=creator_id, last_calibrated__isnull=False, fan_id__in=metrics.values("fan_id")
    )
    return {"creatorId": creator_id, **summary, "calibratedProfiles": calibrated.count()}


def iterate_pairs(creator_id: str, size: int) -> Iterator[list[Pair]]:
    """Yield all pairs of a creator, ``size`` at a time."""
    last = ""
    rows = EngagementMetrics.objects.filter(creator_id=creator_id).order_by("fan_id")
    while fan_ids := list(rows.filter(fan_id__gt=last).values_list("fan_id", flat=True)[:size]):
        yield [Pair(creator_id, fan_id) for fan_id in fan_ids]
        last = fan_ids[-1]


def list_inactive_pairs(before: datetime, limit: int | None = None) -> list[Pair]:
    """Return pairs whose last interaction is older than ``before``, longest silent first."""
    rows = EngagementMetrics.objects.filter(last_interaction__lt=before).order_by("last_interaction")
    return [Pair(*ids) for ids in rows.values_list("creator_id", "fan_id")[:limit]]
