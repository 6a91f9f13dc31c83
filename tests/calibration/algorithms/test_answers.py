from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.answers import OutcomeParams, OutcomeState, learn, settle, usual_seconds, usual_words
from calibration.domain import Event
from memory.domain import InteractionType, Sender, Tone
from tests.calibration.algorithms.chats import START, at, chat, fan, histories, identity, reading, stored, us

HOUR = 60
DAY = 24 * HOUR


DEFAULTS = OutcomeParams()


def _settled(*events, params=DEFAULTS):
    return settle(OutcomeState(), events, params)[1]


@given(histories(), st.integers(0, 40))
def test_history_may_be_learnt_in_parts(events, cut):
    whole, outcomes = settle(OutcomeState(), events)
    first, early = settle(OutcomeState(), events[:cut])
    second, late = settle(stored(first), events[cut:])
    assert second == whole == learn(OutcomeState(), events)
    assert early + late == outcomes


@given(histories())
def test_outcomes_come_in_order_and_a_turn_is_tried_once(events):
    state, outcomes = settle(OutcomeState(), events)
    tried = [outcome.message_id for outcome in outcomes if outcome.trials]
    assert [outcome.at for outcome in outcomes] == sorted(outcome.at for outcome in outcomes)
    assert len(tried) == len(set(tried)) <= state.turn_count
    for message_id in tried:
        gained = sum(outcome.reward for outcome in outcomes if outcome.message_id == message_id)
        assert 0 <= gained <= 1
    assert all(outcome.since <= outcome.at for outcome in outcomes)
    assert len(state.turns) <= OutcomeParams().max_turns


def test_the_reward_of_a_warm_and_quick_answer():
    """The example of the page: answered after 2 minutes (usual: 10) with 3 words (usual: 9) of valence 0.8."""
    (outcome,) = _settled(us(0, tone="playful"), fan(2, "I love it", reading=reading(0.8)))
    assert outcome.reward == pytest.approx(0.40 + 0.15 * 10 / 12 + 0.15 * 3 / 12 + 0.30 * 0.9)
    assert (outcome.trials, outcome.answered, outcome.tone) == (1, True, Tone.PLAYFUL)
    assert outcome.at == outcome.since == at(2)


@pytest.mark.parametrize("mood", [{}, {"reading": reading(None)}])
def test_a_mood_that_was_not_read_is_left_out(mood):
    (outcome,) = _settled(us(0), fan(10, "one two three four five six seven eight nine", **mood))
    assert outcome.reward == pytest.approx((0.40 + 0.075 + 0.075) / 0.70)


def test_a_declined_offer_is_worth_nothing():
    (outcome,) = _settled(us(0), fan(1, "", InteractionType.OFFER_DECLINED))
    assert (outcome.reward, outcome.answered) == (0.0, True)


def test_an_answer_by_purchase_has_no_length():
    first, second = _settled(us(0), fan(10, "", InteractionType.PURCHASE))
    assert first.reward == pytest.approx((0.40 + 0.075) / 0.55)
    assert second.reward == pytest.approx((1 - first.reward) / 2)
    assert (second.trials, second.since, second.at) == (0, at(10), at(10))


def test_a_later_purchase_adds_to_what_was_said_within_a_day():
    outcomes = _settled(us(0), fan(1), us(HOUR), fan(HOUR + 1), fan(DAY + 10, "", InteractionType.TIP))
    assert [outcome.trials for outcome in outcomes] == [1, 1, 0]
    assert (outcomes[2].since, outcomes[2].message_id) == (at(HOUR + 1), identity(HOUR))


def test_a_purchase_counts_once_a_turn():
    outcomes = _settled(us(0), fan(1), *(fan(minute, "", InteractionType.TIP) for minute in (2, 3)))
    assert [outcome.trials for outcome in outcomes] == [1, 0]


def test_a_turn_forgotten_by_then_gains_nothing():
    events = [*chat(8), fan(400, "", InteractionType.TIP)]
    assert sum(1 for outcome in _settled(*events) if not outcome.trials) == OutcomeParams().max_turns


def test_purchases_may_be_left_alone():
    params = OutcomeParams(with_purchases=False)
    assert _settled(us(0), fan(1, "", InteractionType.PURCHASE), params=params) == []


def test_no_failure_before_the_window_is_known_to_be_over():
    assert _settled(us(0), us(2 * DAY)) == []


def test_an_unanswered_turn_fails_at_the_end_of_its_window():
    outcome, _ = _settled(us(0, tone="flirty"), fan(2 * DAY + 1), us(9 * DAY), fan(9 * DAY + 1))
    assert (outcome.reward, outcome.answered, outcome.trials, outcome.at) == (0.0, False, 1, at(2 * DAY))


def test_one_answer_may_answer_two_turns():
    first, second = _settled(us(0), us(HOUR), fan(HOUR + 5))
    assert first.answered
    assert second.answered
    assert first.reward < second.reward


def test_a_third_turn_ends_the_wait_for_the_first():
    outcome, *rest = _settled(us(0), us(HOUR), us(2 * HOUR), fan(3 * HOUR))
    assert (outcome.message_id, outcome.answered, outcome.at) == (identity(0), False, at(2 * HOUR))
    assert [other.answered for other in rest] == [True, True]


def test_a_burst_is_one_turn():
    events = [us(0, "one two 😊", tone="playful", decisionId="d1"), us(5, "three", tone=3), us(9, "four 😜"), fan(10)]
    (outcome,) = _settled(*events)
    assert (outcome.message_id, outcome.words, outcome.decision_id) == (identity(9), pytest.approx(4 / 3), "d1")
    assert outcome.emojis == ("😊", "😜")
    assert outcome.tone is Tone.PLAYFUL


def test_mass_messages_and_glances_are_nothing():
    view = Event(identity(1), at(1), InteractionType.VIEW, Sender.FAN)
    assert settle(OutcomeState(), [us(0, isMass=True), view, fan(2)])[1] == []
    assert _settled(us(0), view) == []


def test_what_is_not_said_by_us_as_a_message_is_no_turn():
    report = Event(identity(0), START, InteractionType.PURCHASE, Sender.CREATOR)
    assert learn(OutcomeState(), [report]) == OutcomeState()


def test_a_decision_id_that_is_no_text_is_none():
    assert _settled(us(0, decisionId=7), fan(1))[0].decision_id == ""


def test_the_usual_follows_the_fan():
    state = learn(OutcomeState(), chat(30, answer="one two three four"))
    assert usual_seconds(OutcomeState().usual) == pytest.approx(600.0)
    assert usual_seconds(state.usual) == pytest.approx(600 ** (5 / 35) * 120 ** (30 / 35), rel=1e-3)
    assert 4 < usual_words(state.usual) < 5 < usual_words(OutcomeState().usual) == pytest.approx(9.0)


def test_the_state_is_bounded():
    text = " ".join(chr(0x1F600 + index) for index in range(40))
    events = [replace(event, text=text) for event in chat(200)]
    assert len(msgspec.json.encode(learn(OutcomeState(), events))) < 3000


def test_windows_are_parameters():
    params = OutcomeParams(answer_window=timedelta(minutes=5))
    assert _settled(us(0), fan(6), params=params)[0].answered is False
