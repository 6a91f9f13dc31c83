import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.habits import (
    MAX_STARTS,
    MEMORY,
    RECENT,
    HabitState,
    Trend,
    count_since,
    engagement_level,
    learn,
    log_days,
    typical_gap_days,
)
from memory.domain import EngagementLevel, InteractionType
from tests.calibration.algorithms.states import at, fan, histories, ours, size, stored_and_loaded

HOUR = 1 / 24


def _learnt(*events):
    return learn(HabitState(), events)


def test_a_session_ends_with_six_silent_hours():
    state = _learnt(fan(0), fan(5 * HOUR), fan(11.5 * HOUR), fan(3))
    assert state.sessions == 3
    assert state.starts == (at(0), at(11.5 * HOUR), at(3))
    assert state.log_gaps == pytest.approx(log_days(11.5 * HOUR) + log_days(3 - 11.5 * HOUR))
    assert (state.first_at, state.last_at, state.done) == (at(0), at(3), 4)


def test_whatever_the_fan_does_is_activity_but_only_messages_have_a_length():
    state = _learnt(fan(0, "", type=InteractionType.LIKE), fan(1, "hello"))
    assert (state.done, state.lengths.recent) == (2, (round(math.log(6), 4),))


def test_of_us_only_messages_to_this_fan_count():
    state = _learnt(fan(0), ours(0.1), ours(0.2, isMass=True), ours(0.3))
    assert (state.received, state.unanswered, state.received_at) == (2, 2, at(0.3))
    assert _learnt(fan(0), ours(0.1), fan(0.2)).unanswered == 0


def test_a_reply_is_the_first_message_after_ours():
    state = _learnt(ours(0), fan(HOUR), fan(2 * HOUR), ours(1), fan(1 + HOUR, "", type=InteractionType.LIKE))
    assert state.delays.recent == (round(math.log(3601), 4),)
    assert _learnt(ours(0), fan(8)).delays == Trend()


def test_valences_come_from_what_was_read():
    assert _learnt(fan(0, valence=-0.5), fan(1)).valences.recent == (-0.5,)


def test_a_trend_keeps_the_latest_apart_from_what_is_usual():
    trend = Trend()
    for value in [*range(10), *[100.0] * RECENT]:
        trend = trend.add(float(value))
    assert trend.recent == (100.0,) * RECENT
    assert (trend.count, trend.mean, trend.variance) == (10, pytest.approx(4.5), pytest.approx(8.25))


def test_a_trend_forgets():
    trend = Trend()
    for value in [0.0] * 500 + [1.0] * 500:
        trend = trend.add(value)
    assert trend.count == MEMORY
    assert trend.mean == pytest.approx(1, abs=0.02)
    assert trend.variance == pytest.approx(0, abs=0.02)


def test_the_usual_gap_is_shrunk_toward_a_week():
    assert typical_gap_days(HabitState()) == pytest.approx(7)
    assert typical_gap_days(_learnt(fan(0))) == pytest.approx(7)
    daily = _learnt(*[fan(day) for day in range(60)])
    assert 1 < typical_gap_days(daily) < 1.2


def test_sessions_are_counted_in_a_window():
    state = _learnt(*[fan(day) for day in range(10)])
    assert count_since(state, at(5), at(8)) == 3


def test_the_state_is_bounded():
    state = _learnt(*[fan(number * 0.3, "good morning", valence=0.123456) for number in range(500)])
    assert len(state.starts) == MAX_STARTS
    assert size(state) < 8000
    assert _learnt(fan(0), fan(91)).starts == (at(91),)


@pytest.mark.parametrize(
    ("days", "as_of", "level"),
    [
        ([], 0, EngagementLevel.MEDIUM),
        ([0], 0.5, EngagementLevel.MEDIUM),
        (range(20), 20, EngagementLevel.HIGH),
        (range(20), 22, EngagementLevel.HIGH),
        (range(20), 24, EngagementLevel.LOW),
        ([0, 6, 12, 18], 25.5, EngagementLevel.MEDIUM),
        ([0, 6, 12, 18], 33, EngagementLevel.LOW),
    ],
)
def test_how_engaged_a_fan_is(days, as_of, level):
    assert engagement_level(_learnt(*[fan(day) for day in days]), at(as_of)) is level


@given(histories(), st.integers(0, 40))
def test_it_makes_no_difference_in_which_parts_the_events_come(events, cut):
    state = learn(HabitState(), events)
    assert learn(learn(HabitState(), events[:cut]), events[cut:]) == state
    assert stored_and_loaded(state) == state
