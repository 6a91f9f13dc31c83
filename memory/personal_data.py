"""What the tables of this room hold about whom."""

from typing import Any

from memory.domain import Sender
from memory.models import (
    CreatorPersona,
    EmotionalState,
    EngagementMetrics,
    FanMemory,
    FanPreferences,
    IdempotentAnswer,
    ImportRun,
    Interaction,
    PersonalityChange,
    PersonalityProfile,
)
from privacy.domain import Category, OnErasure, Origin, Purpose
from privacy.registry import NotPersonal, Personal, Table, not_personal, register

_CONTRACT = "Art. 6(1)(b), 9(2)(a)"
_CONSENT = "Art. 6(1)(a), 9(2)(a)"
_KEPT = "Until the fan is erased, at the latest after RETENTION_DAYS days without any interaction."

_IDS: dict[str, Personal | NotPersonal] = {
    "creator_id": NotPersonal("Names the controller."),
    "fan_id": Personal(Category.IDENTIFIER, note="Stands once, in the manifest of an export."),
}
_ROW = NotPersonal("Numbers the row.")
_EXTERNAL_ID = Personal(
    Category.IDENTIFIER, note="A keyed digest of the platform's number; it says nothing to the fan."
)


def _said(label: str) -> Personal:
    return Personal(Category.CONVERSATION, Origin.PROVIDED, label)


def _seen(category: Category, label: str) -> Personal:
    return Personal(category, Origin.OBSERVED, label)


def _inferred(label: str, purpose: Purpose, logic: str, note: str = "") -> Personal:
    return Personal(Category.PROFILE, Origin.INFERRED, label, purpose, note, logic)


def _by_fan(row: Any) -> bool:
    return bool(row.sender == Sender.FAN)


# ---- what happened

_SENTIMENT = "Whether the words, emoji and negations of the message sound positive, negative or neutral."
_TOPICS = "Subjects recognised in the words of the message."

register(
    Table(
        FanMemory,
        {
            **_IDS,
            "id": _seen(Category.TECHNICAL, "id"),
            "message_content": _said("content"),
            "sender": _seen(Category.CONVERSATION, "sender"),
            "sentiment": _inferred("sentiment", Purpose.EMOTION_ANALYSIS, _SENTIMENT),
            "topics": _inferred("topics", Purpose.PERSONALISATION, _TOPICS),
            "reading": _inferred("reading", Purpose.EMOTION_ANALYSIS, _SENTIMENT),
            "metadata": _seen(Category.CONVERSATION, "metadata"),
            "external_id": _EXTERNAL_ID,
            "created_at": _seen(Category.ACTIVITY, "timestamp"),
            "received_at": _seen(Category.ACTIVITY, "receivedAt"),
        },
        basis=_CONTRACT,
        retention=_KEPT,
        on_erasure=OnErasure.DELETE,
        name="messages",
        provided_if=_by_fan,
    ),
    Table(
        Interaction,
        {
            **_IDS,
            "id": _seen(Category.TECHNICAL, "id"),
            "type": _seen(Category.COMMERCE, "type"),
            "sender": _seen(Category.ACTIVITY, "sender"),
            "amount": _seen(Category.COMMERCE, "amount"),
            "currency": _seen(Category.COMMERCE, "currency"),
            "content": _said("content"),
            "metadata": _seen(Category.COMMERCE, "metadata"),
            "external_id": _EXTERNAL_ID,
            "created_at": _seen(Category.ACTIVITY, "timestamp"),
            "received_at": _seen(Category.ACTIVITY, "receivedAt"),
        },
        basis=_CONTRACT,
        retention=_KEPT,
        on_erasure=OnErasure.DELETE,
        name="interactions",
        provided_if=_by_fan,
    ),
)

# ---- what was learnt

_BY_HAND = "Set by hand by the creator's team, or by learning from what the fan answered well to."
_TONE = "The manner of speaking that drew the best answers from the fan; before that, the creator's usual one."
_LIKES = "From what the fan bought, asked for and declined: each adds to or takes from a score between 0 and 1."
_CARE = "Whether the fan's words asked for care: a low mood, distress, or an age under 18. Then nothing is offered."
_WHEN = "When the values beside it last changed."


