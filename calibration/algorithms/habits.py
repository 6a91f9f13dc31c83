"""A fan's habits: how often, how long, how fast and how warmly they write, lately and as a rule."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce

from calibration.algorithms.decay import Decayed, days_between
from calibration.algorithms.mood import is_read
from calibration.algorithms.sessions import starts_session
from calibration.domain import Event
from memory.domain import EngagementLevel

MAX_STARTS = 64
KEPT = timedelta(days=90)
RECENT = 8
ACTIVITY_HALF_LIFE_DAYS = 14.0
# A fan who comes back after longer answers no message, they come back.
LONGEST_REPLY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Trend:
    """A measure of the fan's messages: the latest few, and what was usual before them.

    Args:
        recent: the latest ``RECENT`` values, newest last.
        count: of the values before them, at most ``MEMORY``; older ones fade.
        mean: of those.
        variance: of those, around the mean.
    """

    recent: tuple[float, ...] = ()
    count: int = 0
    mean: float = 0.0
    variance: float = 0.0

    def add(self, value: float) -> "Trend":
        """Return the trend with one value more (Welford's update; once ``MEMORY`` is full, exponentially weighted)."""
        recent = (*self.recent, round(value, 4))
        if len(recent) <= RECENT:
            return replace(self, recent=recent)
        count = min(self.count + 1, MEMORY)
        step = recent[0] - self.mean
        mean = self.mean + step / count
        variance = self.variance + (step * (recent[0] - mean) - self.variance) / count
        return Trend(recent[1:], count, mean, variance)


MEMORY = 100


@dataclass(frozen=True, slots=True)
class HabitState:
    """What is kept.

    Args:
        first_at: of whatever the fan did first.
        last_at: and last.
        sessions: runs of the fan's activity, split where 6 h pass without any.
        log_gaps: sum of ``ln(days + 0.1)`` over the gaps between their beginnings.
        starts: beginnings of the newest sessions, newest last; at most ``MAX_STARTS``, none older than 90 days.
        activity: everything the fan did, fading by half in 14 days.
        done: how many things the fan did.
        received: messages of ours, without mass messages; those since the fan's last sign are ``unanswered``.
        received_at: the latest of them.
        lengths: ln(characters + 1) of the fan's messages.
        delays: ln(seconds + 1) until the fan answered.
        valences: of the fan's messages that were read.
    """

    first_at: datetime | None = None
    last_at: datetime | None = None
    sessions: int = 0
    log_gaps: float = 0.0
    starts: tuple[datetime, ...] = ()
    activity: Decayed = field(default_factory=Decayed)
    done: int = 0
    received: int = 0
    received_at: datetime | None = None
    unanswered: int = 0
    lengths: Trend = field(default_factory=Trend)
    delays: Trend = field(default_factory=Trend)
    valences: Trend = field(default_factory=Trend)


def learn(state: HabitState, events: Sequence[Event]) -> HabitState:
    """Return the state after more events.

    Whatever the fan does is activity; of us only messages that are not mass messages count, and only as what the fan
    may answer.
    """
    return reduce(_learn_one, events, state)


def count_since(state: HabitState, since: datetime, until: datetime) -> int:
    """Return how many sessions began in (since, until]."""
    return sum(since < start <= until for start in state.starts)


def log_days(days: float) -> float:
    """Return ``ln(days + 0.1)``: two hours more or less make no difference."""
    return math.log(max(days, 0.0) + 0.1)


def typical_gap_days(state: HabitState, prior_days: float = 7.0, prior_weight: float = 2.0) -> float:
    """Return the geometric mean of the days between sessions, shrunk toward ``prior_days``."""
    gaps = max(state.sessions - 1, 0)
    mean = (state.log_gaps + prior_weight * log_days(prior_days)) / (gaps + prior_weight)
    return math.exp(mean) - 0.1


def engagement_level(state: HabitState, as_of: datetime) -> EngagementLevel:
    """Return how engaged the fan is, by what they did.

    High: a sign within 7 days and at least 3 sessions in 14. Low: silent for more than 14 days, or for more than
    3 days and three times the usual gap. Else medium, and so for who was never seen.
    """
    if state.last_at is None:
        return EngagementLevel.MEDIUM
    silence = days_between(state.last_at, as_of)
    if silence > 14 or silence > max(3.0, 3.0 * typical_gap_days(state)):
        return EngagementLevel.LOW
    is_regular = count_since(state, as_of - timedelta(days=14), as_of) >= 3
    return EngagementLevel.HIGH if is_regular and silence <= 7 else EngagementLevel.MEDIUM


def _learn_one(state: HabitState, event: Event) -> HabitState:
    if event.is_by_fan:
        return _learn_fan(state, event)
    if event.is_message and event.metadata.get("isMass") is not True:
        return replace(state, received=state.received + 1, received_at=event.at, unanswered=state.unanswered + 1)
    return state


def _learn_fan(state: HabitState, event: Event) -> HabitState:
    begins = starts_session(state.last_at, event.at)
    return HabitState(
        first_at=state.first_at or event.at,
        last_at=event.at,
        sessions=state.sessions + begins,
        log_gaps=state.log_gaps + (_log_gap(state, event.at) if begins else 0.0),
        starts=_kept((*state.starts, event.at)) if begins else state.starts,
        activity=state.activity.add(1.0, event.at, ACTIVITY_HALF_LIFE_DAYS),
        done=state.done + 1,
        received=state.received,
        received_at=state.received_at,
        unanswered=0,
        lengths=state.lengths.add(math.log(len(event.text) + 1)) if event.is_message else state.lengths,
        delays=_delays(state, event),
        valences=_valences(state, event),
    )


def _log_gap(state: HabitState, at: datetime) -> float:
    return log_days(days_between(state.starts[-1], at)) if state.starts else 0.0


def _kept(starts: tuple[datetime, ...]) -> tuple[datetime, ...]:
    earliest = starts[-1] - KEPT
    return tuple(start for start in starts[-MAX_STARTS:] if start >= earliest)


def _delays(state: HabitState, event: Event) -> Trend:
    """A reply is the fan's first message after ours."""
    if not event.is_message or not state.unanswered or state.received_at is None:
        return state.delays
    delay = event.at - state.received_at
    return state.delays.add(math.log(delay.total_seconds() + 1)) if delay <= LONGEST_REPLY else state.delays


def _valences(state: HabitState, event: Event) -> Trend:
    return state.valences.add(event.reading.valence) if event.reading and is_read(event) else state.valences
