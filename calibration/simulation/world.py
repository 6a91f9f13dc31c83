"""How invented fans react: conversations with us, offers they take or decline, and messages they leave unanswered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from calibration.algorithms.topics import extract_topics
from calibration.domain import Event, MessageReading, Method
from calibration.simulation.fans import LatentFan, Leaning
from memory.domain import InteractionType, Sender, Sentiment, Tone

START = datetime(2026, 1, 4, tzinfo=UTC)  # a Sunday
# Visits closer together are one.
LEAST_GAP = timedelta(minutes=30)
# What a leaning adds to, or takes from, how well a message of ours is received.
LENGTH_EFFECT, EMOJI_EFFECT = 0.15, 0.12
SHORT_WORDS, LONG_WORDS = 16, 24
FADED_SHARE = 0.05
_NOUNS = {
    "audio": "voice notes",
    "custom": "custom videos",
    "live": "live shows",
    "photos": "photos",
    "videos": "videos",
}
# Short: only their number counts.
_WORDS = ["so", "we", "go", "on", "to", "it", "as", "is", "by", "us"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How we speak in one conversation.

    Args:
        words: a message has on average.
        emoji_share: of our messages with an emoji, 0-1.
        offer: category of what we offer in it; "" for nothing.
    """

    tone: Tone
    words: float
    emoji_share: float
    offer: str = ""


@dataclass(slots=True)
class World:
    """One fan and their chance. The same seed gives the same life, as long as we do the same."""

    fan: LatentFan
    random: np.random.Generator
    now: datetime = START
    count: int = 0
    events: list[Event] = field(default_factory=list)

    def converse(self, at: datetime, manner: Manner, *, we_begin: bool) -> list[Event]:
        """Return what happens in a conversation that begins at an instant."""
        self.now, self.events = at, []
        if not we_begin:
            self._fan_says(0.5)
            self._looks_around()
        for turn in range(1 + int(self.random.poisson(self.fan.turns))):
            received = self._we_say(manner, offer=manner.offer if turn == 1 else "")
            if turn == 1 and manner.offer:
                self._reacts(manner.offer)
            if not self._answers(received):
                break
        return self.events

    def _we_say(self, manner: Manner, offer: str) -> float:
        """Say something; return how well it is received, 0-1."""
        self._wait(60.0, 0.7)
        words = max(3, round(manner.words * self.random.lognormal(0.0, 0.45)))
        has_emoji = self.random.random() < manner.emoji_share
        metadata: dict[str, Any] = {"tone": manner.tone.value}
        if offer:
            metadata |= {"isOffer": True, "category": offer, "contentId": f"item-{self.count}"}
        self._add(InteractionType.MESSAGE, Sender.AI, text=_text(words, has_emoji), metadata=metadata)
        effect = LENGTH_EFFECT * _taste(self.fan.length, (words >= LONG_WORDS) - (words <= SHORT_WORDS))
        effect += EMOJI_EFFECT * _taste(self.fan.emojis, 1 if has_emoji else -1)
        return float(np.clip(self.fan.tones[manner.tone] + effect, 0.0, 1.0))

    def _answers(self, received: float) -> bool:
        chance = np.clip(0.2 + 0.75 * received, 0.05, 0.97)
        day = (self.now - START) / timedelta(days=1)
        if self.random.random() > chance * (0.2 if self.fan.has_faded(day) else 1.0):
            return False
        self._wait(300.0 * float(np.exp(1.5 * (0.5 - received))), 0.8)
        self._fan_says(received)
        return True

    def _fan_says(self, received: float, text: str = "") -> None:
        words = max(1, round(8.0 * (0.6 + 0.8 * received) * self.random.lognormal(0.0, 0.5)))
        habit = {Leaning.LESS: 0.02, Leaning.NONE: 0.12, Leaning.MORE: 0.5}[self.fan.emojis]
        spoken = text or _text(words, self.random.random() < habit)
        mood = float(np.clip(self.random.normal(1.4 * (received - 0.45), 0.35), -0.95, 0.95))
        reading = _reading(mood, abstains=self.random.random() < 0.2)
        stated = {"utcOffsetMinutes": 60 * self.fan.offset_hours} if self.fan.states_zone else {}
        topics = extract_topics(text) if text else ()
        self._add(
            InteractionType.MESSAGE, Sender.FAN, text=spoken, reading=reading, topics=topics, metadata=stated
        )  # fmt: skip

    def _reacts(self, category: str) -> None:
        """Take an offer, decline it, or let it lie; now and then say why."""
        if self.random.random() > 0.7:
            return
        self._wait(120.0, 0.8)
        is_welcome = self.random.random() < self.fan.likes[category]
        if is_welcome and self.random.random() < 0.6:
            self._does(InteractionType.PURCHASE, category, Decimal(10))
        else:
            self._does(InteractionType.LIKE if is_welcome else InteractionType.OFFER_DECLINED, category)
        if self.random.random() < 0.15:
            opinion = "I love" if is_welcome else "I don't like"
            self._fan_says(0.6 if is_welcome else 0.4, f"{opinion} your {_NOUNS[category]}")

    def _looks_around(self) -> None:
        if self.random.random() < 0.3:
            likes = np.array(list(self.fan.likes.values()))
            category = list(self.fan.likes)[int(self.random.choice(len(likes), p=likes / likes.sum()))]
            self._wait(20.0, 0.5)
            self._does(InteractionType.VIEW, category)

    def _does(self, type: InteractionType, category: str, amount: Decimal | None = None) -> None:
        self._add(type, Sender.FAN, amount=amount, metadata={"category": category})

    def _wait(self, median_seconds: float, spread: float) -> None:
        self.now += timedelta(seconds=float(median_seconds * self.random.lognormal(0.0, spread)))

    def _add(self, type: InteractionType, sender: Sender, **more: Any) -> None:
        self.now += timedelta(seconds=1)
        self.count += 1
        self.events.append(Event(UUID(int=self.count), self.now, type, sender, **more))


