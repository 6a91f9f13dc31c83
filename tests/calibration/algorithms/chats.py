"""Made-up conversations for the tests of the learners of personality."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from hypothesis import strategies as st

from calibration.domain import Event, MessageReading, Method
from memory.domain import InteractionType, Sender, Sentiment, Tone

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
FAN_TEXTS = (
    "Hello there. How was your day?",
    "ok",
    "haha yes 😂😂",
    "i like that song a lot",
    "Wow!!",
    "👨‍👩‍👧",
    "   ",
    "42",
)
OUR_TEXTS = (
    "Good morning, hope you slept well 😊",
    "guess what 😜",
    "yeah",
    "",
    "Thank you for your message. Kind regards.",
)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def identity(minutes: float) -> UUID:
    return UUID(int=round(minutes * 1_000_000))


def reading(valence: float | None) -> MessageReading:
    """A reading with that valence; an abstention for None."""
    positive, negative = max(valence or 0.0, 0.0), max(-(valence or 0.0), 0.0)
    shares = {Sentiment.POSITIVE: positive, Sentiment.NEGATIVE: negative, Sentiment.NEUTRAL: 1 - positive - negative}
    sentiment = None if valence is None else max(shares, key=lambda name: shares[name])
    return MessageReading(sentiment=sentiment, confidence=0.9, probabilities=shares, method=Method.MODEL)


def fan(minutes: float, text: str = "hello", type: InteractionType = InteractionType.MESSAGE, **more: Any) -> Event:
    return Event(identity(minutes), at(minutes), type, Sender.FAN, text=text, **more)


def us(minutes: float, text: str = "hello", sender: Sender = Sender.AI, **metadata: Any) -> Event:
    return Event(identity(minutes), at(minutes), InteractionType.MESSAGE, sender, text=text, metadata=metadata)


def chat(
    turns: int, *, tone: str = "playful", answer: str = "hello", mood: float = 0.9, gap: float = 30
) -> list[Event]:
    """As many messages of ours, each answered within two minutes."""
    said = [us(index * gap, "hello", tone=tone) for index in range(turns)]
    heard = [fan(index * gap + 2, answer, reading=reading(mood)) for index in range(turns)]
    return sorted(said + heard, key=lambda event: event.at)


def stored(state: Any) -> Any:
    """The state after it was stored and loaded again."""
    return msgspec.json.decode(msgspec.json.encode(state), type=type(state))


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Events in order, with silences of seconds to weeks."""
    steps = st.tuples(
        st.sampled_from([0.0, 0.2, 3.0, 11.0, 200.0, 700.0, 2000.0, 3000.0, 50_000.0]),
        st.sampled_from(list(InteractionType)),
        st.sampled_from(list(Sender)),
        st.integers(0, 7),
        st.sampled_from([None, -0.8, 0.0, 0.9]),
        st.sampled_from([*(tone.value for tone in Tone), "formal", "odd", 3, None]),
        st.booleans(),
    )
    minutes, events = 0.0, []
    for index, (gap, kind, sender, number, mood, tone, mass) in enumerate(draw(st.lists(steps, max_size=40))):
        minutes += gap
        by_fan = sender is Sender.FAN
        texts = FAN_TEXTS if by_fan else OUR_TEXTS
        text = texts[number % len(texts)] if kind is InteractionType.MESSAGE else ""
        metadata = {} if by_fan else {"tone": tone, "isMass": mass, "decisionId": tone}
        read = reading(mood) if by_fan and mood is not None else None
        events.append(Event(UUID(int=index), at(minutes), kind, sender, text=text, reading=read, metadata=metadata))
    return events
