"""What is learnt about a fan, as plain values. Scores and probabilities are 0-1, instants are UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from memory.domain import (
    InteractionType,
    MessageLength,
    PunctuationStyle,
    ResponseSpeed,
    Sender,
    Sentiment,
    Tone,
)
from privacy.domain import PROFILING, Limit, Purpose, allows


class Method(StrEnum):
    """How a message was read."""

    MODEL = "model"
    LEXICON = "lexicon"
    HUMAN = "human"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Emotion:
    """One emotion a message shows.

    Args:
        name: one of the 28 labels of GoEmotions.
        probability: calibrated, 0-1.
    """

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class MessageReading:
    """What one message says about the mood of who wrote it.

    Args:
        sentiment: None where the reader abstains; ``reason`` says why.
        confidence: calibrated probability of the most likely sentiment, 0-1, also where it abstains.
        probabilities: of positive, negative and neutral; they sum to 1.
        emotions: those above their own thresholds, most likely first.
        intensity: how strongly it is felt, 0-1; casing, repetition, emoji and emphasis count.
        language: ISO 639-1, or "und" where too little was said to tell.
        reason: "" or why there is no sentiment: empty, low_confidence, language.
    """

    sentiment: Sentiment | None
    confidence: float
    probabilities: Mapping[Sentiment, float]
    emotions: tuple[Emotion, ...] = ()
    intensity: float = 0.0
    language: str = "und"
    method: Method = Method.NONE
    reason: str = ""

    @property
    def valence(self) -> float:
        """Return P(positive) - P(negative), -1 to 1."""
        return self.probabilities[Sentiment.POSITIVE] - self.probabilities[Sentiment.NEGATIVE]


@dataclass(frozen=True, slots=True)
class TopicMention:
    """A subject a message speaks of, and how.

    Args:
        name: lower-case, at most 64 characters.
        liking: -1 (dislikes it) to 1 (likes it); 0 where it is only mentioned.
        confidence: that this is what is meant, 0-1.
    """

    name: str
    liking: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Event:
    """One interaction as the learners see it. They get events in the order of ``(at, id)``, each exactly once.

    Args:
        text: what was said; "" for what has no words.
        reading: of what the fan said; None for whatever we said, whose words teach nothing about the fan.
        topics: of what the fan said.
        amount: in the creator's currency.
    """

    id: UUID
    at: datetime
    type: InteractionType
    sender: Sender
    text: str = ""
    reading: MessageReading | None = None
    topics: tuple[TopicMention, ...] = ()
    amount: Decimal | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_by_fan(self) -> bool:
        return self.sender is Sender.FAN

    @property
    def is_message(self) -> bool:
        return self.type is InteractionType.MESSAGE


def learnable(limits: Limit) -> frozenset[Purpose]:
    """Return what a pair may be learnt about for."""
    return frozenset(purpose for purpose in PROFILING if allows(limits, purpose))


@dataclass(frozen=True, slots=True)
class Learned:
    """A learned number with what it stands on.

    Args:
        value: the estimate.
        confidence: 0-1; how far the evidence has moved it from the prior.
        evidence_count: how many events it stands on.
        evidence: ids of the latest of them, newest last; at most ``MAX_EVIDENCE``.
    """

    value: float
    confidence: float
    evidence_count: int
    evidence: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Traits:
    """A manner of speaking: a creator's persona, or what works with one fan.

    Fields are named as in ``memory.models.Persona``.

    Args:
        emoji_frequency: how freely emojis are used, 0-1.
        preferred_emojis: most preferred first.
        response_speed: how soon to answer.
    """

    tone: Tone = Tone.FRIENDLY
    emoji_frequency: float = 0.5
    message_length_preference: MessageLength = MessageLength.MEDIUM
    punctuation_style: PunctuationStyle = PunctuationStyle.CASUAL
    preferred_emojis: tuple[str, ...] = ()
    response_speed: ResponseSpeed = ResponseSpeed.MODERATE


MAX_EVIDENCE = 5


class CueKind(StrEnum):
    """What in a message asks for care, or for a human."""

    DISTRESS = "distress"
    SELF_HARM = "self_harm"
    UNDER_AGE = "under_age"
    LONELINESS = "loneliness"
    MEETUP = "meetup"
    OFF_PLATFORM = "off_platform"
    ARE_YOU_A_BOT = "are_you_a_bot"


class FeedbackSubject(StrEnum):
    """What feedback can be about."""

    TONE = "tone"
    READING = "reading"
    PREFERENCE = "preference"
    RECOMMENDATION = "recommendation"
    DISENGAGEMENT = "disengagement"


class FeedbackVerdict(StrEnum):
    RIGHT = "right"
    WRONG = "wrong"
    SNOOZE = "snooze"
