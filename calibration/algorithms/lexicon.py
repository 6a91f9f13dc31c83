"""Sentiment from word lists: the reader where there is no model, and for languages the model does not know.

Our own lists (lexicons/*.json), with negation, intensifiers, phrases that mean something else than their words, and
emoji. Praise in chats is full of dark words ("so bad", "I'm dying"); such phrases stand in the lists as wholes.

Source: the rules follow Hutto and Gilbert, "VADER" (ICWSM 2014): negation turns a word over at 0.74 of its strength,
an intensifier adds to it; the words, weights and calibration are ours.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from memory.domain import Sentiment
from ofmemory.infra.text import emoji
from ofmemory.infra.text.language import ENGLISH, UNKNOWN
from ofmemory.infra.text.tokens import normal

LANGUAGES = ("en", "fr", "es", "de", "pt", "it")
NEGATION_SCOPE = 3
NEGATED = -0.74
INTENSIFIED = 1.3
LONGEST_PHRASE = 5
EMOJIS_COUNTED = 4
# What a list says of other languages than the one it was calibrated on is believed less.
OTHER_LANGUAGES_TEMPERATURE = 1.3
ELISIONS = {"fr", "it"}
_FOLDER = Path(__file__).parent / "lexicons"
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.,;:!?…\n]+")
_STRETCHED = re.compile(r"(\w)\1{2,}")
_BOUNDARY = re.compile(r"[.,;:!?…\n]")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The list of one language.

    Args:
        words: weight of each, -3 to 3.
        phrases: weight of several words together; they hide the words inside.
        negators: turn over what follows within three words.
        negators_behind: turn over what stands before them.
        stops: words that end a negation.
    """

    words: Mapping[str, float]
    phrases: Mapping[tuple[str, ...], float]
    negators: frozenset[str]
    negators_behind: frozenset[str]
    intensifiers: frozenset[str]
    stops: frozenset[str]


