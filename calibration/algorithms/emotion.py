"""The mood of one message: the model's word where it knows the language, the word lists' elsewhere, else none.

Method, formulas and limits: docs/learning/emotion.md.
"""

import math
import re
from collections.abc import Mapping

from calibration.algorithms import lexicon
from calibration.domain import Emotion, MessageReading, Method
from memory.domain import Sentiment
from ofmemory.infra.text import emoji
from ofmemory.infra.text.language import ENGLISH, UNKNOWN
from ofmemory.infra.text.model import TextOutputs
from ofmemory.infra.text.tokens import words

# The model was trained on English; a text too short to tell is read as English, which most of these chats are in.
MODEL_LANGUAGES = (ENGLISH, UNKNOWN)
EMPTY, LOW_CONFIDENCE, LANGUAGE = "empty", "low_confidence", "language"
# Least probability at which the lists answer; on texts held out of GoEmotions they are right 8 times in 10 above it.
LEXICON_ANSWERS_FROM = 0.65
NOTHING_KNOWN = dict.fromkeys(Sentiment, 1 / 3)
READ_AT_MOST = 8_000
# How much each sign of emphasis adds, and how many of it count.
CAPITALS, EXCLAMATION, STRETCHING, EMOJI, INTENSIFIER = (0.6, 2), (0.4, 3), (0.4, 3), (0.3, 4), (0.5, 3)
UNEMPHATIC = 0.5
_CAPITALS = re.compile(r"\b[^\W\d_a-z]*[A-Z][^\W\d_a-z]{2,}\b")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_SAID = re.compile(r"[^\W_]|[!?]")


def read_message(text: str, outputs: TextOutputs | None, language: str) -> MessageReading:
    """Return what a message says about the mood of who wrote it.

    Args:
        text: the message as it was written.
        outputs: of the model; None where there is none.
        language: ISO 639-1 or "und", as detected.

    Returns: a reading whose probabilities sum to 1; without a sentiment, and with the reason, where it abstains.
    """
    short = text[:READ_AT_MOST]
    if not short.replace("\x00", " ").strip():
        return MessageReading(None, max(NOTHING_KNOWN.values()), NOTHING_KNOWN, reason=EMPTY)
    if outputs is not None and language in MODEL_LANGUAGES and has_words(short):
        return _by_model(short, outputs, language)
    return _by_lexicon(short, language)


def settle_language(text: str, detected: str) -> str:
    """Return the language a text is read in: where the detector cannot tell, a list that knows half of the words.

    Chat messages are often two words long ("hola guapa"), too few for a detector. English stays undecided then, as it
    is read the same way.
    """
    if detected != UNKNOWN:
        return detected
    guess = lexicon.guess_language(text)
    if guess in MODEL_LANGUAGES or lexicon.tally(text, ENGLISH).words:
        return UNKNOWN
    return guess if 2 * lexicon.tally(text, guess).words >= len(words(text)) else UNKNOWN


def has_words(text: str) -> bool:
    """Return whether there is anything but emoji and spaces: the model reads words only."""
    return bool(_SAID.search(emoji.without(text)))


def intensity(text: str, felt: float, language: str) -> float:
    """Return how strongly something is felt, 0-1: felt · (1 - ½ · exp(-emphasis)).

    Args:
        felt: 1 - P(neutral); what is not felt is not felt loudly.

    Emphasis adds up words in capitals, exclamation marks, stretched words, emoji and intensifiers, each up to a limit.
    """
    signs = (
        (CAPITALS, len(_CAPITALS.findall(text))),
        (EXCLAMATION, text.count("!")),
        (STRETCHING, len(_STRETCHED.findall(text))),
        (EMOJI, emoji.count(text)),
        (INTENSIFIER, lexicon.tally(text, language if language in lexicon.LANGUAGES else ENGLISH).intensifiers),
    )
    emphasis = sum(weight * min(count, most) for (weight, most), count in signs)
    return felt * (1.0 - UNEMPHATIC * math.exp(-emphasis))


def _by_model(text: str, outputs: TextOutputs, language: str) -> MessageReading:
    probabilities = {sentiment: outputs.sentiment[sentiment.value] for sentiment in Sentiment}
    thresholds = outputs.thresholds
    return _reading(
        text,
        probabilities,
        language,
        Method.MODEL,
        answers_from=thresholds.answer,
        emotions=_above(outputs.emotions, thresholds.emotions),
    )


def _by_lexicon(text: str, language: str) -> MessageReading:
    spoken = ENGLISH if language == UNKNOWN and has_words(text) else language
    found = lexicon.tally(text, spoken)
    if found.is_empty and spoken != ENGLISH:
        return MessageReading(None, max(NOTHING_KNOWN.values()), NOTHING_KNOWN, language=language, reason=LANGUAGE)
    probabilities = lexicon.probabilities(found, spoken)
    return _reading(text, probabilities, language, Method.LEXICON, answers_from=LEXICON_ANSWERS_FROM)


def _reading(
    text: str,
    probabilities: Mapping[Sentiment, float],
    language: str,
    method: Method,
    *,
    answers_from: float,
    emotions: tuple[Emotion, ...] = (),
) -> MessageReading:
    likeliest = max(probabilities, key=probabilities.__getitem__)
    confidence = probabilities[likeliest]
    answered = confidence >= answers_from
    return MessageReading(
        sentiment=likeliest if answered else None,
        confidence=confidence,
        probabilities=probabilities,
        emotions=emotions,
        intensity=intensity(text, 1.0 - probabilities[Sentiment.NEUTRAL], language),
        language=language,
        method=method,
        reason="" if answered else LOW_CONFIDENCE,
    )


def _above(found: Mapping[str, float], thresholds: Mapping[str, float]) -> tuple[Emotion, ...]:
    kept = [Emotion(name, value) for name, value in found.items() if value >= thresholds[name]]
    return tuple(sorted(kept, key=lambda emotion: (-emotion.probability, emotion.name)))
