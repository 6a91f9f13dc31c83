"""The shape in which memory is handed out: rows become plain values with the API's names.

Python callers, the REST API, the cache and the export all see these same shapes.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from memory.domain import DEFAULT_ENGAGEMENT_SCORE
from memory.models import EmotionalState, EngagementMetrics, FanMemory, FanPreferences, Interaction, PersonalityChange

# API name → column of each trait.
PERSONA_COLUMNS = {
    "tone": "tone",
    "emojiFrequency": "emoji_frequency",
    "messageLengthPreference": "message_length_preference",
    "punctuationStyle": "punctuation_style",
    "preferredEmojis": "preferred_emojis",
    "responseSpeed": "response_speed",
}
_API_NAMES = {column: name for name, column in PERSONA_COLUMNS.items()}
PERSONA_FIELDS = tuple(PERSONA_COLUMNS.values())
PROFILE_FIELDS = (*PERSONA_FIELDS, "confidence_score", "interaction_count", "locked_traits", "last_calibrated")

_OPTIONS = orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS


def dumps(value: Any) -> bytes:
    """Return ``value`` as JSON; instants end in Z."""
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except TypeError:
        return orjson.dumps(_in_64_bits(value), option=_OPTIONS)


def _in_64_bits(value: Any) -> Any:
    """Make floats of large integers: PostgreSQL hands out the 1e20 that a client sent as a whole number."""
    if isinstance(value, dict):
        return {name: _in_64_bits(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_in_64_bits(item) for item in value]
    return float(value) if isinstance(value, int) and value.bit_length() > 63 else value


def message(row: FanMemory) -> dict[str, Any]:
    return {
        "id": row.id,
        "sender": row.sender,
        "content": row.message_content,
        "sentiment": row.sentiment,
        "topics": row.topics,
        "timestamp": row.created_at,
        "metadata": row.metadata,
    }


def interaction(row: Interaction) -> dict[str, Any]:
    return {
        "id": row.id,
        "type": row.type,
        "sender": row.sender,
        "amount": None if row.amount is None else float(row.amount),
        "currency": row.currency or None,
        "content": row.content,
        "timestamp": row.created_at,
        "metadata": row.metadata,
    }


def engagement(row: EngagementMetrics | None, *, is_profiled: bool = True) -> dict[str, Any]:
    row = row or EngagementMetrics(engagement_score=DEFAULT_ENGAGEMENT_SCORE)
    return {
        "engagementScore": row.engagement_score if is_profiled else DEFAULT_ENGAGEMENT_SCORE,
        "totalMessages": row.total_messages,
        "totalPurchases": row.total_purchases,
        "totalTips": row.total_tips,
        "totalInteractions": row.total_interactions,
        "totalRevenue": float(row.total_revenue),
        "avgResponseTimeSeconds": row.avg_response_time_seconds,
        "firstInteraction": row.first_interaction,
        "lastInteraction": row.last_interaction,
        "lastFanInteraction": row.last_fan_interaction,
    }


def personality(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_traits(row),
        "confidenceScore": row.get("confidence_score", 0.0),
        "interactionCount": row.get("interaction_count", 0),
        "lastCalibrated": row.get("last_calibrated"),
    }


def _traits(row: Mapping[str, Any]) -> dict[str, Any]:
    locked = row.get("locked_traits", [])
    return {
        **{name: row[column] for name, column in PERSONA_COLUMNS.items()},
        "lockedTraits": [name for name, column in PERSONA_COLUMNS.items() if column in locked],
    }


def preferences(row: FanPreferences | None) -> dict[str, Any]:
    held = row or FanPreferences()
    return {
        "contentPreferences": {name: _content_preference(one) for name, one in held.content_preferences.items()},
        "topicInterests": held.topic_interests,
        "purchasePatterns": held.purchase_patterns,
        "communicationPreferences": held.communication_preferences,
        "pinned": held.pinned,
        "lastUpdated": row.last_updated if row else None,
    }


def _content_preference(held: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "score": held["score"],
        "confidence": held["confidence"],
        "evidenceCount": held["evidence_count"],
        "lastInteraction": held["last_interaction"],
    }


def emotional_state(row: EmotionalState | None) -> dict[str, Any]:
    held = row or EmotionalState()
    return {
        "currentSentiment": held.current_sentiment,
        "sentimentHistory": held.sentiment_history,
        "dominantEmotions": held.dominant_emotions,
        "engagementLevel": held.engagement_level,
        "lastPositiveInteraction": held.last_positive_interaction,
        "lastNegativeInteraction": held.last_negative_interaction,
        "updatedAt": row.updated_at if row else None,
    }


def learning(row: EngagementMetrics | None) -> dict[str, Any]:
    """Return how many interactions learning has not taken in yet, and as of when it is."""
    pending = row.total_interactions - row.learnt_interactions if row else 0
    return {"pending": pending, "asOf": row.learnt_at if row else None}


def selling(row: EngagementMetrics | None) -> dict[str, Any]:
    """Return what of selling the fan's own words forbid for now; that protects who may not be profiled, too."""
    hold, is_stopped = (row.ppv_hold, row.selling_stopped) if row else (0, False)
    return {
        "allowed": not is_stopped,
        "ppvAllowed": not (is_stopped or hold),
        "holdMessages": hold,
        "escalate": is_stopped,
    }


def score(creator_id: str, fan_id: str, value: float, updated_at: datetime | None) -> dict[str, Any]:
    return {"fanId": fan_id, "creatorId": creator_id, "score": value, "lastUpdated": updated_at}


def personality_change(row: PersonalityChange) -> dict[str, Any]:
    return {
        "id": row.id,
        "reason": row.reason,
        "actor": row.actor,
        "before": _traits(row.before),
        "after": _traits(row.after),
        "why": [{**one, "trait": _API_NAMES[one["trait"]]} for one in row.why],
        "timestamp": row.created_at,
    }
