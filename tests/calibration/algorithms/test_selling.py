from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms import mood as moods
from calibration.algorithms.disengagement import ACTIONS, Signal, SignalType
from calibration.algorithms.mood import Mood, MoodState
from calibration.algorithms.selling import (
    MAX_ESCALATIONS,
    SellingParams,
    SellingState,
    SellingVerdict,
    escalations,
    learn,
    verdict,
)
from calibration.domain import CueKind
from memory.domain import InteractionType, Sender, Sentiment
from tests.calibration.algorithms.states import at, fan, histories, identity, ours, reading, size, stored_and_loaded

NO_MOOD = Mood()
GOOD, BAD = Mood(sentiment=Sentiment.POSITIVE), Mood(sentiment=Sentiment.NEGATIVE)
LOWERING_TEXTS = ("I'm so lonely", "I feel hopeless", "I want to die", "I'm 16", "good morning")


def _signal(severity=0.5, type=SignalType.LONG_DELAYS):
    return Signal(type, severity, 0.6, 0.99, (), ACTIONS[type])


def _verdict(*events, mood=NO_MOOD, signals=(), as_of=None, **more):
    state = learn(SellingState(), events)
    return verdict(state, mood, signals, as_of or (events[-1].at if events else at(0)), **more)


def test_where_nothing_is_known_selling_is_as_usual():
    assert _verdict() == SellingVerdict(
        allowed=True,
        ppv_allowed=True,
        pressure=1.0,
        price_factor=1.0,
        soft_sell_probability=0.2,
        hold_messages=0,
        escalate=False,
    )


def test_a_good_mood_lifts_the_soft_sell_by_a_quarter_and_nothing_else():
    lifted = _verdict(mood=GOOD)
    assert lifted.soft_sell_probability == pytest.approx(0.25)
    assert replace(lifted, soft_sell_probability=0.2) == _verdict()
    assert _verdict(mood=GOOD, params=SellingParams(base_soft_sell=0.9)).soft_sell_probability == 1.0


def test_after_a_bad_word_two_messages_of_ours_pass_without_an_offer():
    events = [fan(0, "that was bad", valence=-0.9), ours(0.1), ours(0.2, Sender.CREATOR)]
    holds = [_verdict(*events[:count]) for count in (1, 2, 3)]
    assert [found.hold_messages for found in holds] == [2, 1, 0]
    assert [found.ppv_allowed for found in holds] == [False, False, True]
    assert holds[0].allowed
    assert holds[0].soft_sell_probability == 0.0
    assert holds[0].pressure == pytest.approx(0.4)
    assert holds[0].reasons == ("low_mood",)


def test_what_is_not_conversation_ends_no_hold():
    held = learn(SellingState(), [fan(0, valence=-0.9)])
    assert learn(held, [ours(0.1, isMass=True), fan(0.2, "", type=InteractionType.VIEW)]) == held
    assert learn(held, [fan(0.3, "thanks", valence=0.9)]) == held


def test_as_long_as_the_mood_is_bad_the_hold_goes_on():
    found = _verdict(fan(0, valence=-0.9), ours(0.1), ours(0.2), ours(0.3), mood=BAD)
    assert (found.ppv_allowed, found.hold_messages) == (False, 2)


def test_an_unclear_or_neutral_word_holds_nothing():
    unclear = fan(0, reading=reading(-0.4, clear=False))
    assert learn(SellingState(), [unclear, fan(1, valence=0.0), fan(2)]) == SellingState()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("I'm 16", CueKind.UNDER_AGE),
        ("I want to kill myself", CueKind.SELF_HARM),
        ("I feel hopeless", CueKind.DISTRESS),
    ],
)
def test_these_stop_selling_until_a_human_says_otherwise(text, kind):
    event = fan(0, text)
    stopped = _verdict(event, mood=GOOD, as_of=at(400))
    assert (stopped.allowed, stopped.ppv_allowed, stopped.escalate) == (False, False, True)
    assert (stopped.pressure, stopped.soft_sell_probability) == (0.0, 0.0)
    assert stopped.cues == (kind,)
    assert stopped.reasons[0] == kind
    (escalation,) = escalations(learn(SellingState(), [event]))
    assert (escalation.kind, escalation.at, escalation.event_id) == (kind, event.at, event.id)


