"""Reads. Each takes any number of fans of one creator and costs the same number of queries for one as for a hundred."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Avg, Count, F, FloatField, Max, Q, Sum
from django.db.models.functions import Cast, Coalesce

from memory import shapes
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
from ofmemory.infra.db import Columns, Joined
from privacy.domain import Limit, Pair

_MESSAGE = Columns(
    FanMemory,
    *("id", "creator_id", "fan_id", "sender", "message_content", "sentiment", "topics", "created_at", "metadata"),
)
_INTERACTION = Columns(
    Interaction,
    *("id", "creator_id", "fan_id", "type", "sender", "amount", "currency", "content", "created_at", "metadata"),
)
_ENGAGEMENT = Columns(
    EngagementMetrics,
    *("fan_id", "engagement_score", "total_messages", "total_purchases", "total_tips", "total_interactions"),
    *("learnt_interactions", "learnt_at", "total_revenue", "avg_response_time_seconds"),
    *("first_interaction", "last_interaction", "last_fan_interaction", "updated_at", "limits"),
    *("ppv_hold", "selling_stopped"),
)
_PREFERENCES = Columns(
    FanPreferences,
    *(
        "fan_id",
        "creator_id",
        "content_preferences",
        "topic_interests",
        "purchase_patterns",
        "communication_preferences",
    ),
    *("pinned", "last_updated"),
)
_EMOTION = Columns(
    EmotionalState,
    *("fan_id", "creator_id", "current_sentiment", "sentiment_history", "dominant_emotions", "engagement_level"),
    *("last_positive_interaction", "last_negative_interaction", "updated_at"),
)
_PERSONALITY = Columns(PersonalityProfile, "fan_id", "creator_id", *shapes.PROFILE_FIELDS)

LAST_SEEN = Coalesce("last_interaction", "created_at")


def _one_per_fan(columns: Columns) -> str:
    return f"SELECT {columns.sql} FROM {columns.table} WHERE creator_id = %s AND fan_id = ANY(%s)"  # noqa: S608


def _newest(columns: Columns) -> str:
    """A window function would read every row of a fan to rank them; this reads the index from its end."""
    return f"""
    SELECT newest.* FROM unnest(%s::text[]) AS wanted(fan_id)
    CROSS JOIN LATERAL (
        SELECT {columns.sql} FROM {columns.table} AS kept
        WHERE kept.fan_id = wanted.fan_id AND kept.creator_id = %s ORDER BY kept.created_at DESC LIMIT %s
    ) AS newest
    ORDER BY newest.created_at
    """  # noqa: S608 - names from models


_FIND_ENGAGEMENT = _one_per_fan(_ENGAGEMENT)
_FIND_PREFERENCES = _one_per_fan(_PREFERENCES)
_FIND_EMOTION = _one_per_fan(_EMOTION)
_FIND_PERSONALITY = _one_per_fan(_PERSONALITY)
_NEWEST_MESSAGES = _newest(_MESSAGE)
_NEWEST_INTERACTIONS = _newest(_INTERACTION)
_CREATOR_PERSONA = Columns(CreatorPersona, "creator_id", *shapes.PERSONA_FIELDS)
_FIND_PERSONA = f"SELECT {_CREATOR_PERSONA.sql} FROM {_CREATOR_PERSONA.table} WHERE creator_id = %s"  # noqa: S608
_ROWS = {"e": _ENGAGEMENT, "p": _PERSONALITY, "r": _PREFERENCES, "m": _EMOTION}
_JOINED = Joined(**_ROWS, c=_CREATOR_PERSONA)
_JOINS = " ".join(
    f"LEFT JOIN {columns.table} AS {alias} ON {alias}.fan_id = wanted.fan_id AND {alias}.creator_id = %s"
    for alias, columns in _ROWS.items()
)
_FIND_ROWS = f"""
SELECT {_JOINED.sql} FROM unnest(%s::text[]) AS wanted(fan_id) {_JOINS}
LEFT JOIN {_CREATOR_PERSONA.table} AS c ON c.creator_id = %s
"""  # noqa: S608 - names from models
_PAGE = f"""
SELECT {_MESSAGE.sql} FROM {_MESSAGE.table} AS kept
WHERE kept.fan_id = %s AND kept.creator_id = %s AND kept.created_at < %s::timestamptz
ORDER BY kept.created_at DESC LIMIT %s
"""  # noqa: S608 - names from models


@dataclass(frozen=True, slots=True)
class Rows:
    """What the tables with one row a fan hold, by fan id; the creator's persona is the personality of ``""``."""

    engagement: Mapping[str, Any]
    personalities: Mapping[str, dict[str, Any]]
    preferences: Mapping[str, dict[str, Any]]
    emotions: Mapping[str, dict[str, Any]]


