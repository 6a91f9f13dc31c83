"""Words of any script."""

from hypothesis import given
from hypothesis import strategies as st

from ofmemory.infra.text.tokens import sentences, words


def test_words_are_lower_case_and_keep_their_apostrophes() -> None:
    assert words("Don\u2019t WORRY, naïve x2!") == ["don't", "worry", "naïve", "x2"]


def test_emoji_and_punctuation_are_no_words() -> None:
    assert words("🔥🔥 ... !!") == []


def test_marks_belong_to_their_words() -> None:
    assert words("नमस्ते दोस्त") == ["नमस्ते", "दोस्त"]
    assert words("cafe\u0301") == ["café"]


def test_scripts_without_spaces_come_in_pairs() -> None:
    assert words("愛してる ok") == ["愛し", "して", "てる", "ok"]
    assert words("abc愛") == ["abc", "愛"]


def test_sentences_end_at_their_marks_and_at_line_breaks() -> None:
    assert sentences("Hi! How are you?  Fine.\nBye") == ["Hi!", "How are you?", "Fine.", "Bye"]
    assert sentences("元気\uff1fはい。そう") == ["元気\uff1f", "はい。", "そう"]
    assert sentences(" \n ") == []


@given(st.text())
def test_any_text_has_words_without_spaces(text: str) -> None:
    assert all(word and not any(letter.isspace() for letter in word) for word in words(text))


@given(st.text(), st.text())
def test_a_space_between_texts_joins_their_words(first: str, second: str) -> None:
    assert words(f"{first} {second}") == words(first) + words(second)
