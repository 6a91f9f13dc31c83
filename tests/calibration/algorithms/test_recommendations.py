from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms import offers, preferences, purchases
from calibration.algorithms.purchases import PurchaseTiming
from calibration.algorithms.recommendations import (
    NO_TIMING,
    QUIET_HOURS,
    Candidate,
    RecommendationParams,
    best_slot,
    is_weekend_buyer,
    recommend,
)
from calibration.algorithms.rhythm import DAILY_CURVE, weekday
from calibration.algorithms.selling import SellingVerdict
from tests.calibration.algorithms.shop import bought, declined, histories, on

PARIS = ZoneInfo("Europe/Paris")
NORMAL = SellingVerdict(
    allowed=True,
    ppv_allowed=True,
    pressure=1.0,
    price_factor=1.0,
    soft_sell_probability=0.4,
    hold_messages=0,
    escalate=False,
)
FRIDAY_EVENINGS = [1.375 + 7 * week for week in range(12)]


def _recommend(events, candidates=(), verdict=None, *, as_of=None, **more):
    as_of = as_of or max(event.at for event in events)
    liked = preferences.project(preferences.learn(preferences.PreferenceState(), events), as_of)
    ledger = offers.learn(offers.OfferState(), events)
    bought_so_far = purchases.learn(purchases.PurchaseState(), events)
    patterns = purchases.project(bought_so_far, as_of)
    when = purchases.timing(bought_so_far)
    return recommend(liked, ledger, patterns, candidates, verdict, as_of=as_of, timing=when, **more)


def _codes(recommendation):
    return [because.code for because in recommendation.reasons]


def test_what_is_liked_is_recommended_with_reasons_and_a_time():
    """The example of the page: somebody who buys photos on Friday evenings and has just declined a video."""
    events = [*(bought(day, "photos", 10) for day in FRIDAY_EVENINGS), declined(80, "videos")]
    photos, videos = _recommend(events, [Candidate("videos", price=12), Candidate("photos", price=12)], as_of=on(81))
    assert photos.candidate.category == "photos"
    assert photos.sendable
    assert _codes(photos) == ["preference", "price_fits", "buying_time", "weekend_buyer"]
    assert photos.reasons[1].value == pytest.approx(1.2)
    # 2026-03-27, the Friday after, in the evening.
    assert photos.slot.starts_at.date().isoformat() == "2026-03-27"
    assert photos.slot.starts_at.hour in {20, 21}
    assert (videos.sendable, videos.score) == (False, 0.0)
    assert videos.excluded == "declined_recently:2026-03-29T12:00:00+00:00"
    assert videos.slot.starts_at >= on(87)


def test_without_candidates_the_known_categories_are():
    found = _recommend([bought(0, "photos"), bought(1, "photos"), bought(2, "videos")], as_of=on(3))
    assert [one.candidate.category for one in found] == ["photos", "videos"]


def test_nobody_known_gets_what_is_popular():
    liked = preferences.project(preferences.PreferenceState(), on(0), base_rates={"photos": 0.5, "videos": 0.2})
    found = recommend(liked, offers.OfferState(), [], as_of=on(0))
    assert [one.candidate.category for one in found] == ["photos", "videos"]
    assert [_codes(one) for one in found] == [["popular"], ["popular"]]
    assert recommend(liked, offers.OfferState(), [], [Candidate("unheard of")], as_of=on(0))[0].score == 0.0


def test_what_was_bought_is_never_recommended_again():
    events = [bought(0, "photos", contentId="1", contentHash="h")]
    candidates = [Candidate("photos", content_hash="h"), Candidate("photos", content_id="2")]
    new, old = _recommend(events, candidates, as_of=on(300))
    assert (new.candidate.content_id, new.sendable) == ("2", True)
    assert (old.excluded, old.slot, _codes(old)) == ("already_bought", None, ["already_bought"])


def test_an_item_declined_without_its_category_gets_a_later_slot():
    events = [declined(0, "photos", contentId="1")]
    (one,) = _recommend(events, [Candidate("", content_id="1")], as_of=on(1))
    assert one.excluded.startswith("declined_recently:")
    assert one.slot.starts_at >= on(7)
    events = [declined(0, "", contentId="1")]
    (one,) = _recommend(events, [Candidate("", content_id="1")], as_of=on(1))
    assert one.slot.starts_at >= on(7)
    (one,) = _recommend([declined(0, "photos")], [Candidate("photos")], as_of=on(1))
    assert one.slot.starts_at >= on(7)