def test_a_human_may_clear_what_was_seen_until_then():
    events = [fan(0, "I feel hopeless"), ours(0.1), ours(0.2)]
    assert _verdict(*events, cleared_at=at(0.3)).allowed
    assert _verdict(*events, cleared_at=at(0)).allowed
    assert not _verdict(*events, cleared_at=at(-1)).allowed
    assert not _verdict(*events, fan(1, "I feel hopeless"), cleared_at=at(0.3)).allowed


def test_loneliness_lowers_pressure_and_price_for_two_weeks():
    events = [fan(0, "I'm so lonely"), ours(0.1), ours(0.2)]
    found = _verdict(*events)
    assert (found.allowed, found.pressure, found.price_factor) == (True, 0.5, 0.9)
    assert found.soft_sell_probability == pytest.approx(0.1)
    assert found.reasons == ("loneliness",)
    assert _verdict(*events, as_of=at(15)) == _verdict()


def test_the_worked_example_of_the_documentation():
    """A lonely fan who writes less, in a good mood: docs/learning/safety.md."""
    found = _verdict(fan(0, "I'm so lonely"), ours(0.1), ours(0.2), mood=GOOD, signals=[_signal(0.5)])
    assert found.pressure == pytest.approx(0.5 * 0.75)
    assert found.soft_sell_probability == pytest.approx(0.075)
    assert found.price_factor == 0.9
    assert found.reasons == ("loneliness", "long_delays")


def test_disengagement_lowers_by_its_gravest_signal():
    one, two = [_signal(0.4)], [_signal(0.4), _signal(0.9, SignalType.SHORT_RESPONSES)]
    assert _verdict(signals=one).pressure == pytest.approx(0.8)
    assert _verdict(signals=two).pressure == pytest.approx(0.55)
    assert _verdict(signals=one).price_factor == 0.9
    assert _verdict(signals=[_signal(0.0)]) == _verdict()


@pytest.mark.parametrize("text", ["can we meet in person", "do you have telegram?", "are you a bot?"])
def test_what_only_wants_a_humans_eye_lowers_nothing(text):
    found = _verdict(fan(0, text))
    assert len(found.cues) == 1
    assert replace(found, cues=()) == _verdict()
    assert _verdict(fan(0, text), as_of=at(8)).cues == ()


def test_words_of_ours_are_no_cues():
    assert learn(SellingState(), [replace(ours(0), text="I feel hopeless")]) == SellingState()


def test_the_ledger_is_bounded_and_keeps_the_grave_ones_longest():
    bots = [fan(number / 100, "are you a bot?") for number in range(40)]
    grave = [fan(1, "I'm 16"), *[fan(2 + number / 100, "are you a bot?") for number in range(40)]]
    state = learn(SellingState(), bots + grave)
    kept = escalations(state)
    assert len(kept) == MAX_ESCALATIONS
    assert kept[-1].event_id == identity(1)
    assert kept[0].at > kept[-1].at
    only_grave = learn(SellingState(), [fan(number, "I'm 16") for number in range(40)])
    assert [entry.at for entry in escalations(only_grave)] == [at(number) for number in range(39, 19, -1)]
    assert size(only_grave) < 8000


def test_what_the_ledger_forgot_still_stops():
    events = [fan(0, "I feel hopeless"), *[fan(1 + number, "I'm 16") for number in range(40)]]
    assert set(_verdict(*events).cues) == {CueKind.DISTRESS, CueKind.UNDER_AGE}