def find_rows(creator_id: str, fan_ids: Sequence[str]) -> Rows:
    """Return in one query what the next four functions return in four."""
    found = _JOINED.fetch(_FIND_ROWS, (list(fan_ids), *[creator_id] * (len(_ROWS) + 1)))
    engagement, personalities, preferences, emotions, personas = zip(*found, strict=True)
    persona = shapes.personality(personas[0]._asdict()) if personas[0] else default_persona()
    return Rows(
        {row.fan_id: row for row in engagement if row},
        {"": persona, **{row.fan_id: shapes.personality(row._asdict()) for row in personalities if row}},
        {row.fan_id: shapes.preferences(row) for row in preferences if row},
        {row.fan_id: shapes.emotional_state(row) for row in emotions if row},
    )


def find_engagement(creator_id: str, fan_ids: Sequence[str]) -> dict[str, Any]:
    """Return each fan's counters, with the attributes of ``EngagementMetrics``."""
    return {row.fan_id: row for row in _ENGAGEMENT.fetch(_FIND_ENGAGEMENT, (creator_id, list(fan_ids)))}


def list_recent_messages(creator_id: str, fan_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return each fan's last messages, oldest first."""
    found = defaultdict(list)
    for row in _MESSAGE.fetch(_NEWEST_MESSAGES, (list(fan_ids), creator_id, settings.RECENT_MESSAGE_COUNT)):
        found[row.fan_id].append(shapes.message(row))
    return found


def list_recent_interactions(creator_id: str, fan_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return each fan's last interactions other than messages, oldest first."""
    found = defaultdict(list)
    for row in _INTERACTION.fetch(_NEWEST_INTERACTIONS, (list(fan_ids), creator_id, settings.RECENT_INTERACTION_COUNT)):
        found[row.fan_id].append(shapes.interaction(row))
    return found


def find_personalities(creator_id: str, fan_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return each fan's profile, and under the key ``""`` the creator's persona for fans without one."""
    rows = _PERSONALITY.fetch(_FIND_PERSONALITY, (creator_id, list(fan_ids)))
    personas = _CREATOR_PERSONA.fetch(_FIND_PERSONA, (creator_id,))
    persona = shapes.personality(personas[0]._asdict()) if personas else default_persona()
    return {"": persona, **{row.fan_id: shapes.personality(row._asdict()) for row in rows}}


def default_persona() -> dict[str, Any]:
    """Return the persona of a creator who configured none."""
    fresh = CreatorPersona()
    return shapes.personality({name: getattr(fresh, name) for name in shapes.PERSONA_FIELDS})


def find_preferences(creator_id: str, fan_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = _PREFERENCES.fetch(_FIND_PREFERENCES, (creator_id, list(fan_ids)))
    return {row.fan_id: shapes.preferences(row) for row in rows}


def find_preferences_row(pair: Pair) -> Any:
    """Return the pair's preferences with the attributes of ``FanPreferences``; None where there are none."""
    return next(iter(_PREFERENCES.fetch(_FIND_PREFERENCES, (pair.creator_id, [pair.fan_id]))), None)


def find_emotional_states(creator_id: str, fan_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = _EMOTION.fetch(_FIND_EMOTION, (creator_id, list(fan_ids)))
    return {row.fan_id: shapes.emotional_state(row) for row in rows}


def find_limits(pair: Pair) -> Limit | None:
    """Return what must not be done with the pair's data; None for a fan never seen."""
    rows = EngagementMetrics.objects.filter(creator_id=pair.creator_id, fan_id=pair.fan_id)
    limits = rows.values_list("limits", flat=True).first()
    return None if limits is None else Limit(limits)


def list_messages_before(pair: Pair, before: datetime | None, limit: int) -> list[Any]:
    """Return up to ``limit`` messages older than ``before``, newest first. No two share an instant, so none is lost."""
    return _MESSAGE.fetch(_PAGE, (pair.fan_id, pair.creator_id, before or "infinity", limit))


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
    """Return pairs whose last interaction is older than ``before``, longest silent first.

    A fan who only ever consented, or is only held, is silent since that was recorded.
    """
    rows = EngagementMetrics.objects.alias(seen_at=LAST_SEEN).filter(seen_at__lt=before).order_by("seen_at")
    return [Pair(*ids) for ids in rows.values_list("creator_id", "fan_id")[:limit]]


def is_inactive(pair: Pair, before: datetime) -> bool:
    """Return whether the pair exists and is among ``list_inactive_pairs``."""
    rows = EngagementMetrics.objects.alias(seen_at=LAST_SEEN).filter(seen_at__lt=before)
    return rows.filter(creator_id=pair.creator_id, fan_id=pair.fan_id).exists()