def _trait(label: str) -> Personal:
    return _inferred(label, Purpose.PERSONALISATION, _TONE)


register(
    Table(
        FanPreferences,
        {
            **_IDS,
            "id": _ROW,
            "content_preferences": _inferred("contentPreferences", Purpose.PERSONALISATION, _LIKES),
            "topic_interests": _inferred(
                "topicInterests",
                Purpose.PERSONALISATION,
                "From how often, and how gladly, the fan writes about a subject.",
            ),
            "purchase_patterns": _inferred(
                "purchasePatterns",
                Purpose.PURCHASE_PROFILING,
                "Average amounts, frequency, weekdays and hours of purchases, drawn toward those of all fans.",
            ),
            "communication_preferences": _inferred(
                "communicationPreferences", Purpose.PERSONALISATION, "From how, and how fast, the fan writes."
            ),
            "pinned": _inferred("pinned", Purpose.PERSONALISATION, "Which of these the creator's team set by hand."),
            "last_updated": _inferred("lastUpdated", Purpose.PERSONALISATION, _WHEN),
        },
        basis=_CONSENT,
        retention=_KEPT,
        on_erasure=OnErasure.DELETE,
        name="preferences",
    ),
    Table(
        PersonalityProfile,
        {
            **_IDS,
            "id": _ROW,
            "tone": _trait("tone"),
            "emoji_frequency": _trait("emojiFrequency"),
            "message_length_preference": _trait("messageLengthPreference"),
            "punctuation_style": _trait("punctuationStyle"),
            "preferred_emojis": _trait("preferredEmojis"),
            "response_speed": _trait("responseSpeed"),
            "confidence_score": _inferred(
                "confidenceScore", Purpose.PERSONALISATION, "0-1: grows with the number of interactions it rests on."
            ),
            "interaction_count": _inferred(
                "interactionCount", Purpose.PERSONALISATION, "How many interactions the profile rests on."
            ),
            "locked_traits": _inferred(
                "lockedTraits", Purpose.PERSONALISATION, _BY_HAND, note="Names of columns; the same few for all fans."
            ),
            "last_calibrated": _inferred("lastCalibrated", Purpose.PERSONALISATION, _WHEN),
            "updated_at": _inferred("updatedAt", Purpose.PERSONALISATION, _WHEN),
        },
        basis=_CONSENT,
        retention=_KEPT,
        on_erasure=OnErasure.DELETE,
        name="personalityProfile",
    ),
    Table(
        PersonalityChange,
        {
            **_IDS,
            "id": _inferred("id", Purpose.PERSONALISATION, "Numbers the change."),
            "reason": _inferred("reason", Purpose.PERSONALISATION, "Whether a person or learning changed the profile."),
            "actor": Personal(Category.STAFF, note="Names who of the staff acted, by number; not handed to fans."),
            "before": _inferred("before", Purpose.PERSONALISATION, _TONE),
            "after": _inferred("after", Purpose.PERSONALISATION, _TONE),
            "why": _inferred("why", Purpose.PERSONALISATION, "The rule that changed it, and the messages behind it."),
            "created_at": _inferred("timestamp", Purpose.PERSONALISATION, _WHEN),
        },
        basis=_CONSENT,
        retention=_KEPT,
        on_erasure=OnErasure.DELETE,
        name="personalityHistory",
    ),
    Table(
        EmotionalState,
        {
            **_IDS,
            "id": _ROW,
            "current_sentiment": _inferred("currentSentiment", Purpose.EMOTION_ANALYSIS, _SENTIMENT),
            "sentiment_history": _inferred(
                "sentimentHistory", Purpose.EMOTION_ANALYSIS, "The moods of the fan's messages over the last 30 days."
            ),
            "dominant_emotions": _inferred(
                "dominantEmotions", Purpose.EMOTION_ANALYSIS, "Emotions in the fan's words and emoji; older ones fade."
            ),
            "engagement_level": _inferred(
                "engagementLevel",
                Purpose.EMOTION_ANALYSIS,
                "How much and how often the fan writes, by the fan's own habit.",
            ),
            "last_positive_interaction": _inferred("lastPositiveInteraction", Purpose.EMOTION_ANALYSIS, _SENTIMENT),
            "last_negative_interaction": _inferred("lastNegativeInteraction", Purpose.EMOTION_ANALYSIS, _SENTIMENT),
            "updated_at": _inferred("updatedAt", Purpose.EMOTION_ANALYSIS, _WHEN),
        },
        basis=_CONSENT,
        retention=_KEPT,
        on_erasure=OnErasure.DELETE,
        name="emotionalState",
    ),
)

