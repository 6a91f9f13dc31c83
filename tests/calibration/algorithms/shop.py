"""Made-up purchases, offers and words for the tests of the learners of preferences."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from calibration.domain import Event, TopicMention
from memory.domain import InteractionType, Sender

# A Thursday.
START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def on(days: float) -> datetime:
    return START + timedelta(days=days)


def identity(days: float) -> UUID:
    return UUID(int=round((days + 1000) * 86_400_000))


def deed(days: float, type: InteractionType, amount: float | None = None, **metadata: Any) -> Event:
    """Something the fan did with content; metadata as clients send it."""
    paid = None if amount is None else Decimal(str(amount))
    return Event(identity(days), on(days), type, Sender.FAN, amount=paid, metadata=metadata)


def bought(days: float, category: str = "photos", amount: float | None = 10, **metadata: Any) -> Event:
    return deed(days, InteractionType.PURCHASE, amount, category=category, **metadata)


def declined(days: float, category: str = "photos", **metadata: Any) -> Event:
    return deed(days, InteractionType.OFFER_DECLINED, category=category, **metadata)


def offered(days: float, **metadata: Any) -> Event:
    return Event(identity(days), on(days), InteractionType.MESSAGE, Sender.AI, text="for you", metadata=metadata)


def said(days: float, *topics: tuple[str, float, float], text: str = "hello", **metadata: Any) -> Event:
    """A message of the fan with topics (name, liking, confidence)."""
    mentions = tuple(TopicMention(*topic) for topic in topics)
    message = InteractionType.MESSAGE
    return Event(identity(days), on(days), message, Sender.FAN, text=text, topics=mentions, metadata=metadata)


_JSON = st.sampled_from([None, True, 3, -5, 3.5, "x", "photos", " Videos ", "CUSTOM", "a" * 90, [], {"a": 1}, "\x00"])
_METADATA = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("category", "contentType", "kind", "price", "isOffer"), _JSON),
        "contentId": st.sampled_from([None, "1", "2", "3", 3, "i" * 60]),
        "contentHash": st.sampled_from([None, "h1", "h2", {"x": 1}]),
        "timeZone": st.sampled_from(["Europe/Paris", "nowhere", "../etc", "America", 5, None, "", "UTC"]),
        "utcOffsetMinutes": st.sampled_from([0, 60, -210, 5000, True, "60", None]),
    },
)
_TOPICS = st.lists(
    st.tuples(st.sampled_from(["travel", "food", "videos", "photos"]), st.floats(-1, 1), st.floats(0, 1)), max_size=2
)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Events in order, with metadata of any kind."""
    steps = st.tuples(
        st.sampled_from([0.0, 0.001, 0.2, 0.3, 1.0, 8.0, 100.0]),
        st.sampled_from(list(InteractionType)),
        st.sampled_from(list(Sender)),
        st.sampled_from([None, "0", "9.99", "25", "-3"]),
        _METADATA,
        _TOPICS,
    )
    days, events = 0.0, []
    for index, (gap, kind, sender, amount, metadata, topics) in enumerate(draw(st.lists(steps, max_size=30))):
        days += gap
        paid = None if amount is None else Decimal(amount)
        words = tuple(TopicMention(*topic) for topic in topics) if sender is Sender.FAN else ()
        events.append(Event(UUID(int=index), on(days), kind, sender, amount=paid, topics=words, metadata=metadata))
    return events
