import pytest

from calibration.algorithms.tone_words import read_tone, tone_of
from memory.domain import Tone
from tests.calibration.algorithms.chats import us


@pytest.mark.parametrize(
    ("text", "tone"),
    [
        ("Dear Sam, thank you for your patience. Kind regards.", Tone.PROFESSIONAL),
        ("Listen to me. You will wait until I decide.", Tone.DOMINANT),
        ("Hey handsome, I missed you 😘", Tone.FLIRTY),
        ("Haha, guess what? I dare you 😜", Tone.PLAYFUL),
        ("yo, what's up, gonna chill", Tone.CASUAL),
        ("Good morning! How was your weekend? 😊", Tone.FRIENDLY),
        ("hahahaha", Tone.PLAYFUL),
    ],
)
def test_words_show_a_tone(text, tone):
    assert read_tone(text) is tone


@pytest.mark.parametrize("text", ["", "The parcel is on its way.", "haha good morning", "😘😜"])
def test_unclear_words_show_none(text):
    assert read_tone(text) is None


@pytest.mark.parametrize(
    ("given", "tone"),
    [
        ("playful", Tone.PLAYFUL),
        (" Formal ", Tone.PROFESSIONAL),
        ("odd", Tone.FLIRTY),
        (5, Tone.FLIRTY),
        (None, Tone.FLIRTY),
    ],
)
def test_metadata_come_first_if_they_name_a_tone(given, tone):
    assert tone_of(us(0, "hey handsome", tone=given)) is tone
