"""The fan's mood: now, over the last 30 days, and the feelings that prevail. Only what the fan says counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import NamedTuple
from uuid import UUID

from calibration.algorithms.decay import days_between, weight
from calibration.algorithms.sessions import starts_session
from calibration.domain import MAX_EVIDENCE, Event, MessageReading, Method
from memory.domain import Sentiment

HISTORY = timedelta(days=30)
MAX_CONVERSATIONS = 120
MAX_DOMINANT = 5
_DECIMALS = 4


class Family(StrEnum):
    """Feelings as they are shown; 28 of them can't be told apart well enough (METHODS: macro-F1 0.50)."""

    JOY = "joy"
    AFFECTION = "affection"
    INTEREST = "interest"
    SURPRISE = "surprise"
    SADNESS = "sadness"
    ANGER = "anger"
    FEAR = "fear"


# After GoEmotions' own grouping by Ekman's six (Demszky et al. 2020): joy is split, for warmth toward somebody is not
# fun, disgust goes with anger, and curiosity and desire are interest. Neutral is no feeling.
FAMILIES: Mapping[str, Family] = {
    **dict.fromkeys(("joy", "amusement", "excitement", "optimism", "pride", "relief", "approval"), Family.JOY),
    **dict.fromkeys(("love", "caring", "admiration", "gratitude"), Family.AFFECTION),
    **dict.fromkeys(("desire", "curiosity"), Family.INTEREST),
    **dict.fromkeys(("surprise", "realization", "confusion"), Family.SURPRISE),
    **dict.fromkeys(("sadness", "grief", "disappointment", "remorse", "embarrassment"), Family.SADNESS),
    **dict.fromkeys(("anger", "annoyance", "disapproval", "disgust"), Family.ANGER),
    **dict.fromkeys(("fear", "nervousness"), Family.FEAR),
}


@dataclass(frozen=True, slots=True)
class MoodParams:
    """How moods fade.

    Args:
        message_half_life: after so many further messages of the fan a message counts half for the mood of now, and
        half_life_days: so it does after so many days.
        emotion_half_life_days: of the feelings that prevail.
        prior_weight: how many neutral messages stand against the fan's own.
        unclear_weight: how much of a message counts whose reader abstained.
        clear_valence: from this valence on a mood is positive, and from its opposite down negative.
        shown_share: feelings with less than this share of all that was felt are not shown.
    """

    message_half_life: float = 1.0
    half_life_days: float = 2.0
    emotion_half_life_days: float = 7.0
    prior_weight: float = 1.0
    unclear_weight: float = 0.2
    clear_valence: float = 0.2
    shown_share: float = 0.1


class Talk(NamedTuple):
    """One conversation, as sums, so that it can go on; a tuple because there are many of them.

    Args:
        messages: of the fan's messages that were read.
        weight: what they count together.
        valence: sum of weight times valence.
        negative: what the negative ones count.
    """

    start_at: datetime
    end_at: datetime
    messages: int
    weight: float
    valence: float
    negative: float


@dataclass(frozen=True, slots=True)
class MoodState:
    """What is kept of what the fan said.

    Args:
        at: of the latest message that was read.
        support: what the messages count together, as of ``at``.
        valence: sum of weight times valence, as of ``at``.
        felt: family -> what was felt of it, as of ``at``.
        talks: of the last 30 days before ``at``, newest last.
        evidence: the latest messages whose sentiment was clear, newest last.
    """

    at: datetime | None = None
    count: int = 0
    support: float = 0.0
    valence: float = 0.0
    felt: dict[str, float] = field(default_factory=dict)
    talks: tuple[Talk, ...] = ()
    last_positive_at: datetime | None = None
    last_negative_at: datetime | None = None
    evidence: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class TalkMood:
    """How the fan felt in one conversation.

    Args:
        count: of the fan's messages.
        valence: mean, -1 to 1.
        negative_share: of the messages, by what they count, 0-1.
    """

    start_at: datetime
    end_at: datetime
    count: int
    valence: float
    sentiment: Sentiment
    negative_share: float


@dataclass(frozen=True, slots=True)
class DominantEmotion:
    """A feeling that prevails.

    Args:
        share: of everything felt lately, 0-1.
    """

    family: Family
    share: float


@dataclass(frozen=True, slots=True)
class Mood:
    """How the fan feels.

    Args:
        sentiment: neutral also where it is unclear.
        valence: -1 to 1, shrunk toward 0.
        confidence: 0-1, how far evidence outweighs the prior.
        count: messages read so far.
        history: of the last 30 days, oldest first.
    """

    sentiment: Sentiment = Sentiment.NEUTRAL
    valence: float = 0.0
    confidence: float = 0.0
    count: int = 0
    history: tuple[TalkMood, ...] = ()
    dominant_emotions: tuple[DominantEmotion, ...] = ()
    last_positive_at: datetime | None = None
    last_negative_at: datetime | None = None
    evidence: tuple[UUID, ...] = ()


DEFAULT = MoodParams()


def learn(state: MoodState, events: Sequence[Event], params: MoodParams = DEFAULT) -> MoodState:
    """Return the state after more events, of which only the fan's messages that were read count.

    A message counts ``confidence``, times ``unclear_weight`` where its reader abstained. Before it is added, what was
    there fades by ``2 ** (-1 / message_half_life - days / half_life_days)``.
    """
    return reduce(lambda known, event: _learn_one(known, event, params), events, state)


