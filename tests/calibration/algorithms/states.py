"""Made-up events for the tests of the learners of mood, safety, selling and habits."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from calibration.domain import Emotion, Event, MessageReading, Method
from memory.domain import InteractionType, Sender, Sentiment

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXTS = (
    "good morning",
    "that was a long day",
    "I'm so lonely",
    "I feel hopeless",
    "I'm 16",
    "can we meet in person",
    "haha, this heat is killing me 😂",
    "",
)


def at(days: float) -> datetime:
    return BEGIN + timedelta(days=days)


def reading(valence: float = 0.0, *, confidence: float = 0.9, clear: bool = True, **more) -> MessageReading:
    """A reading with that valence: what is neither positive nor negative is neutral."""
    positive, negative = max(valence, 0.0), max(-valence, 0.0)
    shares = {Sentiment.POSITIVE: positive, Sentiment.NEGATIVE: negative, Sentiment.NEUTRAL: 1 - positive - negative}
    likeliest = max(shares, key=lambda name: shares[name])
    given = {"method": Method.MODEL, "reason": "" if clear else "low_confidence", **more}
    return MessageReading(likeliest if clear else None, confidence, shares, **given)


def feeling(**probabilities: float) -> tuple[Emotion, ...]:
    return tuple(Emotion(name, probability) for name, probability in probabilities.items())


def identity(days: float) -> UUID:
    return UUID(int=round((days + 1000) * 1e9))


def fan(days: float, text: str = "good morning", *, valence: float | None = None, **more) -> Event:
    given = {"type": InteractionType.MESSAGE, "reading": None if valence is None else reading(valence), **more}
    return Event(identity(days), at(days), sender=Sender.FAN, text=text, **given)


def ours(days: float, sender: Sender = Sender.AI, **metadata) -> Event:
    return Event(identity(days), at(days), InteractionType.MESSAGE, sender, text="hello you", metadata=metadata)


def stored_and_loaded(state):
    """What the state is after it was stored as JSON."""
    return msgspec.json.decode(msgspec.json.encode(state), type=type(state))


def size(state) -> int:
    return len(msgspec.json.encode(state))


@st.composite
def histories(draw, max_size=40):
    """Events of a pair in their order; gaps between seconds and weeks."""
    count = draw(st.integers(0, max_size))
    days, events = 0.0, []
    for _ in range(count):
        days += draw(st.sampled_from([0.001, 0.01, 0.3, 1.0, 9.0, 40.0])) + draw(st.integers(0, 5)) / 1e4
        events.append(_event(draw, days))
    return events


def _event(draw, days):
    kind = draw(st.sampled_from(["fan", "fan", "fan", "view", "ai", "mass", "like of ours"]))
    if kind == "fan":
        read = draw(st.none() | st.builds(reading, st.floats(-1, 1), confidence=st.floats(0.3, 1), clear=st.booleans()))
        return fan(days, draw(st.sampled_from(TEXTS)), reading=read)
    if kind == "view":
        return fan(days, "", type=InteractionType.VIEW)
    if kind == "like of ours":
        return Event(identity(days), at(days), InteractionType.LIKE, Sender.CREATOR)
    return ours(days, **({"isMass": True} if kind == "mass" else {}))
