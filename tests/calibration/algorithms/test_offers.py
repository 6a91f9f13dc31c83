from datetime import timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.offers import OfferParams, OfferState, find_item, learn, objection, rests_until
from memory.domain import InteractionType
from tests.calibration.algorithms.chats import stored
from tests.calibration.algorithms.shop import bought, declined, deed, histories, offered, on, said


def _state(*events):
    return learn(OfferState(), events)


@given(histories(), st.integers(0, 30))
def test_events_may_be_learnt_in_parts(events, cut):
    params = OfferParams(most_items=3, most_names=2, most_categories=2)
    whole = learn(OfferState(), events, params)
    assert learn(stored(learn(OfferState(), events[:cut], params)), events[cut:], params) == whole
    assert len(whole.items) <= 3


@given(histories())
def test_what_was_bought_is_objected_to_for_good(events):
    state = learn(OfferState(), [*events, bought(5000, contentId="new one")])
    assert objection(state, category="", content_id="new one", as_of=on(9000)) == "already_bought"


def test_no_offer_of_the_category_for_exactly_seven_days():
    state = _state(declined(0, "Photos"))
    last = on(7) - timedelta(microseconds=1)
    assert objection(state, category="photos", as_of=on(0)) == "declined_recently:2026-01-08T12:00:00+00:00"
    assert objection(state, category=" PHOTOS", as_of=last) == "declined_recently:2026-01-08T12:00:00+00:00"
    assert objection(state, category="photos", as_of=on(7)) is None
    assert objection(state, category="videos", as_of=on(0)) is None


def test_the_latest_decline_counts():
    state = _state(declined(0), declined(3))
    assert rests_until(state, category="photos") == on(10)
    assert rests_until(state, category="videos") is None


def test_a_re_upload_keeps_its_history_by_the_hash():
    state = _state(
        offered(0, contentId="1", contentHash="h", category="photos", price=5),
        bought(1, contentId="1", amount=4),
        offered(2, contentId="2", contentHash="h", isOffer=True),
    )
    (item,) = state.items
    assert (item.ids, item.hashes, item.category, item.price) == (("1", "2"), ("h",), "photos", 4.0)
    assert (item.sent_count, item.sent_at, item.bought_at, item.last_at) == (2, on(2), on(1), on(2))
    for name in ({"content_id": "1"}, {"content_id": "2"}, {"content_hash": "h"}):
        assert objection(state, category="photos", as_of=on(100), **name) == "already_bought"
    assert objection(state, category="photos", content_id="3", as_of=on(100)) is None


def test_two_items_that_turn_out_to_be_one_are_joined():
    state = _state(
        bought(0, contentId="1"), declined(1, contentHash="h"), offered(2, contentId="1", contentHash="h", price=3)
    )
    (item,) = state.items
    assert (item.bought_at, item.declined_at, item.sent_count) == (on(0), on(1), 1)


def test_a_declined_item_rests_even_where_its_category_is_not_named():
    state = _state(
        offered(0, contentId="1", category="photos", price=5), deed(1, InteractionType.OFFER_DECLINED, contentId="1")
    )
    assert state.declined == {"photos": on(1)}
    assert objection(state, category="", content_id="1", as_of=on(2)).startswith("declined_recently:")
    assert objection(state, category="photos", as_of=on(2)).startswith("declined_recently:")


def test_a_declined_item_without_a_category_rests_alone():
    state = _state(deed(0, InteractionType.OFFER_DECLINED, contentId="1"))
    assert state.declined == {}
    assert objection(state, category="photos", content_id="1", as_of=on(6)).startswith("declined_recently:")
    assert objection(state, category="photos", content_id="2", as_of=on(6)) is None


def test_what_is_no_offer_and_no_answer_changes_nothing():
    assert _state(said(0), offered(0, contentId="1"), deed(0, InteractionType.LIKE, contentId="1")) == OfferState()
    assert _state(bought(0)) == OfferState()


def test_what_was_never_heard_of_is_not_objected_to():
    assert find_item(OfferState(), content_id="1") is None
    assert objection(OfferState(), category="photos", content_id="1", content_hash="h", as_of=on(0)) is None


def test_bought_items_are_kept_longest():
    params = OfferParams(most_items=2)
    events = [bought(0, contentId="1"), offered(1, contentId="2", price=1), offered(2, contentId="3", price=1)]
    assert [item.ids for item in learn(OfferState(), events, params).items] == [("1",), ("3",)]
    all_bought = [bought(day, contentId=str(day)) for day in range(3)]
    assert [item.ids for item in learn(OfferState(), all_bought, params).items] == [("1",), ("2",)]


def test_of_many_categories_the_latest_declines_are_kept():
    state = _state(*(declined(day / 10, f"c{day}") for day in range(80)))
    assert len(state.declined) == 64
    assert objection(state, category="c79", as_of=on(8)).startswith("declined_recently:")


def test_the_ledger_stays_bounded():
    events = [bought(i / 10, contentId=f"{i}" * 20, contentHash=f"{i:064}") for i in range(500)]
    state = _state(*events)
    assert len(state.items) == 200
    assert len(msgspec.json.encode(state)) < 60_000
