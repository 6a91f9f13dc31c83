"""Word lists: negation, phrases, other languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.lexicon import LANGUAGES, emoji_weights, guess_language, lexicon, probabilities, tally
from memory.domain import Sentiment


def likeliest(text: str, language: str = "en") -> Sentiment:
    found = probabilities(tally(text, language), language)
    return max(found, key=found.__getitem__)


@pytest.mark.parametrize(
    "text",
    [
        "you are so bad 😈",
        "damn you look hot",
        "I'm dying 😂",
        "omg you're killing me 🤣",
        "that was not bad at all",
        "can't wait for more",
        "I loveeee this",
        "naughty girl 😏",
        "you're driving me crazy 🔥",
        "holy shit you look amazing",
    ],
)
def test_dark_words_can_be_praise(text: str) -> None:
    assert likeliest(text) is Sentiment.POSITIVE


@pytest.mark.parametrize(
    "text",
    [
        "I don't like this",
        "this was not good, not funny",
        "it's a waste of money",
        "I'm so disappointed, I want my money back",
        "leave me alone",
        "I feel lonely and sad 😢",
    ],
)
def test_blame_is_blame(text: str) -> None:
    assert likeliest(text) is Sentiment.NEGATIVE


@pytest.mark.parametrize("text", ["what time do you go live", "i am on the bus", "see you on monday at nine"])
def test_small_talk_is_neutral(text: str) -> None:
    assert likeliest(text) is Sentiment.NEUTRAL


@pytest.mark.parametrize(
    ("text", "language", "sentiment"),
    [
        ("je t'adore, tu es magnifique", "fr", Sentiment.POSITIVE),
        ("je n'aime pas du tout, c'est nul", "fr", Sentiment.NEGATIVE),
        ("me encanta, qué linda eres", "es", Sentiment.POSITIVE),
        ("qué asco, no me gusta nada", "es", Sentiment.NEGATIVE),
        ("ich liebe deine bilder, wunderschön", "de", Sentiment.POSITIVE),
        ("das mag ich nicht, viel zu teuer", "de", Sentiment.NEGATIVE),
        ("adorei, você é linda", "pt", Sentiment.POSITIVE),
        ("não gostei, péssimo", "pt", Sentiment.NEGATIVE),
        ("sei bellissima, grazie", "it", Sentiment.POSITIVE),
        ("non mi piace, che schifo", "it", Sentiment.NEGATIVE),
    ],
)
def test_six_languages_are_read(text: str, language: str, sentiment: Sentiment) -> None:
    assert likeliest(text, language) is sentiment


def test_a_clause_ends_negation() -> None:
    assert tally("not today, love", "en").positive > 0
    assert tally("no love", "en").positive == 0


def test_negation_turns_a_word_over_at_less_than_its_strength() -> None:
    assert tally("not great", "en").negative == pytest.approx(0.74 * tally("great", "en").positive)


def test_intensifiers_add_strength() -> None:
    assert tally("so happy", "en").positive > tally("happy", "en").positive


def test_a_phrase_hides_its_words() -> None:
    assert tally("so bad", "en").negative == 0


def test_a_language_without_list_has_its_emojis_only() -> None:
    found = tally("kocham cię ❤️", "pl")
    assert (found.words, found.emojis) == (0, 1)


def test_a_skin_tone_changes_no_feeling() -> None:
    assert tally("👍🏽", "en").positive == tally("👍", "en").positive > 0


def test_short_foreign_texts_are_guessed_by_their_words() -> None:
    assert guess_language("hola guapa") == "es"
    assert guess_language("merci") == "fr"
    assert guess_language("xyzzy") == "und"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lists_are_within_their_scale(language: str) -> None:
    known = lexicon(language)
    assert all(-3 <= weight <= 3 for weight in [*known.words.values(), *known.phrases.values()])
    assert not known.negators & set(known.words)
    assert all(word == word.lower() for word in known.words)


def test_emojis_are_within_their_scale() -> None:
    assert all(-3 <= weight <= 3 for weight in emoji_weights().values())


@given(st.text(), st.sampled_from([*LANGUAGES, "und", "pl"]))
def test_probabilities_sum_to_one(text: str, language: str) -> None:
    found = probabilities(tally(text, language), language)
    assert sum(found.values()) == pytest.approx(1.0)
    assert all(0.0 <= value <= 1.0 for value in found.values())


@given(st.text(max_size=50))
def test_more_praise_never_makes_a_text_less_positive(text: str) -> None:
    less, more = (probabilities(tally(f"{text}\n{praise}", "en"), "en") for praise in ("", "wonderful"))
    assert more[Sentiment.POSITIVE] >= less[Sentiment.POSITIVE] - 1e-12
