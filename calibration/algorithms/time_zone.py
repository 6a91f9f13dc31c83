"""The fan's time zone: what a client stated last, else what the hours of activity give away, else UTC."""

import math
import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Any

from calibration.algorithms.rhythm import DAILY_CURVE, HOURS, Profiles, log_fit, normalised, plain_profiles, shifted
from calibration.algorithms.sessions import starts_session
from calibration.domain import Event

UTC_NAME = "UTC"
# Zones lie between UTC-12:00 and UTC+14:00.
LEAST_OFFSET_MINUTES = -720
GREATEST_OFFSET_MINUTES = 840
# What an inference can tell apart: one offset for every place of the circle.
INFERRED_OFFSETS = range(-11, 13)
_NAME_LENGTH = 64


class ZoneSource(StrEnum):
    """Where the knowledge of a time zone comes from."""

    STATED = "stated"
    INFERRED = "inferred"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class TimeZoneParams:
    """When an offset may be inferred.

    Args:
        least_events: conversations that the fan began; fewer give no answer.
        least_probability: that the offset is right within ``within_hours``; less gives no answer.
        within_hours: how far off an inferred offset may be.
        plain_factor: what the confidence is multiplied by where the plain day stood in: the share of right answers on
            people who do not live by it (docs/learning/rhythm.md).
        temper: exponent of the likelihood, 0-1: below 1 because nobody lives quite by a typical day.
        uniform_share: of the curve that is spread evenly over the day, so that one night awake decides nothing.
        session_gap_hours: a silence of more begins a new conversation.
    """

    least_events: int = 30
    least_probability: float = 0.8
    within_hours: int = 2
    plain_factor: float = 0.7
    temper: float = 0.15
    uniform_share: float = 0.1
    session_gap_hours: float = 6.0


@dataclass(frozen=True, slots=True)
class TimeZoneState:
    """What speaks for a time zone.

    Args:
        stated: IANA name, or "UTC+05:30" where only the offset was stated; "" for neither.
        hours: conversations that the fan began, by hour in UTC; empty before the first.
        last_event_at: of either side.
    """

    stated: str = ""
    hours: tuple[int, ...] = ()
    last_event_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FanZone:
    """A time zone and how far to trust it.

    Args:
        name: IANA name, "UTC", or "UTC+05:30"; ``zone_info`` makes a tzinfo of each.
        confidence: 1 for a stated one, 0 for an unknown one; else that it is right within ``within_hours``.
    """

    name: str
    confidence: float
    source: ZoneSource

    @property
    def info(self) -> tzinfo:
        return zone_info(self.name)


def learn(state: TimeZoneState, events: Sequence[Event], params: TimeZoneParams = TimeZoneParams()) -> TimeZoneState:
    """Return the state with more events taken in; the latest valid statement stands."""
    for event in events:
        state = _taken_in(state, event, params)
    return state


def zone_of(
    state: TimeZoneState, params: TimeZoneParams = TimeZoneParams(), *, day: Sequence[float] | None = None
) -> FanZone:
    """Return the zone stated last, else the inferred offset, else UTC marked as unknown.

    Args:
        day: the mean local day of the creator's fans whose zone is stated (``rhythm.mean_day``). Without one the plain
            day of ``rhythm`` stands in, and the confidence is lowered by ``plain_factor``.
    """
    if state.stated:
        return FanZone(state.stated, 1.0, ZoneSource.STATED)
    if sum(state.hours) < params.least_events:
        return FanZone(UTC_NAME, 0.0, ZoneSource.UNKNOWN)
    offset, probability = likeliest_offset(
        offset_probabilities(state.hours, plain_profiles(day or DAILY_CURVE), params), params
    )
    if probability < params.least_probability:
        return FanZone(UTC_NAME, 0.0, ZoneSource.UNKNOWN)
    trust = 1.0 if day else params.plain_factor
    return FanZone(offset_name(offset * 60), probability * trust, ZoneSource.INFERRED)


