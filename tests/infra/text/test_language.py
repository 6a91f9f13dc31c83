"""Languages of short messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofmemory.infra.text.language import LATIN_LANGUAGES, SCRIPTS, UNKNOWN, detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hey, how are you doing today?", "en"),
        ("je suis très content de te parler", "fr"),
        ("gracias por las fotos de ayer", "es"),
        ("wie geht es dir heute?", "de"),
        ("muito obrigado pelas fotos", "pt"),
        ("non mi piace per niente", "it"),
        ("привет, как дела", "ru"),
        ("愛してる", "ja"),
        ("你好吗", "zh"),
        ("안녕하세요", "ko"),
        ("مرحبا كيف حالك", "ar"),
    ],
)
def test_languages_are_told_apart(text: str, language: str) -> None:
    assert detect(text)[0] == language


@pytest.mark.parametrize("text", ["", " ", "ok", "wyd", "lol", "🔥🔥", "12345", "https://example.org/a", "\x00\x00"])
def test_too_little_is_undetermined(text: str) -> None:
    assert detect(text)[0] == UNKNOWN


@pytest.mark.parametrize("text", ["omg ur so hot", "miss u 2", "damn girl", "u up?", "thx babe", "lmaooo no way"])
def test_english_slang_is_no_foreign_language(text: str) -> None:
    assert detect(text)[0] in {"en", UNKNOWN}


def test_links_and_names_do_not_count() -> None:
    assert detect("https://exemple.fr/bonjour-tout-le-monde thanks for all of this @mademoiselle")[0] == "en"


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    language, confidence = detect(text)
    assert language in {*LATIN_LANGUAGES, *SCRIPTS, UNKNOWN}
    assert 0.0 <= confidence <= 1.0
