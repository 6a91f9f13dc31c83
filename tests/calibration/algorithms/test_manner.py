from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.answers import Outcome, OutcomeState, settle
from calibration.algorithms.manner import (
    MannerParams,
    MannerState,
    emojis_are_better,
    learn,
    liked_emojis,
    longer_is_better,
    shorter_is_better,
)
from tests.calibration.algorithms.chats import START, histories, identity, stored


def _outcome(index, reward, *, words=20.0, emojis=(), trials=1, since=0.0):
    now = START + timedelta(hours=index)
    return Outcome(now, now - timedelta(days=since), identity(index), reward, trials, True, None, words, emojis, "")


def _learnt(*outcomes):
    return learn(MannerState(), outcomes)


NOW = START + timedelta(hours=100)


@given(histories(), st.integers(0, 40))
def test_outcomes_may_be_learnt_in_parts(events, cut):
    outcomes = settle(OutcomeState(), events)[1]
    whole = learn(MannerState(), outcomes)
    assert learn(stored(learn(MannerState(), outcomes[:cut])), outcomes[cut:]) == whole


def test_nothing_known_prefers_nothing():
    assert shorter_is_better(MannerState(), NOW) == pytest.approx(0.5)
    assert longer_is_better(MannerState(), NOW) == pytest.approx(0.5)
    assert emojis_are_better(MannerState(), NOW) == pytest.approx(0.5)
    assert liked_emojis(MannerState(), NOW) == ()


def test_short_messages_that_are_answered_well():
    state = _learnt(*(_outcome(i, 0.9 if i % 2 else 0.2, words=6.0 if i % 2 else 40.0) for i in range(20)))
    assert shorter_is_better(state, NOW) > 0.95
    assert longer_is_better(state, NOW) < 0.05


def test_good_answers_to_short_messages_alone_are_enough():
    assert shorter_is_better(_learnt(*(_outcome(i, 0.9, words=6.0) for i in range(8))), NOW) > 0.85


def test_what_was_not_tried_is_not_judged():
    state = _learnt(*(_outcome(i, 0.9) for i in range(20)))
    assert (emojis_are_better(state, NOW), shorter_is_better(state, NOW), longer_is_better(state, NOW)) == (0.5,) * 3


def test_a_picture_without_words_has_no_length():
    assert _learnt(_outcome(0, 0.9, words=0.0)).lengths == {}


def test_emojis_that_are_answered_well():
    state = _learnt(
        *(_outcome(i, 0.9, emojis=("😊",)) if i % 2 else _outcome(i, 0.2, emojis=("🙈",)) for i in range(12))
    )
    assert liked_emojis(state, NOW) == ("😊",)


def test_an_emoji_seen_twice_is_not_judged():
    assert liked_emojis(_learnt(*(_outcome(i, 1.0, emojis=("😊",)) for i in range(2))), NOW) == ()


def test_messages_with_emojis_compared_with_those_without():
    state = _learnt(*(_outcome(i, 0.9, emojis=("😊",)) if i % 2 else _outcome(i, 0.2) for i in range(20)))
    assert emojis_are_better(state, NOW) > 0.95


def test_emojis_that_are_used_least_are_forgotten():
    symbols = [chr(0x1F600 + index) for index in range(40)]
    state = _learnt(*(_outcome(i, 0.5, emojis=(symbol, "😎")) for i, symbol in enumerate(symbols)))
    assert len(state.emojis) == MannerParams().max_emojis
    assert {"😎", symbols[-1]} <= set(state.emojis)


def test_what_a_purchase_adds_has_faded_with_its_trial():
    params = MannerParams(half_life_days=1.0)
    state = learn(MannerState(), [_outcome(0, 0.0), _outcome(24, 1.0, trials=0, since=1.0)], params)
    assert state.without_emoji.reward == pytest.approx(0.5)
    assert state.without_emoji.trials == pytest.approx(0.5)
    assert state.length_evidence == (identity(0), identity(24))


def test_evidence_names_a_turn_once_and_few_turns():
    again = [_outcome(0, 0.5), _outcome(0, 0.1, trials=0), *(_outcome(i, 0.5) for i in range(1, 9))]
    assert _learnt(*again[:2]).length_evidence == (identity(0),)
    assert len(_learnt(*again).length_evidence) == 5


def test_the_state_is_bounded():
    symbols = [chr(0x1F600 + index) for index in range(60)]
    state = _learnt(*(_outcome(i, 0.123456789, emojis=(symbol,), words=i) for i, symbol in enumerate(symbols)))
    assert len(msgspec.json.encode(state)) < 3500