def test_where_selling_is_not_allowed_nothing_is_sendable():
    verdict = replace(NORMAL, allowed=False, ppv_allowed=False, pressure=0.0, reasons=("distress",))
    (one,) = _recommend([bought(0)], [Candidate("photos")], verdict, as_of=on(1))
    assert (one.sendable, one.score, one.slot) == (False, 0.0, None)
    assert _codes(one) == ["selling_not_allowed", "distress"]
    held = replace(NORMAL, ppv_allowed=False, reasons=("negative_mood",))
    assert not _recommend([bought(0)], verdict=held, as_of=on(1))[0].sendable


def test_both_objections_are_told():
    verdict = replace(NORMAL, allowed=False, reasons=("distress",))
    (one,) = _recommend([declined(0, "photos")], [Candidate("photos")], verdict, as_of=on(1))
    assert _codes(one)[1:] == ["selling_not_allowed", "distress"]
    assert one.slot is None


@given(st.floats(-1, 2), histories())
def test_a_verdict_can_only_lower_scores(pressure, events):
    as_of = on(4000)
    free = {one.candidate: one.score for one in _recommend([*events, bought(3900)], as_of=as_of)}
    for one in _recommend([*events, bought(3900)], verdict=replace(NORMAL, pressure=pressure), as_of=as_of):
        assert 0 <= one.score <= free[one.candidate]


def test_low_pressure_is_told():
    (one,) = _recommend([bought(0)], [Candidate("photos")], replace(NORMAL, pressure=0.5), as_of=on(1))
    assert "low_pressure" in _codes(one)


def test_a_price_far_above_the_usual_lowers_the_score():
    events = [bought(day, "photos", 10) for day in range(5)]
    fits, high, unknown = (
        _recommend(events, [Candidate("photos", price=price)], as_of=on(5))[0] for price in (15, 25, None)
    )
    assert high.score == pytest.approx(0.7 * fits.score)
    assert "price_high" in _codes(high)
    assert not {"price_high", "price_fits"} & set(_codes(unknown))
    assert unknown.score == fits.score


def test_a_declined_offer_of_long_ago_is_told():
    (one,) = _recommend([declined(0, "photos")], [Candidate("photos")], as_of=on(30))
    assert one.sendable
    assert "declined_before" in _codes(one)


@given(st.integers(0, 400 * 86_400), st.sampled_from([UTC, PARIS]))
def test_a_slot_is_never_in_quiet_hours_and_never_past(seconds, zone):
    as_of = on(seconds / 86_400)
    slot = best_slot(NO_TIMING, as_of, zone)
    assert slot.starts_at >= as_of
    assert slot.starts_at.astimezone(zone).minute == 0
    hours = {(slot.starts_at + timedelta(hours=step)).astimezone(zone).hour for step in range(2)}
    assert QUIET_HOURS.isdisjoint(hours)


def test_weekend_buyers_get_offers_on_friday_and_saturday():
    """Sunday is their best day, but by then the weekend is over."""
    timing = PurchaseTiming(weekdays=(0.5, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05), hours=DAILY_CURVE, occasion_count=5)
    assert is_weekend_buyer(timing)
    assert weekday(best_slot(timing, on(0)).starts_at) in {5, 6}
    seldom = replace(timing, occasion_count=4)
    assert not is_weekend_buyer(seldom)
    assert weekday(best_slot(seldom, on(0)).starts_at) == 0


def test_where_no_window_is_left_nothing_is_sendable():
    params = RecommendationParams(horizon_days=0)
    assert best_slot(NO_TIMING, on(0), params=params) is None
    (one,) = _recommend([bought(0)], [Candidate("photos")], as_of=on(1), params=params)
    assert (one.sendable, one.excluded, one.slot) == (False, "no_time", None)


def test_a_whole_hour_may_begin_at_once():
    timing = PurchaseTiming(NO_TIMING.weekdays, tuple(1.0 if hour in {12, 13} else 0.0 for hour in range(24)), 0)
    assert best_slot(timing, on(0)).starts_at == on(0)


def test_no_more_than_asked_for_and_all_exclusions():
    events = [bought(index / 10, f"c{index}") for index in range(4)] + [declined(1, "c0")]
    found = _recommend(events, as_of=on(1), params=RecommendationParams(most=2))
    assert [one.sendable for one in found] == [True, True, False]
