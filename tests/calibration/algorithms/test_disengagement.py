import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.disengagement import (
    ACTIONS,
    Basis,
    Disengagement,
    DisengagementParams,
    SignalType,
    disengagement,
)
from calibration.algorithms.habits import HabitState, learn
from calibration.algorithms.returns import DEFAULT_MODEL
from tests.calibration.algorithms.states import at, fan, histories, ours

LONG, SHORT = "that was a long and happy day with my friends at the lake", "ok"


def _seen(*events, as_of):
    return disengagement(learn(HabitState(), events), DEFAULT_MODEL, at(as_of))


def _signals(*events, as_of):
    return {signal.type: signal for signal in _seen(*events, as_of=as_of).signals}


def _days(count, text=LONG, delay=0.001, valence=None, begin=0):
    """One exchange a day: we write, the fan answers."""
    return [
        event for day in range(begin, begin + count) for event in (ours(day), fan(day + delay, text, valence=valence))
    ]


def test_a_fan_never_seen_has_no_probability():
    assert _seen(as_of=0) == Disengagement(Basis.NOT_ENOUGH_DATA)
    assert _seen(ours(0), as_of=1) == Disengagement(Basis.NOT_ENOUGH_DATA)


def test_of_a_new_fan_only_the_population_can_tell():
    found = _seen(fan(0), as_of=2)
    assert found.basis is Basis.NOT_ENOUGH_DATA
    assert found.probability + found.probability_of_return_7d == pytest.approx(1)
    assert found.signals == ()
    assert found.baseline == pytest.approx(1 - DEFAULT_MODEL.base_rate)


def test_after_four_silent_weeks_the_model_has_nothing_to_say():
    assert _seen(*_days(30), as_of=60) == Disengagement(Basis.DORMANT)


def test_a_steady_fan_shows_no_signal():
    found = _seen(*_days(40, valence=0.4), as_of=40)
    assert (found.basis, found.signals) == (Basis.ENOUGH, ())
    assert found.probability_of_return_7d > 0.7


def test_the_strongest_factor_comes_first():
    effects = [abs(factor.value) for factor in _seen(*_days(40), as_of=44).factors]
    assert effects == sorted(effects, reverse=True)
    assert len(effects) == 4


def test_shorter_answers_than_usual_are_told():
    found = _signals(*_days(30), *_days(8, SHORT, begin=30), as_of=38)
    signal = found[SignalType.SHORT_RESPONSES]
    lately, usually, deviations = (factor.value for factor in signal.factors)
    assert lately == pytest.approx(2, abs=0.01)
    assert usually == pytest.approx(len(LONG), rel=0.001)
    assert deviations > 1.5
    assert (signal.severity, signal.suggested_action) == (1.0, ACTIONS[SignalType.SHORT_RESPONSES])
    assert signal.certainty > 0.99
    assert set(found) == {SignalType.SHORT_RESPONSES}


def test_who_was_always_brief_is_not_slipping_away():
    assert _signals(*_days(40, SHORT), as_of=40) == {}


def test_later_answers_than_usual_are_told_in_minutes():
    found = _signals(*_days(30), *_days(8, delay=0.2, begin=30), as_of=38)
    lately, usually, _ = (factor.value for factor in found[SignalType.LONG_DELAYS].factors)
    assert lately == pytest.approx(0.2 * 1440, rel=0.01)
    assert usually == pytest.approx(0.001 * 1440, rel=0.01)
    assert set(found) == {SignalType.LONG_DELAYS}


def test_colder_words_are_told_only_where_they_are_cold():
    cold = _signals(*_days(30, valence=0.6), *_days(8, valence=-0.5, begin=30), as_of=38)
    assert set(cold) == {SignalType.NEGATIVE_SENTIMENT}
    assert _signals(*_days(30, valence=0.9), *_days(8, valence=0.1, begin=30), as_of=38) == {}


def test_rarer_visits_are_told():
    found = _signals(*_days(40), fan(46, LONG), as_of=54)
    lately, usually, _ = (factor.value for factor in found[SignalType.REDUCED_FREQUENCY].factors)
    assert lately == 1
    assert usually == pytest.approx(14 * (40 + 0.25 * 14) / (40 + 14), rel=0.01)
    assert set(found) == {SignalType.REDUCED_FREQUENCY}


def test_the_worked_example_of_the_documentation():
    """Four sessions a fortnight as a rule, none now: docs/learning/disengagement.md."""
    events = [fan(day, LONG) for day in range(0, 57, 7) for day in (day, day + 3)]
    signal = _signals(*events, as_of=76)[SignalType.REDUCED_FREQUENCY]
    lately, usually, deviations = (factor.value for factor in signal.factors)
    assert (lately, round(usually, 2), round(deviations, 2)) == (0, *WORKED[:2])
    assert signal.certainty == pytest.approx(1 - math.exp(-usually))
    assert round(signal.severity, 2) == WORKED[2]


WORKED = (3.96, 3.98, 1.0)


def test_few_messages_make_no_habit():
    few = [fan(day, LONG) for day in range(0, 20, 5)]
    found = _seen(*few, *[fan(20 + hour / 24, SHORT) for hour in range(8)], as_of=21)
    assert found.basis is Basis.ENOUGH
    assert found.signals == ()


def test_one_visit_before_the_window_is_no_rhythm():
    events = [fan(0), fan(13), fan(14)]
    assert _seen(*events, as_of=27).signals == ()


def test_a_long_memory_counts_the_last_ninety_days():
    events = [fan(day * 0.9) for day in range(120)]
    assert set(_signals(*events, as_of=130)) == {SignalType.REDUCED_FREQUENCY}


@given(histories(), st.floats(0, 60))
def test_everything_stays_within_its_bounds(events, later):
    as_of = (events[-1].at - at(0)).total_seconds() / 86400 + later if events else 0
    found = _seen(*events, as_of=as_of)
    for signal in found.signals:
        assert 0 < signal.severity <= 1
        assert DisengagementParams().min_certainty <= signal.certainty <= 1
        assert signal.probability == found.probability
    assert found.probability is None or 0 <= found.probability <= 1
    assert (found.probability is None) == (found.basis is Basis.DORMANT or not any(e.is_by_fan for e in events))