def visits(fan: LatentFan, days: int, random: np.random.Generator) -> list[tuple[datetime, bool]]:
    """Return when conversations begin, in order, and whether we begin them."""
    found = [*_own_visits(fan, days, random), *_openers(fan, days, random)]
    return sorted(found)


def chance_of_visit(fan: LatentFan, at: datetime, days: int = 7) -> float:
    """Return the chance that the fan comes by themselves within so many days."""
    first = (at - START) // timedelta(days=1)
    return 1.0 - float(np.exp(-sum(_rate(fan, day) for day in range(first, first + days))))


def _rate(fan: LatentFan, day: int) -> float:
    """Return the visits to be expected on a day."""
    return fan.visits_a_day * 7 * fan.weekdays[day % 7] * (FADED_SHARE if fan.has_faded(day) else 1.0)


def _own_visits(fan: LatentFan, days: int, random: np.random.Generator) -> Iterator[tuple[datetime, bool]]:
    """On local days, at local hours."""
    for day in range(int(np.ceil(fan.joined_on)), days):
        for _ in range(int(random.poisson(_rate(fan, day)))):
            hour = int(random.choice(24, p=fan.hours)) + float(random.random())
            yield START + timedelta(days=day, hours=hour - fan.offset_hours), False


def _openers(fan: LatentFan, days: int, random: np.random.Generator) -> Iterator[tuple[datetime, bool]]:
    """About every ten days we write first."""
    day = fan.joined_on + 3.0 + float(random.exponential(10.0))
    while day < days:
        yield START + timedelta(days=day), True
        day += float(random.exponential(10.0))


def _taste(leaning: Leaning, direction: int) -> int:
    return {Leaning.LESS: -1, Leaning.NONE: 0, Leaning.MORE: 1}[leaning] * direction


def _text(words: int, has_emoji: bool) -> str:  # noqa: FBT001 - there are only these two
    spoken = " ".join(_WORDS[index % len(_WORDS)] for index in range(words))
    return f"{spoken} 😊" if has_emoji else spoken


def _reading(valence: float, *, abstains: bool) -> MessageReading:
    shares: Mapping[Sentiment, float] = {
        Sentiment.POSITIVE: max(valence, 0.0),
        Sentiment.NEGATIVE: max(-valence, 0.0),
        Sentiment.NEUTRAL: 1.0 - abs(valence),
    }
    likeliest = max(shares, key=lambda name: shares[name])
    return MessageReading(None if abstains else likeliest, shares[likeliest], shares, method=Method.MODEL)