def project(state: MoodState, as_of: datetime, params: MoodParams = DEFAULT) -> Mood:
    """Return the mood at an instant that is not before the latest event.

    ``valence = sum(w v) / (sum(w) + prior_weight)``, the mean of the fan's messages and so many neutral ones.
    """
    age_days = days_between(state.at, as_of) if state.at else 0.0
    fade = weight(age_days, params.half_life_days)
    total = state.support * fade + params.prior_weight
    valence = state.valence * fade / total
    return Mood(
        sentiment=_sentiment(valence, params),
        valence=valence,
        confidence=state.support * fade / total,
        count=state.count,
        history=tuple(_talk_mood(talk, params) for talk in state.talks if talk.end_at >= as_of - HISTORY),
        dominant_emotions=_dominant(state.felt, weight(age_days, params.emotion_half_life_days), params),
        last_positive_at=state.last_positive_at,
        last_negative_at=state.last_negative_at,
        evidence=state.evidence,
    )


def is_read(event: Event) -> bool:
    """Return whether the event says something about the fan's mood."""
    return (
        event.is_by_fan and event.is_message and event.reading is not None and event.reading.method is not Method.NONE
    )


def _learn_one(state: MoodState, event: Event, params: MoodParams) -> MoodState:
    reading = event.reading
    if reading is None or not is_read(event):
        return state
    counts = reading.confidence * (1.0 if reading.sentiment else params.unclear_weight)
    age_days = days_between(state.at, event.at) if state.at else 0.0
    fade = weight(age_days, params.half_life_days) * weight(1.0, params.message_half_life)
    clear = reading.sentiment is not None
    return MoodState(
        at=event.at,
        count=state.count + 1,
        support=state.support * fade + counts,
        valence=state.valence * fade + counts * reading.valence,
        felt=_feel(state.felt, weight(age_days, params.emotion_half_life_days), reading),
        talks=_talk_on(state.talks, event.at, reading, counts),
        last_positive_at=event.at if reading.sentiment is Sentiment.POSITIVE else state.last_positive_at,
        last_negative_at=event.at if reading.sentiment is Sentiment.NEGATIVE else state.last_negative_at,
        evidence=(*state.evidence, event.id)[-MAX_EVIDENCE:] if clear else state.evidence,
    )


def _feel(felt: Mapping[str, float], fade: float, reading: MessageReading) -> dict[str, float]:
    """Return what is felt with one message more; of a family its likeliest label counts, for labels of one overlap."""
    now: dict[str, float] = {}
    for emotion in reading.emotions:
        family = FAMILIES.get(emotion.name)
        if family:
            now[family] = max(now.get(family, 0.0), emotion.probability)
    return {
        family: felt.get(family, 0.0) * fade + now.get(family, 0.0)
        for family in map(str, Family)
        if family in felt or family in now
    }


def _talk_on(talks: tuple[Talk, ...], at: datetime, reading: MessageReading, counts: float) -> tuple[Talk, ...]:
    negative = counts if reading.sentiment is Sentiment.NEGATIVE else 0.0
    goes_on = bool(talks) and not starts_session(talks[-1].end_at, at)
    talk = talks[-1] if goes_on else Talk(at, at, 0, 0.0, 0.0, 0.0)
    grown = Talk(
        talk.start_at,
        at,
        talk.messages + 1,
        round(talk.weight + counts, _DECIMALS),
        round(talk.valence + counts * reading.valence, _DECIMALS),
        round(talk.negative + negative, _DECIMALS),
    )
    earlier = talks[:-1] if goes_on else talks
    while earlier and earlier[0].end_at < at - HISTORY:
        earlier = earlier[1:]
    return (*earlier, grown)[-MAX_CONVERSATIONS:]


def _talk_mood(talk: Talk, params: MoodParams) -> TalkMood:
    valence = talk.valence / talk.weight if talk.weight else 0.0
    return TalkMood(
        start_at=talk.start_at,
        end_at=talk.end_at,
        count=talk.messages,
        valence=max(-1.0, min(1.0, valence)),
        sentiment=_sentiment(valence, params),
        negative_share=min(1.0, talk.negative / talk.weight) if talk.weight else 0.0,
    )


def _sentiment(valence: float, params: MoodParams) -> Sentiment:
    if abs(valence) < params.clear_valence:
        return Sentiment.NEUTRAL
    return Sentiment.POSITIVE if valence > 0 else Sentiment.NEGATIVE


def _dominant(felt: Mapping[str, float], fade: float, params: MoodParams) -> tuple[DominantEmotion, ...]:
    """Return the strongest families; the prior keeps what has faded away, or was felt once in passing, out."""
    left = {family: value * fade for family, value in felt.items()}
    total = sum(left.values()) + params.prior_weight
    ranked = sorted(left.items(), key=lambda item: (-item[1], item[0]))
    shown = [DominantEmotion(Family(name), value / total) for name, value in ranked[:MAX_DOMINANT]]
    return tuple(emotion for emotion in shown if emotion.share >= params.shown_share)