# ---- counters, which are the pair's lock, and technical tables

register(
    Table(
        EngagementMetrics,
        {
            **_IDS,
            "id": _ROW,
            "engagement_score": _inferred(
                "engagementScore",
                Purpose.PERSONALISATION,
                "0-1: a weighted sum of how recently, often and warmly the fan writes and buys; 0.5 is unknown.",
            ),
            "total_messages": _seen(Category.ACTIVITY, "totalMessages"),
            "total_purchases": _seen(Category.COMMERCE, "totalPurchases"),
            "total_tips": _seen(Category.COMMERCE, "totalTips"),
            "total_interactions": _seen(Category.ACTIVITY, "totalInteractions"),
            "learnt_interactions": NotPersonal("How far learning has come."),
            "learnt_at": NotPersonal("When learning last ran."),
            "total_revenue": _seen(Category.COMMERCE, "totalRevenue"),
            "key_id": NotPersonal("Numbers a key."),
            "limits": NotPersonal("What consents, restriction and objection amount to; those are exported."),
            "avg_response_time_seconds": _seen(Category.ACTIVITY, "avgResponseTimeSeconds"),
            "ppv_hold": _inferred("ppvHold", Purpose.MEMORY, _CARE),
            "selling_stopped": _inferred("sellingStopped", Purpose.MEMORY, _CARE),
            "first_interaction": _seen(Category.ACTIVITY, "firstInteraction"),
            "last_interaction": _seen(Category.ACTIVITY, "lastInteraction"),
            "last_fan_interaction": _seen(Category.ACTIVITY, "lastFanInteraction"),
            "created_at": _seen(Category.ACTIVITY, "createdAt"),
            "updated_at": _seen(Category.ACTIVITY, "updatedAt"),
        },
        basis=_CONTRACT,
        retention=_KEPT,
        on_erasure=OnErasure.DELETE,
        name="engagementMetrics",
        lock=True,
    ),
    Table(
        IdempotentAnswer,
        {
            **_IDS,
            "id": _ROW,
            "key_digest": NotPersonal("A digest of what the client made up."),
            "fingerprint": Personal(Category.TECHNICAL, note="A keyed digest of a request; nobody can undo it."),
            "status": NotPersonal("A number."),
            "body": Personal(Category.CONVERSATION, note="A copy of an answer; what it held stands in its own tables."),
            "created_at": Personal(Category.ACTIVITY),
        },
        basis=_CONTRACT,
        retention="24 hours.",
        on_erasure=OnErasure.DELETE,
    ),
    Table(
        ImportRun,
        not_personal(
            "Counts lines of a file; the lines are not kept.",
            "id creator_id file_digest lines_done created_count duplicate_count rejected_count started_at finished_at",
        ),
        basis=_CONTRACT,
        retention="For good: the same file is never imported twice.",
        on_erasure=OnErasure.PRESERVE,
        subject="nobody",
    ),
    Table(
        CreatorPersona,
        not_personal(
            "How a creator speaks to fans nothing is known about yet.",
            "creator_id tone emoji_frequency message_length_preference punctuation_style preferred_emojis"
            " response_speed tried_tones updated_at",
        ),
        basis=_CONTRACT,
        retention="As long as the contract.",
        on_erasure=OnErasure.PRESERVE,
        subject="nobody",
    ),
)
