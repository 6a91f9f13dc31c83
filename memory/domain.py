"""What is known about a fan, as plain values. Scores are 0-1, instants are UTC, money is Decimal in one currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID


class InteractionType(StrEnum):
    MESSAGE = "message"
    PURCHASE = "purchase"
    TIP = "tip"
    LIKE = "like"
    VIEW = "view"
    OFFER_DECLINED = "offer_declined"


class Sender(StrEnum):
    FAN = "fan"
    CREATOR = "creator"
    AI = "ai"


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


class Tone(StrEnum):
    FLIRTY = "flirty"
    FRIENDLY = "friendly"
    PLAYFUL = "playful"
    PROFESSIONAL = "professional"
    DOMINANT = "dominant"
    CASUAL = "casual"


# Tones that learning tries with a fan beside the persona's own, unless the creator says otherwise.
USUALLY_TRIED = (Tone.FRIENDLY, Tone.PLAYFUL, Tone.CASUAL)


class MessageLength(StrEnum):
    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class PunctuationStyle(StrEnum):
    CASUAL = "casual"
    PROPER = "proper"
    MINIMAL = "minimal"


class ResponseSpeed(StrEnum):
    IMMEDIATE = "immediate"
    QUICK = "quick"
    MODERATE = "moderate"
    DELAYED = "delayed"
    VARIABLE = "variable"


class EngagementLevel(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ChangeReason(StrEnum):
    """How a profile came to change."""

    MANUAL = "manual"
    LEARNT = "learnt"
    ROLLBACK = "rollback"


# Older words that clients still send, and the canonical value each stands for.
TONE_ALIASES: Mapping[str, str] = {"formal": Tone.PROFESSIONAL}
PUNCTUATION_ALIASES: Mapping[str, str] = {"formal": PunctuationStyle.PROPER}
SPEED_ALIASES: Mapping[str, str] = {"instant": ResponseSpeed.IMMEDIATE, "slow": ResponseSpeed.DELAYED}

PAID_TYPES = frozenset({InteractionType.PURCHASE, InteractionType.TIP})
DEFAULT_ENGAGEMENT_SCORE = 0.5


@dataclass(frozen=True, slots=True)
class Interaction:
    """One thing that happened between a fan and a creator, as a client reports it.

    Args:
        timestamp: when it happened.
        content: what was said; required for messages.
        sender: who did it; the fan unless said otherwise.
        amount: in the creator's currency; required for purchases and tips.
        external_id: the platform's own id, by which a second report is recognised.
        metadata: anything else the client wants back; JSON.
    """

    type: InteractionType
    timestamp: datetime
    content: str = ""
    sender: Sender = Sender.FAN
    amount: Decimal | None = None
    currency: str | None = None
    external_id: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedInteraction:
    """Where an interaction ended up.

    Args:
        created_at: its instant; a microsecond or more after the reported one where that was taken.
        duplicate: it had been stored before, nothing changed.
    """

    id: UUID
    created_at: datetime
    duplicate: bool
