"""The shape in which what was learnt is handed out: values become plain ones with the API's names."""

from typing import Any

from calibration.algorithms.disengagement import Disengagement, Factor, Signal
from calibration.algorithms.mood import Mood, TalkMood
from calibration.algorithms.off_policy import Estimate
from calibration.algorithms.preferences import ContentPreference
from calibration.algorithms.recommendations import Recommendation, Slot
from calibration.algorithms.response_style import ResponseStyle
from calibration.algorithms.safety import Cue
from calibration.algorithms.selling import SellingVerdict
from calibration.algorithms.time_zone import FanZone
from calibration.domain import Learned, MessageReading, TopicMention
from calibration.models import Escalation

_DIGITS = 4


def rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def reading(found: MessageReading) -> dict[str, Any]:
    return {
        "sentiment": found.sentiment,
        "confidence": rounded(found.confidence),
        "probabilities": {name: rounded(value) for name, value in found.probabilities.items()},
        "emotions": [{"name": one.name, "probability": rounded(one.probability)} for one in found.emotions],
        "intensity": rounded(found.intensity),
        "language": found.language,
        "method": found.method,
        "reason": found.reason,
    }


def cue(found: Cue) -> dict[str, Any]:
    return {"kind": found.kind, "severity": rounded(found.severity), "rule": found.rule}


def topic(found: TopicMention) -> dict[str, Any]:
    return {"name": found.name, "liking": rounded(found.liking), "confidence": rounded(found.confidence)}


def mood(found: Mood) -> dict[str, Any]:
    return {
        "currentSentiment": found.sentiment,
        "valence": rounded(found.valence),
        "confidence": rounded(found.confidence),
        "evidenceCount": found.count,
        "evidence": list(found.evidence),
        "sentimentHistory": [talk(one) for one in found.history],
        "dominantEmotions": [{"name": one.family, "share": rounded(one.share)} for one in found.dominant_emotions],
        "lastPositiveInteraction": found.last_positive_at,
        "lastNegativeInteraction": found.last_negative_at,
    }


def talk(one: TalkMood) -> dict[str, Any]:
    return {
        "start": one.start_at,
        "end": one.end_at,
        "messageCount": one.count,
        "sentiment": one.sentiment,
        "valence": rounded(one.valence),
        "negativeShare": rounded(one.negative_share),
    }


def verdict(found: SellingVerdict) -> dict[str, Any]:
    return {
        "allowed": found.allowed,
        "ppvAllowed": found.ppv_allowed,
        "pressure": rounded(found.pressure),
        "priceFactor": rounded(found.price_factor),
        "softSellProbability": rounded(found.soft_sell_probability),
        "holdMessages": found.hold_messages,
        "escalate": found.escalate,
        "cues": list(found.cues),
        "reasons": list(found.reasons),
    }


def disengagement(found: Disengagement) -> dict[str, Any]:
    return {
        "basis": found.basis,
        "probability": rounded(found.probability),
        "probabilityOfReturn7d": rounded(found.probability_of_return_7d),
        "baseline": rounded(found.baseline),
        "signals": [signal(one) for one in found.signals],
        "factors": [factor(one) for one in found.factors],
    }


def signal(one: Signal) -> dict[str, Any]:
    return {
        "type": one.type,
        "severity": rounded(one.severity),
        "probability": rounded(one.probability),
        "certainty": rounded(one.certainty),
        "factors": [factor(of) for of in one.factors],
        "suggestedAction": one.suggested_action,
    }


def factor(one: Factor) -> dict[str, Any]:
    return {"name": one.name, "value": rounded(one.value)}


def predicted(category: str, one: ContentPreference) -> dict[str, Any]:
    return {
        "category": category,
        "score": rounded(one.score),
        "lowerBound": rounded(one.lower_bound),
        "confidence": rounded(one.confidence),
        "evidenceCount": one.evidence_count,
        "declinedCount": one.declined_count,
        "lastInteraction": one.last_interaction,
        "evidence": list(one.evidence),
    }


def interest(name: str, one: Learned) -> dict[str, Any]:
    return {
        "topic": name,
        "score": rounded(one.value),
        "confidence": rounded(one.confidence),
        "evidenceCount": one.evidence_count,
        "evidence": list(one.evidence),
    }


def recommendation(one: Recommendation) -> dict[str, Any]:
    return {
        "category": one.candidate.category,
        "contentId": one.candidate.content_id or None,
        "price": one.candidate.price,
        "score": rounded(one.score),
        "confidence": rounded(one.confidence),
        "sendable": one.sendable,
        "excluded": one.excluded or None,
        "reasons": [{"code": because.code, "value": rounded(because.value)} for because in one.reasons],
        "sendBetween": slot(one.slot),
    }


def slot(one: Slot | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {"start": one.starts_at, "end": one.ends_at, "probability": rounded(one.probability)}


def zone(found: FanZone) -> dict[str, Any]:
    return {"name": found.name, "confidence": rounded(found.confidence), "source": found.source}


def style(found: ResponseStyle) -> dict[str, Any]:
    return {
        "maxLength": found.max_length,
        "emojiCount": found.emoji_count,
        "tone": found.tone,
        "topics": list(found.topics),
        "avoidTopics": list(found.avoid_topics),
        "emojis": list(found.emojis),
        "punctuation": found.punctuation,
        "reasons": list(found.reasons),
    }


def escalation(row: Escalation) -> dict[str, Any]:
    return {
        "id": row.id,
        "fanId": row.fan_id,
        "kind": row.kind,
        "severity": rounded(row.severity),
        "messageId": row.message_id,
        "timestamp": row.occurred_at,
        "clearedAt": row.cleared_at,
    }


def estimate(one: Estimate) -> dict[str, Any]:
    return {
        "estimator": one.estimator,
        "value": rounded(one.value),
        "low": rounded(one.low),
        "high": rounded(one.high),
        "decisions": one.count,
        "effectiveDecisions": rounded(one.effective_count),
        "clippedShare": rounded(one.clipped_share),
        "unsupportedShare": rounded(one.unsupported_share),
        "sufficient": one.sufficient,
        "reason": one.reason,
    }
