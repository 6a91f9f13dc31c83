from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.algorithms.answers import OutcomeParams
from calibration.algorithms.personality import (
    TRAITS,
    PersonalityParams,
    PersonalityState,
    calibrate,
    confidence,
    is_due,
    learn,
    speed_of,
    with_base_rate,
)
from calibration.domain import Traits
from memory.domain import InteractionType, MessageLength, PunctuationStyle, ResponseSpeed, Tone
from memory.shapes import PERSONA_FIELDS
from tests.calibration.algorithms.chats import START, at, chat, fan, histories, reading, stored, us

PERSONA = Traits(preferred_emojis=("🌞",))
NOTHING_LOCKED: frozenset[str] = frozenset()
traits = st.builds(Traits, emoji_frequency=st.floats(0, 1), preferred_emojis=st.sampled_from([(), ("🌞", "😂")]))


def _calibrate(events, persona=PERSONA, previous=None, locked=NOTHING_LOCKED, **more):
    state = learn(PersonalityState(), events)
    return calibrate(state, persona, previous, locked, events[-1].at if events else START, **more)


def _rewarded(count, texts, reward):
    """Messages of ours, each of which is answered warmly or not at all."""
    events = []
    for index in range(count):
        events.append(us(index * 3000, texts[index % len(texts)]))
        if reward(index):
            events.append(fan(index * 3000 + 2, "that is so good to hear", reading=reading(0.9)))
    return events


def _reason(calibration, trait):
    (reason,) = (reason for reason in calibration.reasons if reason.trait == trait)
    return reason


def test_traits_are_named_as_in_the_table():
    assert set(TRAITS) == set(PERSONA_FIELDS)


@settings(max_examples=50)
@given(histories(), st.integers(0, 40))
def test_history_may_be_learnt_in_parts(events, cut):
    whole = learn(PersonalityState(), events)
    assert learn(stored(learn(PersonalityState(), events[:cut])), events[cut:]) == whole


@settings(max_examples=50)
@given(histories(), traits, st.sets(st.sampled_from(TRAITS)))
def test_calibrating_twice_changes_nothing_and_locks_hold(events, persona, locked):
    by_hand = Traits(Tone.DOMINANT, 0.9, MessageLength.LONG, PunctuationStyle.PROPER, ("🎩",), ResponseSpeed.DELAYED)
    first = _calibrate(events, persona, by_hand, frozenset(locked))
    again = _calibrate(events, persona, first.traits, frozenset(locked))
    assert again == replace(first, reasons=())
    assert all(getattr(first.traits, name) == getattr(by_hand, name) for name in locked)
    assert 0 <= first.traits.emoji_frequency <= 1
    assert 0 <= first.confidence < 1
    assert not {reason.trait for reason in first.reasons} & locked


def test_a_new_fan_starts_from_the_persona():
    calibration = _calibrate([])
    assert (calibration.traits, calibration.confidence, calibration.reasons) == (PERSONA, 0.0, ())
    assert calibration.target_words == 20.0


def test_four_interactions_change_nothing():
    assert _calibrate(chat(2)).traits == PERSONA


def test_the_tone_follows_what_is_answered_well():
    calibration = _calibrate(chat(5))
    reason = _reason(calibration, "tone")
    assert calibration.traits.tone is Tone.PLAYFUL
    assert (reason.before, reason.after, reason.rule) == (Tone.FRIENDLY, Tone.PLAYFUL, "tone_answered_better")
    assert reason.numbers["probability_better"] > 0.6
    assert reason.numbers["trials"] == pytest.approx(5.0, abs=0.01)
    assert len(reason.evidence) == 5


def test_three_well_answered_messages_are_enough_to_follow():
    assert _calibrate(chat(3)).traits.tone is Tone.PLAYFUL
    assert _calibrate(chat(3, mood=-0.9)).traits.tone is Tone.FRIENDLY


def test_a_tone_that_is_not_allowed_is_not_followed():
    assert _calibrate(chat(9), allowed_tones=frozenset({Tone.CASUAL})).traits.tone is Tone.FRIENDLY


def test_when_evidence_has_gone_the_persona_is_back():
    state = learn(PersonalityState(), chat(5))
    was = calibrate(state, PERSONA, None, NOTHING_LOCKED, START).traits
    later = calibrate(state, PERSONA, was, NOTHING_LOCKED, START + timedelta(days=900))
    assert later.traits == PERSONA
    assert _reason(later, "tone").rule == "default"


def test_an_uncertain_profile_moves_gently():
    """The example of the page: 14 interactions, confidence 0.54, so 0.77 of a step of 30 % from 0.5."""
    calibration = _calibrate(chat(7, answer="so nice 😊"))
    assert calibration.confidence == pytest.approx(14 / 26, abs=1e-3)
    assert calibration.traits.emoji_frequency == 0.62
    assert calibration.traits.preferred_emojis == ("🌞", "😊")


def test_liked_emojis_are_used_a_third_more_once_it_is_sure():
    calibration = _calibrate(chat(20, answer="so nice 😊"))
    assert calibration.confidence > 0.7
    assert calibration.traits.emoji_frequency == 0.65
    assert calibration.traits.preferred_emojis == ("😊", "🌞")
    assert _reason(calibration, "emoji_frequency").rule == "emojis_liked"
    assert len(_reason(calibration, "preferred_emojis").evidence) == 5


