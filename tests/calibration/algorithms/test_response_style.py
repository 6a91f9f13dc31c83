import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.response_style import OFFERS, response_style
from calibration.domain import Traits
from memory.domain import MessageLength, PunctuationStyle, Tone

PLAYFUL = Traits(
    tone=Tone.PLAYFUL, emoji_frequency=0.8, preferred_emojis=("😊", "🌞"), punctuation_style=PunctuationStyle.MINIMAL
)


def test_a_calm_day():
    """The example of the page."""
    style = response_style(
        PLAYFUL,
        confidence=0.8,
        target_words=16.0,
        liked_topics=["music", "work"],
        disliked_topics=["work"],
        valence=0.4,
    )
    assert (style.max_length, style.emoji_count, style.tone) == (140, 3, Tone.PLAYFUL)
    assert (style.topics, style.avoid_topics) == (("music",), ("work",))
    assert (style.emojis, style.punctuation, style.reasons) == (("😊", "🌞"), PunctuationStyle.MINIMAL, ())


def test_a_new_fan_hears_the_creators_default():
    style = response_style(Traits(), confidence=0.0)
    assert (style.max_length, style.emoji_count, style.reasons) == (180, 2, ("creator_default",))


def test_the_tone_of_the_decision_comes_first():
    assert response_style(PLAYFUL, confidence=0.8, tone=Tone.FLIRTY).tone is Tone.FLIRTY


def test_a_low_mood_makes_calm():
    style = response_style(PLAYFUL, confidence=0.8, valence=-0.5)
    assert (style.tone, style.emoji_count) == (Tone.FRIENDLY, 1)
    assert style.reasons == ("low_mood_calm_tone", "low_mood_fewer_emojis")


def test_a_calm_profile_stays_as_it_is_in_a_low_mood():
    style = response_style(Traits(tone=Tone.CASUAL, emoji_frequency=0.2), confidence=0.8, valence=-0.5)
    assert (style.tone, style.emoji_count, style.reasons) == (Tone.CASUAL, 1, ())


def test_nothing_may_be_sold():
    style = response_style(PLAYFUL, confidence=0.8, disliked_topics=["work", OFFERS, "work"], may_sell=False)
    assert style.avoid_topics == (OFFERS, "work")
    assert style.reasons == ("no_offers",)


@given(
    st.builds(Traits, tone=st.sampled_from(list(Tone)), emoji_frequency=st.floats(0, 1)),
    st.none() | st.sampled_from(list(Tone)),
    st.none() | st.floats(-1, 1),
    st.booleans(),
)
def test_in_distress_there_are_no_emojis_no_offers_and_a_comforting_tone(traits, tone, valence, may_sell):
    style = response_style(traits, confidence=0.5, tone=tone, valence=valence, distress=True, may_sell=may_sell)
    assert style.emoji_count == 0
    assert style.emojis == ()
    assert style.tone in {Tone.FRIENDLY, Tone.CASUAL}
    assert OFFERS in style.avoid_topics


def test_in_distress_it_says_why():
    style = response_style(PLAYFUL, confidence=0.8, distress=True)
    assert style.reasons == ("distress_comforting_tone", "distress_no_emojis", "no_offers")
    assert response_style(Traits(tone=Tone.CASUAL), confidence=0.8, distress=True).tone is Tone.CASUAL


@pytest.mark.parametrize(("length", "characters"), [("short", 90), ("medium", 180), ("long", 320)])
def test_the_length_preference_sets_the_limit(length, characters):
    assert (
        response_style(Traits(message_length_preference=MessageLength(length)), confidence=1).max_length == characters
    )


def test_topics_are_few():
    topics = [str(index) for index in range(9)]
    assert response_style(Traits(), confidence=1, liked_topics=topics).topics == tuple("01234")
    assert response_style(Traits(), confidence=1, disliked_topics=topics).avoid_topics == tuple("01234")
