from datetime import UTC
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.purchases import (
    PatternStatus,
    Population,
    PurchaseParams,
    PurchaseState,
    learn,
    project,
    timing,
)
from calibration.algorithms.rhythm import WEEKLY_CURVE
from memory.domain import InteractionType
from tests.calibration.algorithms.chats import stored
from tests.calibration.algorithms.shop import bought, deed, histories, identity, on, said

# START is a Thursday at noon; so these are Fridays at nine in the evening, UTC.
FRIDAY_EVENINGS = [1.375 + 7 * week for week in range(12)]


def _patterns(events, as_of, zone=UTC, **more):
    return {p.kind: p for p in project(learn(PurchaseState(), events), as_of, zone, **more)}


@given(histories(), st.integers(0, 30))
def test_events_may_be_learnt_in_parts(events, cut):
    params = PurchaseParams(most_recent=3)
    whole = learn(PurchaseState(), events, params)
    assert learn(stored(learn(PurchaseState(), events[:cut], params)), events[cut:], params) == whole


@given(histories())
def test_whatever_happens_patterns_are_sane(events):
    for pattern in _patterns(events, on(4000)).values():
        assert pattern.per_month >= 0
        assert 0 <= pattern.confidence < 1
        assert pattern.occasion_count <= pattern.purchase_count
        assert set(pattern.preferred_weekdays) <= set(range(7))


def test_three_purchases_do_not_look_like_a_law():
    """The example of the page."""
    events = [said(0), *(bought(day, amount=20) for day in FRIDAY_EVENINGS[:3])]
    ppv = _patterns(events, on(30))["ppv"]
    assert ppv.status is PatternStatus.NOT_ENOUGH_DATA
    assert (ppv.preferred_weekdays, ppv.preferred_hours) == ((), ())
    assert (ppv.average_amount, ppv.median_amount) == (20.0, 20.0)
    assert ppv.per_month == pytest.approx(1.283, abs=5e-4)
    assert ppv.confidence == pytest.approx(3 / 11)


def test_twelve_fridays_do():
    ppv = _patterns([bought(day) for day in FRIDAY_EVENINGS], on(90))["ppv"]
    assert ppv.status is PatternStatus.LEARNT
    assert ppv.preferred_weekdays == (5,)
    assert 21 in ppv.preferred_hours
    assert ppv.evidence[-1] == identity(FRIDAY_EVENINGS[-1])


def test_weekdays_and_hours_are_the_fans():
    """Nine on a Friday evening in UTC is six on a Saturday morning in Tokyo."""
    ppv = _patterns([bought(day) for day in FRIDAY_EVENINGS], on(90), ZoneInfo("Asia/Tokyo"))["ppv"]
    assert ppv.preferred_weekdays == (6,)
    assert 6 in ppv.preferred_hours


def test_purchases_of_one_session_are_one_occasion():
    events = [bought(0, amount=5), bought(0.2, amount=10), bought(0.44, amount=30), bought(0.7, amount=5)]
    ppv = _patterns(events, on(1))["ppv"]
    assert (ppv.purchase_count, ppv.occasion_count) == (4, 2)
    assert (ppv.average_amount, ppv.median_amount) == (12.5, 7.5)


def test_kinds_are_apart_and_the_most_frequent_comes_first():
    tip = InteractionType.TIP
    events = [deed(0, tip, 5), bought(0.1), bought(0.2, "custom", 80), deed(1, tip, 7), bought(2, kind="bundle")]
    patterns = project(learn(PurchaseState(), events), on(3))
    assert [(p.kind, p.occasion_count) for p in patterns] == [("tip", 2), ("custom", 1), ("other", 1), ("ppv", 1)]


def test_a_refund_is_no_purchase_and_no_amount_is_no_zero():
    events = [bought(0, amount=-10), bought(1, amount=None)]
    ppv = _patterns(events, on(1))["ppv"]
    assert (ppv.purchase_count, ppv.average_amount, ppv.median_amount) == (1, None, None)
    assert learn(PurchaseState(), [bought(0, amount=-10)]).kinds == {}


def test_the_rate_leans_on_the_population_and_fades():
    events = [said(0), bought(1)]
    usual = Population(per_month={"ppv": 4.0})
    assert _patterns(events, on(1))["ppv"].per_month < _patterns(events, on(1), population=usual)["ppv"].per_month
    rates = [_patterns(events, on(days))["ppv"].per_month for days in (1, 100, 1000)]
    assert rates == sorted(rates, reverse=True)


def test_when_a_fan_buys():
    state = learn(PurchaseState(), [bought(day) for day in FRIDAY_EVENINGS])
    when = timing(state)
    assert max(range(7), key=lambda day: when.weekdays[day]) == 5
    assert max(range(24), key=lambda hour: when.hours[hour]) == 21
    assert when.occasion_count == 12
    nobody = timing(PurchaseState())
    assert nobody.weekdays == pytest.approx(WEEKLY_CURVE)
    assert nobody.occasion_count == 0


def test_the_state_stays_small():
    kinds = [("photos", {}), ("custom", {}), ("photos", {"kind": "bundle"})]
    events = [bought(i / 2, kinds[i % 3][0], amount=123.45, **kinds[i % 3][1]) for i in range(1000)]
    state = learn(PurchaseState(), [*events, *(deed(500 + i, InteractionType.TIP, 1.11) for i in range(100))])
    assert len(msgspec.json.encode(state)) < 8_000
