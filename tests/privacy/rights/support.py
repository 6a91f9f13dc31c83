"""What the tests of rights share."""

from datetime import UTC, datetime, timedelta
from typing import Any

from memory.models import (
    EmotionalState,
    EngagementMetrics,
    FanMemory,
    FanPreferences,
    PersonalityChange,
    PersonalityProfile,
)
from memory.services.interactions import save_interaction
from privacy.domain import ConsentAction, Pair, Purpose
from privacy.models import Consent, PendingAudit
from privacy.services.consents import record_consent

PAIR = Pair("creator-1", "fan-1")
OF_PAIR = {"creator_id": PAIR.creator_id, "fan_id": PAIR.fan_id}
DPO = "user:7"
GIVEN, WITHDRAWN = ConsentAction.GIVEN, ConsentAction.WITHDRAWN
# What was concluded about the fan, as it would be learnt.
CANARY = "canary-inferred"


def say(content: str = "hello", pair: Pair = PAIR, **more: Any) -> None:
    save_interaction(fan_id=pair.fan_id, creator_id=pair.creator_id, type="message", content=content, **more)


def learn(pair: Pair = PAIR) -> None:
    """Have something inferred about the fan for every purpose."""
    of_pair = {"creator_id": pair.creator_id, "fan_id": pair.fan_id}
    for row in FanMemory.objects.filter(**of_pair):
        row.sentiment, row.topics = "positive", [CANARY]
        row.save()
    FanPreferences.objects.create(
        **of_pair, topic_interests={CANARY: 0.9}, purchase_patterns=[{"type": CANARY}],
        content_preferences={CANARY: {"score": 0.9, "confidence": 0.8, "evidence_count": 4, "last_interaction": None}},
    )  # fmt: skip
    PersonalityProfile.objects.create(**of_pair, tone="playful", preferred_emojis=[CANARY], confidence_score=0.8)
    PersonalityChange.objects.create(**of_pair, reason="learnt", actor="x", before={}, after={"tone": CANARY})
    EmotionalState.objects.create(**of_pair, dominant_emotions=[CANARY], sentiment_history=[{"x": CANARY}])
    EngagementMetrics.objects.filter(**of_pair).update(engagement_score=0.875)


def decide(
    purpose: Purpose, action: ConsentAction, *, pair: Pair = PAIR, ago: timedelta = timedelta(), **more: Any
) -> Consent:
    at = datetime.now(UTC) - ago
    given = {"method": "message", "actor": DPO, "expressed_at": at, **more}
    return record_consent(pair, purpose=purpose, action=action, **given)


def limits(pair: Pair = PAIR) -> int:
    """Return the limits on the pair's lock row."""
    return EngagementMetrics.objects.get(creator_id=pair.creator_id, fan_id=pair.fan_id).limits


def recorded() -> list[str]:
    """Return what the audit log was told, in order."""
    return list(PendingAudit.objects.order_by("id").values_list("action", flat=True))
