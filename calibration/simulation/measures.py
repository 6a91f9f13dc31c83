"""What is measured of a simulated fan: learnt values against what is true. 1 is right, 0 is not, shares are means."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from calibration.algorithms import personality, preferences, purchases, rhythm, time_zone
from calibration.algorithms.learner import LearnedState
from calibration.algorithms.lengths import base_words
from calibration.algorithms.personality import Calibration
from calibration.algorithms.time_zone import ZoneSource
from calibration.simulation.fans import PERSONA, LatentFan, Leaning

BASE_WORDS = base_words(PERSONA.message_length_preference)
MOST_HOURS_OFF = 2


class Seen(NamedTuple):
    """One number of one fan.

    Args:
        figure: what it is.
        at: how much was known: interactions, or occasions of buying.
    """

    figure: str
    at: int
    value: float


@dataclass(frozen=True, slots=True)
class Glance:
    """A fan as of an instant, and what was learnt by then."""

    fan: LatentFan
    state: LearnedState
    as_of: datetime


def calibrated(glance: Glance) -> Calibration:
    """Return the profile as it stands in the product: of the last calibration that was due."""
    state = glance.state.calibrated
    as_of = state.interactions.at or glance.as_of
    return personality.calibrate(state, PERSONA, None, frozenset(), as_of)


def of_interactions(glance: Glance, at: int) -> Iterator[Seen]:
    """Yield the figures that are followed by the number of interactions."""
    yield from _of_preferences(glance, at)
    yield from _of_profile(glance, at)
    yield from _of_zone(glance, at)


def of_purchases(glance: Glance, at: int) -> Iterator[Seen]:
    """Yield the figures that are followed by the number of occasions of buying: bits over uniform."""
    zone = time_zone.zone_of(glance.state.zone)
    found = purchases.timing(glance.state.purchases, zone.info)
    nothing = purchases.timing(purchases.PurchaseState(), zone.info)
    # The learner's local hours are the fan's, moved by as much as the zone is wrong.
    moved = rhythm.shifted(glance.fan.hours, _offset(zone, glance.as_of) - glance.fan.offset_hours)
    yield Seen("hours: learnt", at, _bits(moved, found.hours))
    yield Seen("hours: population", at, _bits(moved, nothing.hours))
    yield Seen("hours: best possible", at, _bits(moved, moved))
    if glance.fan.states_zone:
        yield Seen("hours, zone stated: learnt", at, _bits(moved, found.hours))
        yield Seen("hours, zone stated: population", at, _bits(moved, nothing.hours))
        yield Seen("hours, zone stated: best possible", at, _bits(moved, moved))
    days = glance.fan.weekdays
    yield Seen("weekdays: learnt", at, _bits(days, found.weekdays))
    yield Seen("weekdays: best possible", at, _bits(days, days))


def rank_correlation(these: Sequence[float], those: Sequence[float]) -> float:
    """Return Spearman's correlation; 0 where one of the two does not differ at all."""
    ranks = np.array([_ranks(these), _ranks(those)])
    if not ranks.std(axis=1).all():
        return 0.0
    return float(np.corrcoef(ranks)[0, 1])


def _of_preferences(glance: Glance, at: int) -> Iterator[Seen]:
    params = preferences.PreferenceParams()
    content = preferences.project(glance.state.preferences, glance.as_of).content
    likes = glance.fan.likes
    scores = {name: content[name].score if name in content else params.base_rate for name in likes}
    yield Seen("preferences: rank correlation", at, rank_correlation(list(scores.values()), list(likes.values())))
    yield Seen("preferences: distance", at, float(np.mean([abs(scores[name] - likes[name]) for name in likes])))
    for name, found in content.items():
        yield Seen("preferences: above lower bound", at, float(likes[name] >= found.lower_bound))
    best = preferences.predict(glance.state.preferences, glance.as_of)
    if best:
        order = sorted(likes, key=lambda name: -likes[name])
        yield Seen("preferences: first is among best two", at, float(best[0].category in order[:2]))
        yield Seen("preferences: first is among worst two", at, float(best[0].category in order[-2:]))


def _of_profile(glance: Glance, at: int) -> Iterator[Seen]:
    made, fan = calibrated(glance), glance.fan
    tone = made.traits.tone
    yield Seen("tone of the profile: the best", at, float(tone == fan.best_tone))
    yield Seen("tone of the profile: worse than the persona's", at, float(fan.tones[tone] < fan.tones[PERSONA.tone]))
    yield from _direction("length", fan.length, made.target_words - BASE_WORDS, at)
    yield from _direction("emojis", fan.emojis, made.traits.emoji_frequency - PERSONA.emoji_frequency, at)


def _direction(what: str, leaning: Leaning, change: float, at: int) -> Iterator[Seen]:
    if leaning is Leaning.NONE:
        yield Seen(f"{what}: moved without need", at, float(change != 0.0))
        return
    wanted = 1.0 if leaning is Leaning.MORE else -1.0
    yield Seen(f"{what}: right way", at, float(change * wanted > 0.0))
    yield Seen(f"{what}: wrong way", at, float(change * wanted < 0.0))


def _of_zone(glance: Glance, at: int) -> Iterator[Seen]:
    if glance.fan.states_zone:
        return
    zone = time_zone.zone_of(glance.state.zone)
    is_inferred = zone.source is ZoneSource.INFERRED
    yield Seen("zone: inferred", at, float(is_inferred))
    if is_inferred:
        off = abs((_offset(zone, glance.as_of) - glance.fan.offset_hours + 12) % 24 - 12)
        yield Seen("zone: inferred wrongly", at, float(off > MOST_HOURS_OFF))


def _offset(zone: time_zone.FanZone, as_of: datetime) -> int:
    offset = as_of.astimezone(zone.info).utcoffset()
    return round(offset.total_seconds() / 3600) if offset else 0


def _bits(true: Sequence[float], said: Sequence[float]) -> float:
    """Return the expected gain over saying that everything is as likely."""
    return float(np.dot(true, np.log2(np.array(said) * len(said))))


def _ranks(values: Sequence[float]) -> list[float]:
    """Return ranks, equal values sharing theirs."""
    return [sum(other < value for other in values) + sum(other == value for other in values) / 2 for value in values]