@given(histories(), st.integers(0, 40))
def test_it_makes_no_difference_in_which_parts_the_events_come(events, cut):
    state = learn(SellingState(), events)
    assert learn(learn(SellingState(), events[:cut]), events[cut:]) == state
    assert stored_and_loaded(state) == state


sentiments = st.sampled_from(Sentiment)
signals = st.lists(st.builds(_signal, st.floats(0, 1), st.sampled_from(SignalType)), max_size=4)
params = st.builds(
    SellingParams,
    base_soft_sell=st.floats(0, 1),
    low_mood_factor=st.floats(0, 1),
    lonely_factor=st.floats(0, 1),
    disengaged_factor=st.floats(0, 1),
    careful_price_factor=st.floats(0, 1),
)


def _is_not_harder(after, before):
    """Nothing is sold harder, dearer, or where it was not."""
    assert after.pressure <= before.pressure + 1e-12
    assert after.soft_sell_probability <= before.soft_sell_probability + 1e-12
    assert after.price_factor <= before.price_factor <= 1.0
    assert after.allowed <= before.allowed
    assert after.ppv_allowed <= before.ppv_allowed
    assert after.hold_messages >= before.hold_messages
    assert after.escalate >= before.escalate


@given(histories(), sentiments, signals, signals, params, st.none() | st.integers(0, 60))
def test_another_signal_of_disengagement_never_sells_harder(events, sentiment, some, more, how, cleared):
    state, mood = learn(SellingState(), events), Mood(sentiment=sentiment)
    given_too = {"params": how, "cleared_at": None if cleared is None else at(cleared)}
    before = verdict(state, mood, some, at(500), **given_too)
    _is_not_harder(verdict(state, mood, some + more, at(500), **given_too), before)


@given(histories(), sentiments, signals, params)
def test_a_worse_mood_never_sells_harder(events, sentiment, some, how):
    state = learn(SellingState(), events)
    as_of = events[-1].at if events else at(0)
    before = verdict(state, Mood(sentiment=sentiment), some, as_of, how)
    _is_not_harder(verdict(state, BAD, some, as_of, how), before)
    if sentiment is Sentiment.POSITIVE:
        _is_not_harder(verdict(state, Mood(), some, as_of, how), before)


@given(
    histories(),
    st.sampled_from(LOWERING_TEXTS),
    st.floats(-1, 1),
    signals,
    params,
    st.none() | st.integers(0, 60),
    st.floats(0, 20),
)
def test_a_bad_lonely_or_distressed_message_never_sells_harder(events, text, valence, some, how, cleared, later):
    """Even where the message turns the mood the reader sees: what it says is added, nothing else is changed."""
    end = (events[-1].at - at(0)).total_seconds() / 86400 if events else 0.0
    is_plain = text == "good morning"
    message = fan(end + 0.5, text, reading=reading(-abs(valence) - 0.0 if is_plain else valence))
    if is_plain and message.reading.sentiment is not Sentiment.NEGATIVE:
        return
    as_of = at(end + 0.5 + later)
    before, after = (_seen(seen, some, as_of, how, cleared) for seen in (events, [*events, message]))
    _is_not_harder(after, before)


def _seen(events, some, as_of, how, cleared):
    mood = moods.project(moods.learn(MoodState(), events), as_of)
    cleared_at = None if cleared is None else at(cleared)
    return verdict(learn(SellingState(), events), mood, some, as_of, how, cleared_at=cleared_at)


@given(histories(), sentiments, signals, params)
def test_every_verdict_stays_within_its_bounds(events, sentiment, some, how):
    found = verdict(learn(SellingState(), events), Mood(sentiment=sentiment), some, at(1000), how)
    assert 0 <= found.pressure <= 1
    assert 0 <= found.soft_sell_probability <= 1
    assert 0 <= found.price_factor <= 1
    assert found.ppv_allowed <= found.allowed
