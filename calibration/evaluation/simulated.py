"""Invented fans, to set defaults by where no data may be shipped: they come, pause, and one day stay away.

Buy-till-you-die (Fader, Hardie, Lee 2005) with messages: sessions are a Poisson process whose rate differs from fan to
fan (gamma), after each of them the fan may leave for good (beta), the creator answers nearly everything and now and
then writes first.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np

from calibration.domain import Event
from memory.domain import InteractionType, Sender

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 180


def simulate_fans(count: int, seed: int) -> list[list[Event]]:
    """Return the histories of so many fans over ``DAYS`` days."""
    random = np.random.default_rng(seed)
    return [_history(random) for _ in range(count)]


def weekly_days() -> list[datetime]:
    """Return the instants as of which they are looked at."""
    return [START + timedelta(days=day) for day in range(7, DAYS - 7, 7)]


def _history(random: np.random.Generator) -> list[Event]:
    moments = sorted([*_conversations(random), *_openers(random)], key=lambda moment: moment[0])
    return [
        Event(UUID(int=number), START + timedelta(days=day), InteractionType.MESSAGE, sender)
        for number, (day, sender) in enumerate(moments)
        if day < DAYS
    ]


def _conversations(random: np.random.Generator) -> Iterator[tuple[float, Sender]]:
    rate, leaving = random.gamma(0.8, 0.35), random.beta(0.8, 6.0)
    size = random.gamma(2.0, 4.0)
    day = random.uniform(0.0, DAYS * 0.8)
    while day < DAYS:
        at = day
        for _ in range(1 + random.poisson(size)):
            yield at, Sender.FAN
            at += random.exponential(2.0) / 1440.0
            if random.random() < 0.9:
                yield at, Sender.AI
            at += random.exponential(4.0) / 1440.0
        if random.random() < leaving:
            return
        day = at + random.exponential(1.0 / (rate + 0.01))


def _openers(random: np.random.Generator) -> Iterator[tuple[float, Sender]]:
    """What the creator writes first: about every ten days."""
    day = random.exponential(10.0)
    while day < DAYS:
        yield day, Sender.CREATOR
        day += random.exponential(10.0)
