"""Words and sentences of any script, for search, topics and word lists."""

import re
import unicodedata

# str.isalnum() leaves out the signs that Indic, Arabic and Thai words are written with, and combining accents.
_MARKS = (
    "\u0300-\u036f\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0981-\u0983\u09bc-\u09cd"
    "\u0b82\u0bbe-\u0bcd\u0e31-\u0e3a\u0e47-\u0e4e"
)
_LETTER = rf"(?:[^\W_]|[{_MARKS}])"
_WORD = re.compile(rf"{_LETTER}+(?:'{_LETTER}+)*")
# Written without spaces: ideographs and kana. Pairs of characters stand in for words there.
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_SENTENCE_END = re.compile("(?<=[.!?\u2026])[\"'\u201d\u2019)\\]]*\\s+|(?<=[\u3002\uff01\uff1f])|\n+")
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2019\u2018\u02bc\u0060\u00b4", "'"))


def words(text: str) -> list[str]:
    """Return the lower-cased words of a text in order; emoji and punctuation are none.

    Apostrophes stay inside words ("don't"), however they are typed. Runs of Chinese or Japanese characters come as
    overlapping pairs, as those scripts set no spaces.
    """
    found: list[str] = []
    for word in _WORD.findall(normal(text)):
        found.extend(_without_spaces(word) if _UNSPACED.search(word) else [word])
    return found


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, trimmed, without empty ones; a line break ends one."""
    return [sentence.strip() for sentence in _SENTENCE_END.split(text) if sentence and sentence.strip()]


def normal(text: str) -> str:
    """Return the text lower-cased, composed (NFC), with one kind of apostrophe."""
    return unicodedata.normalize("NFC", text).translate(_APOSTROPHES).lower()


def _without_spaces(word: str) -> list[str]:
    parts: list[str] = []
    end = 0
    for run in _UNSPACED.finditer(word):
        parts.extend(filter(None, [word[end : run.start()]]))
        parts.extend(_pairs(run.group()))
        end = run.end()
    return [*parts, *filter(None, [word[end:]])]


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]
