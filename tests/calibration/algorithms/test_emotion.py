"""What a message says about the mood of who wrote it."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.emotion import intensity, read_message, settle_language
from calibration.domain import Method
from memory.domain import Sentiment
from ofmemory.infra.text.model import TextOutputs, Thresholds

THRESHOLDS = Thresholds(0.65, {"joy": 0.3, "anger": 0.3, "neutral": 0.4})


def outputs(positive: float, negative: float, emotions: Mapping[str, float] | None = None) -> TextOutputs:
    sentiment = {"positive": positive, "negative": negative, "neutral": 1.0 - positive - negative}
    return TextOutputs(sentiment, {"joy": 0.0, "anger": 0.0, "neutral": 0.0, **(emotions or {})}, THRESHOLDS)


def test_the_models_word_is_taken() -> None:
    reading = read_message("what a day", outputs(0.8, 0.05, {"joy": 0.7, "neutral": 0.45}), "en")
    assert (reading.sentiment, reading.confidence, reading.method) == (Sentiment.POSITIVE, 0.8, Method.MODEL)
    assert [emotion.name for emotion in reading.emotions] == ["joy", "neutral"]
    assert reading.reason == ""


def test_it_abstains_below_the_threshold_and_says_how_sure_it_was() -> None:
    reading = read_message("hm", outputs(0.5, 0.2), "en")
    assert (reading.sentiment, reading.confidence, reading.reason) == (None, 0.5, "low_confidence")


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\x00\x00"])
def test_nothing_said_is_no_mood(text: str) -> None:
    reading = read_message(text, outputs(0.9, 0.0), "en")
    assert (reading.sentiment, reading.reason, reading.method) == (None, "empty", Method.NONE)
    assert sum(reading.probabilities.values()) == pytest.approx(1.0)


def test_emoji_alone_are_read_by_the_list() -> None:
    reading = read_message("😍😍", outputs(0.1, 0.8), "und")
    assert (reading.sentiment, reading.method) == (Sentiment.POSITIVE, Method.LEXICON)


def test_unknown_emoji_alone_are_nothing_known() -> None:
    assert read_message("🧱", None, "und").reason == "language"


def test_the_models_word_is_not_taken_for_other_languages() -> None:
    reading = read_message("je suis trop triste", outputs(0.9, 0.0), "fr")
    assert (reading.method, reading.language) == (Method.LEXICON, "fr")
    assert reading.probabilities[Sentiment.NEGATIVE] > reading.probabilities[Sentiment.POSITIVE]


def test_a_language_nobody_here_knows_is_said_to_be_so() -> None:
    reading = read_message("kocham cię bardzo", outputs(0.9, 0.0), "pl")
    assert (reading.sentiment, reading.reason, reading.language) == (None, "language", "pl")


def test_foreign_words_without_feeling_are_not_called_neutral() -> None:
    assert read_message("la table est dans la cuisine", None, "fr").reason == "language"


def test_without_the_model_the_lists_read_english() -> None:
    reading = read_message("I love this, you are amazing", None, "en")
    assert (reading.sentiment, reading.method) == (Sentiment.POSITIVE, Method.LEXICON)


def test_short_foreign_texts_are_settled_by_the_lists() -> None:
    assert settle_language("hola guapa", "und") == "es"
    assert settle_language("merci", "und") == "fr"
    assert settle_language("damn girl", "und") == "und"
    assert settle_language("sexy", "und") == "und"
    assert settle_language("merci", "en") == "en"


@pytest.mark.parametrize("louder", ["LOVE IT", "love it!!!", "loooove it", "love it 😍😍", "really love it"])
def test_emphasis_makes_it_stronger(louder: str) -> None:
    assert intensity(louder, 0.8, "en") > intensity("love it", 0.8, "en")


def test_what_is_not_felt_is_not_loud() -> None:
    assert intensity("OK!!! 😍", 0.0, "en") == 0.0


@given(st.text(), st.floats(0, 1), st.sampled_from(["en", "fr", "und", "ja"]))
def test_intensity_is_a_share_of_what_is_felt(text: str, felt: float, language: str) -> None:
    assert felt / 2 - 1e-9 <= intensity(text, felt, language) <= felt


@given(st.text(), st.floats(0, 0.5), st.floats(0, 0.5), st.sampled_from(["en", "fr", "und", "ja"]))
@pytest.mark.parametrize("reader", [Method.MODEL, Method.LEXICON])
def test_any_text_gives_a_reading(reader: Method, text: str, positive: float, negative: float, language: str) -> None:
    said = outputs(positive, negative) if reader is Method.MODEL else None
    reading = read_message(text, said, language)
    assert sum(reading.probabilities.values()) == pytest.approx(1.0)
    assert reading.confidence == max(reading.probabilities.values())
    assert (reading.sentiment is None) == bool(reading.reason)
    assert reading == read_message(text, said, language)