def offset_probabilities(
    hours: Sequence[float], profiles: Profiles, params: TimeZoneParams = TimeZoneParams()
) -> dict[int, float]:
    """Return the probability of each offset of whole hours, given activity by hour in UTC and typical local days.

    ``P(offset) ~ sum over days of share * prod over h of day[(h + offset) mod 24] ** (temper * hours[h])``: whether
    somebody rises late or lives further west can't be told apart, so the days come in early and late versions, and the
    probability spreads over neighbouring offsets. All offsets are as likely before.
    """
    blunt = [
        tuple((1 - params.uniform_share) * p + params.uniform_share / HOURS for p in day) for day in profiles.curves
    ]
    fits = [log_fit(shifted(hours, offset), blunt, profiles.shares, params.temper) for offset in INFERRED_OFFSETS]
    highest = max(fits)
    return dict(zip(INFERRED_OFFSETS, normalised([math.exp(fit - highest) for fit in fits]), strict=True))


def likeliest_offset(
    probabilities: Mapping[int, float], params: TimeZoneParams = TimeZoneParams()
) -> tuple[int, float]:
    """Return the offset around which most of the probability lies, and how much lies within ``within_hours`` of it."""
    steps = range(-params.within_hours, params.within_hours + 1)
    near = {offset: math.fsum(probabilities[_on_circle(offset + step)] for step in steps) for offset in probabilities}
    best = max(near, key=lambda offset: (near[offset], probabilities[offset], -abs(offset)))
    return best, near[best]


def _on_circle(offset: int) -> int:
    return (offset - INFERRED_OFFSETS.start) % HOURS + INFERRED_OFFSETS.start


def stated_zone(metadata: Mapping[str, Any]) -> str:
    """Return the name of the zone that the metadata of an event state, or "". ``timeZone`` goes before the offset."""
    name = metadata.get("timeZone")
    if isinstance(name, str) and is_zone(name):
        return name
    minutes = metadata.get("utcOffsetMinutes")
    if isinstance(minutes, bool) or not isinstance(minutes, int):
        return ""
    return offset_name(minutes) if LEAST_OFFSET_MINUTES <= minutes <= GREATEST_OFFSET_MINUTES else ""


def is_zone(name: str) -> bool:
    """Return whether it is the name of a zone of the IANA database."""
    return 0 < len(name) <= _NAME_LENGTH and _loaded(name) is not None


def offset_name(minutes: int) -> str:
    """Return "UTC" for 0, else such as "UTC-03:30"."""
    if minutes == 0:
        return UTC_NAME
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"


def zone_info(name: str) -> tzinfo:
    """Return the rules of a zone named as in ``FanZone``; UTC for a name that means nothing here."""
    if name.startswith("UTC") and len(name) == len("UTC+00:00"):
        return _fixed(name)
    return _loaded(name) or UTC


def local(at: datetime, name: str) -> datetime:
    """Return an instant in the zone's own time, summer time included."""
    return at.astimezone(zone_info(name))


def _taken_in(state: TimeZoneState, event: Event, params: TimeZoneParams) -> TimeZoneState:
    hours, gap = state.hours, timedelta(hours=params.session_gap_hours)
    if event.is_by_fan and starts_session(state.last_event_at, event.at, gap):
        hours = _counted(hours, event.at.astimezone(UTC).hour)
    return replace(state, stated=stated_zone(event.metadata) or state.stated, hours=hours, last_event_at=event.at)


def _counted(hours: tuple[int, ...], hour: int) -> tuple[int, ...]:
    counts = list(hours or (0,) * HOURS)
    counts[hour] += 1
    return tuple(counts)


def _fixed(name: str) -> tzinfo:
    sign = -1 if name[3] == "-" else 1
    return timezone(sign * timedelta(hours=int(name[4:6]), minutes=int(name[7:9])))


@lru_cache(maxsize=1024)
def _loaded(name: str) -> zoneinfo.ZoneInfo | None:
    """Return the zone, or None. The name of a folder is an OSError, one that leaves the database a ValueError."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None