@dataclass(frozen=True, slots=True)
class Tally:
    """What the lists find in a text.

    Args:
        positive: sum of the weights that speak well, 0 or more.
        negative: the same for those that speak ill, 0 or more.
        words: how many words and phrases were known.
        emojis: how many emojis were known.
        intensifiers: how many words only add strength.
    """

    positive: float = 0.0
    negative: float = 0.0
    words: int = 0
    emojis: int = 0
    intensifiers: int = 0

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was known."""
        return not self.words and not self.emojis


# log P(sentiment) = bias + positive * log(1 + sum of praise) + negative * log(1 + sum of blame), normalised. Fitted on
# the training part of GoEmotions by multinomial logistic regression (tools/train_text_model/lexicon_fit.py).
CALIBRATION: Mapping[Sentiment, tuple[float, float, float]] = {
    Sentiment.POSITIVE: (-0.468, 1.605, -0.732),
    Sentiment.NEGATIVE: (-0.318, -0.784, 1.283),
    Sentiment.NEUTRAL: (0.786, -0.820, -0.550),
}


def tally(text: str, language: str) -> Tally:
    """Return what the list of a language and that of emojis find in a text; only emojis where there is no list."""
    of_emojis = _tally_emojis(text)
    if language not in LANGUAGES:
        return of_emojis
    return _sum(_tally_words(_tokens(text, language), lexicon(language)), of_emojis)


def probabilities(found: Tally, language: str) -> dict[Sentiment, float]:
    """Return the probability of each sentiment, given what was found; they sum to 1."""
    praise, blame = math.log1p(found.positive), math.log1p(found.negative)
    temperature = 1.0 if language == ENGLISH else OTHER_LANGUAGES_TEMPERATURE
    logits = {
        sentiment: (bias + positive * praise + negative * blame) / temperature
        for sentiment, (bias, positive, negative) in CALIBRATION.items()
    }
    raised = {sentiment: math.exp(logit) for sentiment, logit in logits.items()}
    total = sum(raised.values())
    return {sentiment: value / total for sentiment, value in raised.items()}


def guess_language(text: str) -> str:
    """Return the one list that knows most words of a text too short for a detector; "und" where none stands out."""
    known = {language: tally(text, language).words for language in LANGUAGES}
    best = max(known.values())
    leaders = [language for language, count in known.items() if count == best]
    return leaders[0] if best and len(leaders) == 1 else UNKNOWN


@cache
def lexicon(language: str) -> Lexicon:
    """Return the list of one of ``LANGUAGES``."""
    values: dict[str, Any] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return Lexicon(
        words={word: float(weight) for word, weight in values["words"].items()},
        phrases={tuple(_split(phrase, language)): float(weight) for phrase, weight in values["phrases"].items()},
        negators=frozenset(values["negators"]),
        negators_behind=frozenset(values["negators_behind"]),
        intensifiers=frozenset(values["intensifiers"]),
        stops=frozenset(values["stops"]),
    )


@cache
def emoji_weights() -> Mapping[str, float]:
    """Return how well (3) or ill (-3) each known emoji speaks; 0 for those that do both."""
    values: dict[str, int] = json.loads((_FOLDER / "emoji.json").read_text(encoding="utf-8"))
    return {_plain(symbol): float(weight) for symbol, weight in values.items()}


def _tally_emojis(text: str) -> Tally:
    weights = [weight for symbol in emoji.list_emojis(text) if (weight := _weight(symbol)) is not None]
    counted = sorted(weights, key=abs, reverse=True)[:EMOJIS_COUNTED]
    return Tally(
        positive=sum(weight for weight in counted if weight > 0),
        negative=-sum(weight for weight in counted if weight < 0),
        emojis=len(weights),
    )


def _weight(symbol: str) -> float | None:
    weights = emoji_weights()
    plain = _plain(symbol)
    return weights.get(plain, weights.get(plain[:1]))  # a skin tone or gender changes no feeling


def _plain(symbol: str) -> str:
    return symbol.replace("\ufe0f", "")


def _tally_words(tokens: Sequence[str], known: Lexicon) -> Tally:
    positive = negative = 0.0
    words = intensifiers = at = 0
    while at < len(tokens):
        length, weight = _match(tokens, at, known)
        if weight is not None:
            words += 1
            strength = weight if length > 1 else weight * _modifier(tokens, at, known)
            positive, negative = positive + max(0.0, strength), negative - min(0.0, strength)
        intensifiers += tokens[at] in known.intensifiers
        at += length
    return Tally(positive, negative, words, 0, intensifiers)


def _match(tokens: Sequence[str], at: int, known: Lexicon) -> tuple[int, float | None]:
    for length in range(LONGEST_PHRASE, 0, -1):
        weight = known.phrases.get(tuple(tokens[at : at + length]))
        if weight is not None:
            return length, weight
    return 1, known.words.get(tokens[at])


def _modifier(tokens: Sequence[str], at: int, known: Lexicon) -> float:
    before = _clause(tokens[max(0, at - NEGATION_SCOPE) : at][::-1], known)
    after = _clause(tokens[at + 1 : at + 1 + NEGATION_SCOPE], known)
    negated = any(word in known.negators for word in before) or any(word in known.negators_behind for word in after)
    intensified = bool(before) and before[0] in known.intensifiers
    return (NEGATED if negated else 1.0) * (INTENSIFIED if intensified else 1.0)


def _clause(tokens: Sequence[str], known: Lexicon) -> list[str]:
    """Return the tokens up to where the clause ends."""
    clause: list[str] = []
    for token in tokens:
        if token in known.stops or _BOUNDARY.match(token):
            break
        clause.append(token)
    return clause


def _tokens(text: str, language: str) -> list[str]:
    tokens = _split(normal(emoji.without(text)), language)
    return [token if token in lexicon(language).words else _unstretched(token, language) for token in tokens]


def _unstretched(token: str, language: str) -> str:
    """Return "loveeee" as "love" and "sooo" as "so" where the list knows it so."""
    once, twice = _STRETCHED.sub(r"\1", token), _STRETCHED.sub(r"\1\1", token)
    known = lexicon(language)
    return twice if twice in known.words else once if once in known.words or once in known.intensifiers else token


def _split(text: str, language: str) -> list[str]:
    tokens: list[str] = _TOKEN.findall(text)
    return [part for token in tokens for part in token.split("'")] if language in ELISIONS else tokens


def _sum(first: Tally, second: Tally) -> Tally:
    return Tally(
        first.positive + second.positive,
        first.negative + second.negative,
        first.words + second.words,
        first.emojis + second.emojis,
        first.intensifiers + second.intensifiers,
    )
