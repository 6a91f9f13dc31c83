"""Emoji as whole graphemes: found, counted and spelled out in words."""

import re

import emoji

_SPACES = re.compile(r"[ \t]{2,}")
_VARIATION_SELECTOR = "\ufe0f"
# Every emoji has one of these; the library takes as long to find none in a text as to find some.
_POSSIBLE = re.compile("[\u00a9\u00ae\u203c-\u3299\ufe0f\U0001f000-\U0001ffff]")


def list_emojis(text: str) -> tuple[str, ...]:
    """Return the emojis of a text in order, each as it was written (families and skin tones are one emoji)."""
    return tuple(found["emoji"] for found in emoji.emoji_list(text)) if _POSSIBLE.search(text) else ()


def count(text: str) -> int:
    """Return how many emojis a text has."""
    return len(list_emojis(text))


def name(symbol: str) -> str:
    """Return an emoji's English name in plain words: "❤️" is "red heart"; "" for what is no emoji."""
    return _words(emoji.demojize(symbol)) if emoji.is_emoji(symbol) else ""


def spell_out(text: str) -> str:
    """Return the text with every emoji replaced by its name, for a reader whose vocabulary has none.

    Returns: "I ❤️ you" as "I red heart you"; text without emoji unchanged.
    """
    if not list_emojis(text):
        return text
    spelled = emoji.replace_emoji(text, replace=lambda symbol, _data: f" {_words(emoji.demojize(symbol))} ")
    return _SPACES.sub(" ", spelled.replace(_VARIATION_SELECTOR, "")).strip()


def without(text: str) -> str:
    """Return the text with its emojis taken out."""
    if not _POSSIBLE.search(text):
        return text.strip()
    return emoji.replace_emoji(text, replace=" ").replace(_VARIATION_SELECTOR, "").strip()


def _words(demojized: str) -> str:
    return demojized.strip(":").replace("_", " ").replace("-", " ")
