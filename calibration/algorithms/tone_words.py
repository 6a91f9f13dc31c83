"""Which tone a message of ours has. Never used on what a fan says: it is about what we did."""

import re
from collections.abc import Mapping

from calibration.algorithms.style import list_emojis
from calibration.domain import Event
from memory.domain import TONE_ALIASES, Tone

_WORDS: Mapping[Tone, re.Pattern[str]] = {
    Tone.PROFESSIONAL: re.compile(
        r"\b(?:regards|sincerely|kindly|dear|pleased to|thank you for your|please (?:find|note|let me know)|"
        r"at your convenience|appreciate your)\b"
    ),
    Tone.DOMINANT: re.compile(
        r"\b(?:obey|good boy|on your knees|do as i say|listen to me|behave yourself|you will (?:do|wait|ask|thank)|"
        r"i decide|i own|ask (?:me )?(?:for )?permission|beg)\b"
    ),
    Tone.FLIRTY: re.compile(
        r"\b(?:handsome|sexy|gorgeous|babe|baby|kiss(?:es)?|hug(?:s)? you|miss(?:ed)? you|thinking (?:of|about) you|"
        r"blush(?:ing)?|cutie|come closer)\b"
    ),
    Tone.PLAYFUL: re.compile(
        r"\b(?:haha\w*|hehe\w*|lol|tease|teasing|guess (?:what|who|again)|i bet|dare you|wanna bet|silly|oops|"
        r"catch me|your turn)\b"
    ),
    Tone.CASUAL: re.compile(r"\b(?:sup|yo|gonna|wanna|gotta|kinda|dunno|nah|yeah|ya|chill(?:ing)?|what'?s up)\b"),
    Tone.FRIENDLY: re.compile(
        r"\b(?:how (?:was|is) your|hope you|hope your|so glad|so happy for you|thanks so much|thank you so much|"
        r"take care|good morning|good night|have a (?:great|nice|lovely)|proud of you)\b"
    ),
}
_EMOJIS: Mapping[Tone, frozenset[str]] = {
    Tone.FLIRTY: frozenset("😘😍😏😉🥰💋"),
    Tone.PLAYFUL: frozenset("😜😝😛🤪😂🤣😈🙈😆"),
    Tone.FRIENDLY: frozenset("😊🤗🙂😄☺🌞"),
}
_TONES: Mapping[str, Tone] = {tone.value: tone for tone in Tone}


def tone_of(event: Event) -> Tone | None:
    """Return the tone a message of ours was sent in: as its metadata say, else as its words do, else None."""
    given = event.metadata.get("tone")
    if isinstance(given, str):
        named = given.strip().lower()
        known = _TONES.get(TONE_ALIASES.get(named, named))
        if known is not None:
            return known
    return read_tone(event.text)


def read_tone(text: str) -> Tone | None:
    """Return the tone that the words and emojis of a message of ours show.

    Counts the marks of each tone; the one with the most is it.

    Returns: None where there are no marks, or two tones have equally many.
    """
    words, found = text.lower().replace("\u2019", "'"), list_emojis(text)
    marks = {tone: _count(tone, words, found) for tone in _WORDS}
    first, second = sorted(marks, key=lambda tone: -marks[tone])[:2]
    return first if marks[first] > marks[second] else None


def _count(tone: Tone, words: str, found: tuple[str, ...]) -> int:
    symbols = _EMOJIS.get(tone, frozenset())
    return sum(1 for _ in _WORDS[tone].finditer(words)) + sum(symbol[0] in symbols for symbol in found)