def test_emoji_frequency_is_capped():
    assert _calibrate(chat(20, answer="so nice 😊"), Traits(emoji_frequency=0.9)).traits.emoji_frequency == 1.0


def test_emojis_of_ours_that_are_answered_well_are_liked():
    calibration = _calibrate(_rewarded(40, ["good day to you 😊", "good day to you"], lambda index: index % 2 == 0))
    reason = _reason(calibration, "emoji_frequency")
    assert reason.numbers["probability_better"] > 0.9
    assert calibration.traits.preferred_emojis == ("😊", "🌞")
    assert len(reason.evidence) == 5


def test_emojis_that_are_answered_worse_are_used_less():
    calibration = _calibrate(_rewarded(40, ["good day to you 😊", "good day to you"], lambda index: index % 2 == 1))
    assert calibration.traits.emoji_frequency == 0.35
    assert _reason(calibration, "emoji_frequency").rule == "emojis_answered_worse"


def test_tears_are_not_sent_back():
    calibration = _calibrate(chat(20, answer="what a day 😭💔"))
    assert calibration.traits.preferred_emojis == ("🌞",)
    assert calibration.traits.emoji_frequency == 0.5


LONG = " ".join(["word"] * 40)


def test_short_messages_that_are_answered_well_shorten_ours():
    calibration = _calibrate(_rewarded(40, ["short", LONG], lambda index: index % 2 == 0))
    assert calibration.target_words == pytest.approx(16.0)
    assert calibration.traits.message_length_preference is MessageLength.SHORT
    assert _reason(calibration, "message_length_preference").rule == "short_answered_better"


def test_long_messages_that_are_answered_well_lengthen_ours():
    calibration = _calibrate(_rewarded(40, ["short", LONG], lambda index: index % 2 == 1))
    assert calibration.target_words == pytest.approx(24.0)
    assert calibration.traits.message_length_preference is MessageLength.LONG
    assert _reason(calibration, "message_length_preference").rule == "long_answered_better"


def test_a_locked_length_keeps_its_target():
    events = _rewarded(40, ["short", LONG], lambda index: index % 2 == 0)
    calibration = _calibrate(events, locked=frozenset({"message_length_preference"}))
    assert calibration.target_words == 20.0


def test_punctuation_follows_the_fan_when_it_is_clear():
    calibration = _calibrate(chat(25, answer="that was fun"))
    assert calibration.traits.punctuation_style is PunctuationStyle.MINIMAL
    assert _reason(calibration, "punctuation_style").numbers["messages"] == 25.0
    assert _calibrate(chat(15, answer="that was fun")).traits.punctuation_style is PunctuationStyle.CASUAL


def test_speed_follows_the_fans_own():
    calibration = _calibrate(chat(25))
    assert calibration.traits.response_speed is ResponseSpeed.QUICK
    assert _reason(calibration, "response_speed").numbers["replies"] == 25.0
    assert _calibrate(chat(9)).traits.response_speed is ResponseSpeed.MODERATE


@pytest.mark.parametrize(
    ("seconds", "spread", "speed"),
    [
        (60, 2, "immediate"),
        (61, 2, "quick"),
        (300, 2, "quick"),
        (1800, 2, "moderate"),
        (1801, 2, "delayed"),
        (60, 60, "variable"),
    ],
)
def test_cut_points_of_speed(seconds, spread, speed):
    assert speed_of(seconds, spread) == speed


@pytest.mark.parametrize(
    ("count", "last", "due"),
    [(4, 0, False), (5, 0, True), (14, 5, False), (15, 5, True), (9, 4, True), (30, 30, False)],
)
def test_when_a_calibration_is_due(count, last, due):
    assert is_due(count, last) is due


def test_confidence_grows_with_interactions_and_fades_with_time():
    state = learn(PersonalityState(), chat(14))
    assert confidence(state, at(400)) == pytest.approx(0.7, abs=1e-3)
    assert confidence(state, at(400) + timedelta(days=90)) == pytest.approx(14 / 26, abs=1e-3)


def test_mass_messages_are_no_interactions():
    state = learn(PersonalityState(), [us(0, isMass=True), us(1), fan(2, "", InteractionType.LIKE)])
    assert state.interaction_count == 2


def test_a_creators_base_rate_goes_to_all_parts():
    params = with_base_rate(PersonalityParams(), 0.2)
    assert (params.tone.base_rate, params.manner.base_rate) == (0.2, 0.2)


def test_personality_is_learnt_without_moods_and_purchases():
    params = PersonalityParams(outcomes=OutcomeParams(with_purchases=False))
    events = [replace(event, reading=None) for event in chat(6)]
    state = learn(PersonalityState(), events, params)
    assert calibrate(state, PERSONA, None, NOTHING_LOCKED, events[-1].at, params).traits.tone is Tone.PLAYFUL


def test_reasons_hold_no_words_of_anybody():
    calibration = _calibrate(chat(25, answer="xylophone"))
    assert "xylophone" not in msgspec.json.encode(calibration).decode()


def test_the_state_is_bounded():
    faces = [chr(0x1F600 + index) for index in range(60)]
    events = [
        replace(event, text=f"{event.text} {faces[index % 60]}{faces[(index * 7) % 60]}", metadata={"tone": tone})
        for index, (event, tone) in enumerate(zip(chat(300), list(Tone) * 100, strict=True))
    ]
    assert len(msgspec.json.encode(learn(PersonalityState(), events))) < 8 * 1024
