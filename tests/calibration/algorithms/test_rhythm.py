import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.rhythm import (
    DAILY_CURVE,
    HOURS,
    WEEKLY_CURVE,
    RhythmParams,
    best_window,
    fit_profiles,
    hour_counts,
    mean_day,
    mixed,
    normalised,
    passes_for,
    plain_profiles,
    posterior,
    predict,
    profile_weights,
    shifted,
    smoothed,
    weekday,
    weekday_counts,
    weekday_posterior,
)

PARIS = ZoneInfo("Europe/Paris")
counts_of_day = st.lists(st.floats(0, 1000), min_size=HOURS, max_size=HOURS)


def _counts(**hours):
    return tuple(float(hours.get(f"h{hour}", 0)) for hour in range(HOURS))


def test_the_curves_are_probabilities():
    assert sum(DAILY_CURVE) == pytest.approx(1)
    assert sum(WEEKLY_CURVE) == pytest.approx(1)
    assert sum(plain_profiles().shares) == pytest.approx(1)


@given(counts_of_day)
def test_a_prediction_is_a_distribution_without_zeros(counts):
    for probabilities in (predict(counts, plain_profiles()), posterior(counts, DAILY_CURVE)):
        assert math.fsum(probabilities) == pytest.approx(1)
        assert min(probabilities) > 0


@given(counts_of_day, st.integers(0, 23), st.integers(0, 5))
def test_smoothing_knows_no_midnight(counts, hours, passes):
    assert smoothed(shifted(counts, hours), passes) == shifted(smoothed(counts, passes), hours)
    assert math.fsum(smoothed(counts, passes)) == pytest.approx(math.fsum(counts))


def test_eleven_at_night_and_one_in_the_morning_are_around_midnight():
    probabilities = posterior(_counts(h23=20, h1=20), (1 / HOURS,) * HOURS)
    assert best_window(probabilities, 3)[0] == 23
    assert probabilities[0] > probabilities[12]


def test_one_evening_is_no_law():
    """The example of the page."""
    evening = [datetime(2026, 3, 6, 21, minute, tzinfo=UTC) for minute in (0, 5, 9, 30)]
    counts = hour_counts(evening, UTC)
    assert counts[21] == 2.0
    usual = predict(_counts(), plain_profiles())
    now = predict(counts, plain_profiles())
    assert usual[21] == pytest.approx(0.0765, abs=5e-5)
    assert now[21] == pytest.approx(0.0887, abs=5e-5)
    assert now[9] > 0.01


def test_many_evenings_are():
    evenings = [datetime(2026, 3, 1, 9, tzinfo=UTC) + timedelta(days=day) for day in range(60)]
    probabilities = predict(hour_counts(evenings, UTC), plain_profiles())
    assert best_window(probabilities, 3) == (8, pytest.approx(0.688, abs=5e-4))


def test_local_hours_follow_summer_time():
    """Seven in the evening in Paris is 18:00 UTC in winter and 17:00 UTC in summer."""
    instants = [datetime(2026, 1, 5, 18, tzinfo=UTC), datetime(2026, 7, 6, 17, tzinfo=UTC)]
    assert hour_counts(instants, PARIS)[19] == 2.0
    assert weekday_counts(instants, PARIS)[1] == 2.0


def test_sunday_is_day_zero():
    sunday = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert weekday(sunday) == 0
    assert weekday_counts([sunday, sunday + timedelta(hours=1)], UTC) == (math.sqrt(2), 0, 0, 0, 0, 0, 0)
    assert weekday_counts([sunday + timedelta(days=6)], UTC)[6] == 1.0


def test_weekdays_lean_on_the_population():
    three_fridays = weekday_posterior((0, 0, 0, 0, 0, 3, 0))
    assert three_fridays[5] == pytest.approx((3 + 10 / 7) / 13)
    assert weekday_posterior((0,) * 7) == pytest.approx(WEEKLY_CURVE)


def test_few_events_are_smoothed_widely():
    params = RhythmParams()
    passes = [passes_for(events, params) for events in (0, 1, 5, 40, 10_000)]
    assert passes == sorted(passes, reverse=True)
    assert (passes[0], passes[-1]) == (params.most_passes, params.least_passes)


def test_without_events_everybody_is_alike():
    profiles = plain_profiles()
    assert predict(_counts(), profiles) == pytest.approx(mixed(profiles.curves, profiles.shares))


def test_nothing_at_all_is_spread_evenly():
    assert normalised([0.0, 0.0]) == (0.5, 0.5)


def test_night_people_and_day_people_are_told_apart():
    night = [_counts(h23=4, h0=9, h1=9, h2=4)] * 20
    day = [_counts(h8=4, h9=9, h10=9, h11=4)] * 20
    profiles = fit_profiles([*night, *day])
    assert sum(profiles.shares) == pytest.approx(1)
    assert all(sum(curve) == pytest.approx(1) for curve in profiles.curves)
    owl = predict(_counts(h1=2), profiles)
    lark = predict(_counts(h9=2), profiles)
    assert owl[23] > 3 * owl[11]
    assert lark[11] > 3 * lark[23]
    assert len(profile_weights(_counts(h1=2), profiles, 0.4)) == HOURS


def test_with_nobody_heard_the_plain_day_stays():
    assert fit_profiles([]) == plain_profiles()
    assert fit_profiles([_counts(h1=1)]) == plain_profiles()


def test_in_the_mean_day_everybody_counts_once():
    params = RhythmParams(start_people=0.0)
    assert mean_day([], DAILY_CURVE) == DAILY_CURVE
    day = mean_day([_counts(h1=100), _counts(h2=4)], DAILY_CURVE, params)
    assert sum(day) == pytest.approx(1)
    assert day[1] == day[2] == pytest.approx(0.495, abs=1e-3)


def test_a_window_never_touches_closed_hours():
    probabilities = normalised([10.0, *([1.0] * 23)])
    assert best_window(probabilities, 2) == (0, pytest.approx(11 / 33))
    assert best_window(probabilities, 2, frozenset({0})) == (1, pytest.approx(2 / 33))
    assert best_window(probabilities, 2, frozenset(range(0, 24, 2))) is None
