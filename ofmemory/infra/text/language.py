"""Which language a chat message is in, offline; "und" where too little was said to tell.

Source: Lui and Baldwin, "langid.py: An Off-the-shelf Language Identification Tool" (ACL 2012), by py3langid.
"""

import re
import threading
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from ofmemory.infra.text import emoji
from ofmemory.infra.text.tokens import normal

UNKNOWN = "und"
ENGLISH = "en"
# The languages of Latin script that fans write; fewer candidates make short texts safer.
LATIN_LANGUAGES = ("en", "fr", "es", "de", "pt", "it", "nl", "pl", "tr", "sv", "ro", "id", "tl")
# One language a script is a guess for Cyrillic and Arabic, but none of them is one we read.
SCRIPTS = {
    "ja": re.compile("[\u3040-\u30ff]"),
    "zh": re.compile("[\u3400-\u4dbf\u4e00-\u9fff]"),
    "ko": re.compile("[\u1100-\u11ff\uac00-\ud7af]"),
    "ru": re.compile("[\u0400-\u04ff]"),
    "ar": re.compile("[\u0600-\u06ff\u0750-\u077f]"),
    "el": re.compile("[\u0370-\u03ff]"),
    "he": re.compile("[\u0590-\u05ff]"),
    "th": re.compile("[\u0e00-\u0e7f]"),
    "hi": re.compile("[\u0900-\u097f]"),
}
READ_AT_MOST = 2_000
SHORTEST_TEXT = 4
ENGLISH_FROM = 0.5
OTHERS_FROM = 0.5
ENGLISH_POSSIBLE_FROM = 0.05
SCRIPT_SHARE_FROM = 0.5
# "wyd" looks Polish: one short word of plain letters decides nothing.
LONGEST_UNDECIDED_WORD = 7
_NOISE = re.compile(r"https?://\S+|[@#]\w+|[\d_]+")
_REPEATED = re.compile(r"(\w)\1{2,}")
_LETTERS = re.compile(r"[^\W\d_]")
_lock = threading.Lock()


def detect(text: str) -> tuple[str, float]:
    """Return (ISO 639-1 code or "und", confidence 0-1) of the language most of the text is in.

    Links, mentions, numbers and emoji do not count. Another language than English is only named where English is
    unlikely: chat slang looks foreign to any detector, and English is what most fans write.
    """
    plain = _plain(text)
    letters = len(_LETTERS.findall(plain))
    if letters < SHORTEST_TEXT and plain.isascii():
        return UNKNOWN, 0.0
    script, share = _script(plain, letters)
    if share >= SCRIPT_SHARE_FROM:
        return script, share
    return _latin(plain)


def _plain(text: str) -> str:
    spoken = emoji.without(text[:READ_AT_MOST].replace("\x00", " "))
    return " ".join(_REPEATED.sub(r"\1\1", _NOISE.sub(" ", normal(spoken))).split())


def _script(plain: str, letters: int) -> tuple[str, float]:
    if plain.isascii() or not letters:
        return UNKNOWN, 0.0
    counts = {language: len(letter.findall(plain)) for language, letter in SCRIPTS.items()}
    if counts["ja"]:
        counts["ja"] += counts.pop("zh")  # Japanese mixes kana with the ideographs
    language = max(counts, key=counts.__getitem__)
    return language, min(1.0, counts[language] / letters)


def _latin(plain: str) -> tuple[str, float]:
    scores = dict(_identifier().rank(plain))
    language = max(scores, key=scores.__getitem__)
    confidence = float(scores[language])
    if language == ENGLISH:
        return (ENGLISH, confidence) if confidence >= ENGLISH_FROM else (UNKNOWN, confidence)
    doubtful = confidence < OTHERS_FROM or scores[ENGLISH] >= ENGLISH_POSSIBLE_FROM or _one_short_word(plain)
    return (UNKNOWN, confidence) if doubtful else (language, confidence)


def _one_short_word(plain: str) -> bool:
    return " " not in plain and plain.isascii() and len(plain) <= LONGEST_UNDECIDED_WORD


def _identifier() -> LanguageIdentifier:
    with _lock:
        return _load()


@lru_cache(maxsize=1)
def _load() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LATIN_LANGUAGES))
    # It keeps the tables of all 139 languages to go back to: 28 MB a process that nobody asks for again.
    identifier._full_model = (identifier.nb_ptc, identifier.nb_pc, identifier.nb_classes)
    return identifier
