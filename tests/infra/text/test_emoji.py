"""Emoji are whole graphemes."""

from hypothesis import given
from hypothesis import strategies as st

from ofmemory.infra.text import emoji

FAMILY = "👩‍👩‍👧"


def test_emojis_are_listed_as_written() -> None:
    assert emoji.list_emojis(f"hi 👍🏽 and {FAMILY}, ❤️!") == ("👍🏽", FAMILY, "❤️")


def test_a_family_is_one_emoji() -> None:
    assert emoji.count(FAMILY) == 1


def test_emojis_are_spelled_out() -> None:
    assert emoji.spell_out("I ❤️ you🔥🔥") == "I red heart you fire fire"


def test_text_without_emoji_stays_as_it_is() -> None:
    assert emoji.spell_out("two  spaces, 3 + 4 = 7 :smile:") == "two  spaces, 3 + 4 = 7 :smile:"


def test_a_name_is_plain_words() -> None:
    assert emoji.name("😂") == "face with tears of joy"
    assert emoji.name("x") == ""


def test_emojis_can_be_taken_out() -> None:
    assert emoji.without("nice 🔥") == "nice"


@given(st.text())
def test_nothing_is_left_after_spelling_out(text: str) -> None:
    assert emoji.count(emoji.spell_out(text)) == 0
