"""How long a message is: words, the three lengths, and characters."""

from dataclasses import dataclass

from memory.domain import MessageLength


@dataclass(frozen=True, slots=True)
class LengthParams:
    """Defaults follow chats: about 20 words a message, a fifth more or less is the next length.

    Args:
        short_words, medium_words, long_words: what each length aims at.
        short_below_words: fewer words than this, or as many, are short.
        long_above_words: more words than this, or as many, are long.
        characters_per_word: with the space.
        headroom: how far above the aim a message may go.
    """

    short_words: float = 10.0
    medium_words: float = 20.0
    long_words: float = 35.0
    short_below_words: float = 16.0
    long_above_words: float = 24.0
    characters_per_word: float = 6.0
    headroom: float = 1.5


def base_words(length: MessageLength, params: LengthParams = LengthParams()) -> float:
    """Return the words that a length aims at."""
    return {
        MessageLength.SHORT: params.short_words,
        MessageLength.MEDIUM: params.medium_words,
        MessageLength.LONG: params.long_words,
    }[length]


def length_of(words: float, params: LengthParams = LengthParams()) -> MessageLength:
    """Return which of the three lengths so many words are."""
    if words <= params.short_below_words:
        return MessageLength.SHORT
    return MessageLength.LONG if words >= params.long_above_words else MessageLength.MEDIUM


def max_characters(words: float, params: LengthParams = LengthParams()) -> int:
    """Return how many characters a message that aims at so many words may have, in steps of 10."""
    return round(words * params.characters_per_word * params.headroom / 10) * 10
