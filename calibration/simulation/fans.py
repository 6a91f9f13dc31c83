"""Invented fans: what they like and when they come. The learners see only what follows from it.

Nothing here is made from the learners' own curves or priors, so that a learner can be wrong.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from calibration.domain import Traits
from memory.domain import Tone

CATEGORIES = ("audio", "custom", "live", "photos", "videos")
# What every creator's manner of speaking is before anything is learnt.
PERSONA = Traits(tone=Tone.FRIENDLY, emoji_frequency=0.5, preferred_emojis=("😊",))
OFFSETS = (-8, -5, -5, -3, 0, 1, 1, 1, 2, 9, 10)
HOURS = np.arange(24)


class Leaning(StrEnum):
    """Which way a fan would have something."""

    LESS = "less"
    NONE = "none"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class LatentFan:
    """What is true of a fan.

    Args:
        likes: category → chance that something of it is welcome, 0-1.
        tones: tone → how well it is received, 0-1.
        length, emojis: whether our messages should have less or more than the persona's.
        hours: 24 probabilities in local time.
        weekdays: 7 probabilities, 0 is Sunday.
        offset_hours: of local time from UTC.
        states_zone: the client sends the offset.
        visits_a_day: that the fan begins.
        turns: of ours in a conversation, on average.
        joined_on: day.
        fades_on: day from which the fan hardly comes any more; None for who stays.
    """

    likes: dict[str, float]
    tones: dict[Tone, float]
    length: Leaning
    emojis: Leaning
    hours: tuple[float, ...]
    weekdays: tuple[float, ...]
    offset_hours: int
    states_zone: bool
    visits_a_day: float
    turns: float
    joined_on: float
    fades_on: float | None

    @property
    def best_tone(self) -> Tone:
        return max(self.tones, key=lambda tone: (self.tones[tone], tone))

    def has_faded(self, day: float) -> bool:
        return self.fades_on is not None and day >= self.fades_on


def draw_fan(random: np.random.Generator, days: int) -> LatentFan:
    """Return a fan as there might be one.

    Args:
        days: how long the simulation goes; who fades does so within it.
    """
    joined_on = float(random.uniform(0, days * 0.3))
    fades = random.random() < 0.4
    return LatentFan(
        likes={name: float(random.beta(1.2, 1.8)) for name in CATEGORIES},
        tones=_tones(random),
        length=_leaning(random),
        emojis=_leaning(random),
        hours=_hours(random),
        weekdays=tuple(float(share) for share in random.dirichlet(np.full(7, 2.5))),
        offset_hours=int(random.choice(OFFSETS)),
        states_zone=bool(random.random() < 0.3),
        visits_a_day=float(np.clip(random.gamma(1.5, 0.3), 0.05, 2.0)),
        turns=float(1 + random.gamma(2.0, 1.5)),
        joined_on=joined_on,
        fades_on=float(random.uniform(joined_on + 14, days)) if fades else None,
    )


def _tones(random: np.random.Generator) -> dict[Tone, float]:
    """Return how well tones are received: one clearly best, for a third of the fans that of the persona."""
    others = [tone for tone in Tone if tone != PERSONA.tone]
    best = PERSONA.tone if random.random() < 1 / 3 else others[int(random.integers(len(others)))]
    received = {tone: float(random.uniform(0.25, 0.6)) for tone in Tone}
    return received | {best: max(received.values()) + 0.25}


def _leaning(random: np.random.Generator) -> Leaning:
    return list(Leaning)[int(random.integers(3))]


def _hours(random: np.random.Generator) -> tuple[float, ...]:
    """Return a day with a long evening and a short noon; one in ten lives by night."""
    evening = random.normal(20.5, 1.5) if random.random() < 0.9 else random.normal(3.0, 2.0)
    noon, weight = random.normal(12.5, 1.5), random.uniform(0.1, 0.4)
    day = (1 - weight) * _bump(evening, random.uniform(1.5, 5.0)) + weight * _bump(noon, 3.0)
    spread = 0.9 * day + 0.1 / 24
    return tuple(float(share) for share in spread / spread.sum())


def _bump(centre: float, concentration: float) -> NDArray[np.float64]:
    """Return a von Mises curve over the hours."""
    curve = np.exp(concentration * np.cos((HOURS + 0.5 - centre) * 2 * np.pi / 24))
    return np.asarray(curve / curve.sum(), dtype=np.float64)
