"""How a fan writes: measured habits, each with its number of observations and an interval.

Sums fade by half in ``half_life_days``. A habit seen in ``w`` (faded) messages is shrunk towards the population as if
``k`` messages of an average fan had been seen too: ``(sum + k * population) / (w + k)``.

Source: conjugate Beta-Binomial and Normal-Normal shrinkage; quantiles of delays as in DDSketch (Masson et al. 2019,
arXiv 1908.10693): counts in bins whose bounds grow by a constant factor, so the error is relative.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from calibration.algorithms import sketch
from calibration.algorithms.beta import Posterior, probability_above
from calibration.algorithms.decay import days_between, weight
from calibration.algorithms.sessions import starts_session
from calibration.domain import MAX_EVIDENCE, Event
from memory.domain import InteractionType, PunctuationStyle
from ofmemory.infra.text import emoji

Z_95 = 1.959964
# What is part of a conversation; looking at something or liking it may be a chance touch of the screen.
CONVERSATION = frozenset({InteractionType.MESSAGE, InteractionType.PURCHASE, InteractionType.TIP})

_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")
# No emoji is written without one of these; looking for them first spares most messages the search.
_MAYBE_EMOJI = re.compile("[\u00a9\u00ae\u203c-\U0010ffff]")
_MARKS = re.compile(r"[.,!?;:\u2026]")
_SENTENCE_END = re.compile(r"(?<![.!?])[.!?\u2026][\"')\]]*$")
_RUN_OF_MARKS = re.compile(r"[.!?]{2,}")


@dataclass(frozen=True, slots=True)
class Population:
    """An average fan. Delays were measured on CollegeMsg; the rest are assumptions about private chats.

    Args:
        log_words: mean of log(1 + words) of a message; 2.3 is 9 words.
        log_words_deviation: its spread between messages.
        emojis: per message.
        emojis_variance: its variance between messages.
        question_rate, exclamation_rate, lower_case_rate: share of messages.
        initiative: share of conversations that the fan begins.
        proper, casual, minimal: shares of messages by punctuation; they sum to 1.
        reply_seconds: median time to answer.
        log_reply_deviation: spread of its logarithm.
    """

    log_words: float = 2.3
    log_words_deviation: float = 0.8
    emojis: float = 0.4
    emojis_variance: float = 0.8
    question_rate: float = 0.25
    exclamation_rate: float = 0.25
    lower_case_rate: float = 0.3
    initiative: float = 0.5
    proper: float = 0.3
    casual: float = 0.4
    minimal: float = 0.3
    reply_seconds: float = 400.0
    log_reply_deviation: float = 2.0


@dataclass(frozen=True, slots=True)
class StyleParams:
    """Defaults.

    Args:
        prior_messages: ``k``, how many messages of an average fan count as seen.
        forming_messages: with fewer messages the style is only forming.
        max_emojis: how many different emojis are counted.
        population: see ``Population``.
    """

    half_life_days: float = 90.0
    prior_messages: float = 10.0
    forming_messages: int = 20
    max_emojis: int = 16
    population: Population = field(default_factory=Population)


@dataclass(frozen=True, slots=True)
class Sums:
    """Faded sums over a fan's messages.

    Args:
        weight: of the messages.
        log_words, log_words_square: of log(1 + words).
        emojis, emojis_square: of the number of emojis.
        with_emoji, question, exclamation: messages that have one.
        lettered, lower_case: messages with letters; those of them without a capital.
        punctuated, proper, minimal: messages of two words or more; those of them so written. The rest is casual.
    """

    weight: float = 0.0
    log_words: float = 0.0
    log_words_square: float = 0.0
    emojis: float = 0.0
    emojis_square: float = 0.0
    with_emoji: float = 0.0
    question: float = 0.0
    exclamation: float = 0.0
    lettered: float = 0.0
    lower_case: float = 0.0
    punctuated: float = 0.0
    proper: float = 0.0
    minimal: float = 0.0


@dataclass(frozen=True, slots=True)
class Writing:
    """What the fan wrote.

    Args:
        at: of the latest message; ``sums`` and ``emojis`` are as of then.
        emojis: emoji → faded number of messages that have it.
        evidence, emoji_evidence: the latest messages, and the latest with an emoji.
    """

    message_count: int = 0
    at: datetime | None = None
    sums: Sums = field(default_factory=Sums)
    emojis: dict[str, float] = field(default_factory=dict)
    evidence: tuple[UUID, ...] = ()
    emoji_evidence: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Talk:
    """How conversations begin and go on.

    Args:
        last_at: of the latest event.
        awaited_at: of our latest message, while the fan hasn't answered it.
        session_at: when the latest conversation began.
        sessions, initiated: faded numbers of conversations, and of those the fan began, as of ``session_at``.
    """

    last_at: datetime | None = None
    awaited_at: datetime | None = None
    session_at: datetime | None = None
    sessions: float = 0.0
    initiated: float = 0.0


@dataclass(frozen=True, slots=True)
class StyleState:
    """What is kept of a fan's way of writing; ``replies`` are the delays of the fan's answers within conversations."""

    writing: Writing = field(default_factory=Writing)
    talk: Talk = field(default_factory=Talk)
    replies: sketch.Sketch = field(default_factory=sketch.Sketch)
    reply_count: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """A habit.

    Args:
        value: shrunk towards the population.
        low, high: 95 % interval.
        weight: how many observations it stands on, older ones counting less.
    """

    value: float
    low: float
    high: float
    weight: float


@dataclass(frozen=True, slots=True)
class Style:
    """How a fan writes.

    Args:
        forming: too few messages to rely on.
        words: of a typical (median) message.
        emojis: per message.
        punctuation: the most likely manner.
        punctuation_probability: that it is more frequent than each of the others.
        favourite_emojis: used in at least two messages, most used first.
        reply_seconds: median time to answer us within a conversation.
        reply_spread: third over first quartile of that time; 1 without answers.
    """

    message_count: int
    forming: bool
    words: Measured
    emojis: Measured
    emoji_rate: Measured
    question_rate: Measured
    exclamation_rate: Measured
    lower_case_rate: Measured
    initiative: Measured
    punctuation: PunctuationStyle
    punctuation_probability: float
    favourite_emojis: tuple[str, ...]
    reply_seconds: Measured
    reply_spread: float
    reply_count: int


def learn(state: StyleState, events: Sequence[Event], params: StyleParams = StyleParams()) -> StyleState:
    """Return the state after further events. Of us only the times count, and of our mass messages nothing."""
    for event in events:
        if event.is_by_fan:
            state = _learn_from_fan(state, event, params)
        elif event.is_message and event.metadata.get("isMass") is not True:
            talk = replace(_converse(state.talk, event, params), awaited_at=event.at)
            state = StyleState(state.writing, talk, state.replies, state.reply_count)
    return state


def measure(state: StyleState, params: StyleParams = StyleParams()) -> Style:
    """Return the habits as of the fan's latest message; nothing fades while there is silence."""
    writing, talk, population = state.writing, state.talk, params.population
    sums = writing.sums
    manner, certainty = _manner(sums, params)
    return Style(
        message_count=writing.message_count,
        forming=writing.message_count < params.forming_messages,
        words=_words(sums, params),
        emojis=_emojis(sums, params),
        emoji_rate=_share(sums.with_emoji, sums.weight, population.emojis / 2, params),
        question_rate=_share(sums.question, sums.weight, population.question_rate, params),
        exclamation_rate=_share(sums.exclamation, sums.weight, population.exclamation_rate, params),
        lower_case_rate=_share(sums.lower_case, sums.lettered, population.lower_case_rate, params),
        initiative=_share(talk.initiated, talk.sessions, population.initiative, params),
        punctuation=manner,
        punctuation_probability=certainty,
        favourite_emojis=favourite_emojis(writing.emojis),
        reply_seconds=_delay(state.replies, params),
        reply_spread=sketch.quantile(state.replies, 0.75) / sketch.quantile(state.replies, 0.25),
        reply_count=state.reply_count,
    )


def favourite_emojis(weights: Mapping[str, float], least: float = 1.5, size: int = 8) -> tuple[str, ...]:
    """Return the emojis used in more than one message, most used first."""
    often = (symbol for symbol in weights if weights[symbol] >= least)
    return tuple(sorted(often, key=lambda symbol: (-weights[symbol], symbol))[:size])


def count_words(text: str) -> int:
    """Return how many words a text has; emojis and marks are none."""
    return len(_WORD.findall(text))


def list_emojis(text: str) -> tuple[str, ...]:
    """Return a text's emojis in order."""
    return emoji.list_emojis(text) if _MAYBE_EMOJI.search(text) else ()


def punctuation_of(text: str) -> PunctuationStyle:
    """Return how a text is punctuated.

    Returns:
        minimal: no mark at all. proper: begins with a capital or a figure, ends with one full stop, question mark or
        exclamation mark, and has no run of marks. casual: anything between.
    """
    if not _MARKS.search(text):
        return PunctuationStyle.MINIMAL
    stripped = text.strip()
    first = stripped[0]
    well_begun = first.isupper() or first.isdigit()
    if well_begun and _SENTENCE_END.search(stripped) and not _RUN_OF_MARKS.search(stripped):
        return PunctuationStyle.PROPER
    return PunctuationStyle.CASUAL


def _learn_from_fan(state: StyleState, event: Event, params: StyleParams) -> StyleState:
    if event.type not in CONVERSATION:
        return state
    talk = _converse(state.talk, event, params)
    replies, count = state.replies, state.reply_count
    if event.is_message and talk.awaited_at is not None:
        seconds = (event.at - talk.awaited_at).total_seconds()
        replies, count = sketch.add(replies, seconds, event.at, params.half_life_days), count + 1
    has_text = event.is_message and event.text.strip()
    writing = _write(state.writing, event, params) if has_text else state.writing
    return StyleState(writing, replace(talk, awaited_at=None), replies, count)


def _converse(talk: Talk, event: Event, params: StyleParams) -> Talk:
    """Count a conversation where this event begins one; an answer after so long a silence has no delay."""
    if not starts_session(talk.last_at, event.at):
        return replace(talk, last_at=event.at)
    left = _left(talk.session_at, event.at, params)
    return Talk(
        last_at=event.at,
        session_at=event.at,
        sessions=talk.sessions * left + 1,
        initiated=talk.initiated * left + event.is_by_fan,
    )


def _write(writing: Writing, event: Event, params: StyleParams) -> Writing:
    found = list_emojis(event.text)
    left = _left(writing.at, event.at, params)
    with_emoji = (*writing.emoji_evidence, event.id)[-MAX_EVIDENCE:] if found else writing.emoji_evidence
    return Writing(
        message_count=writing.message_count + 1,
        at=event.at,
        sums=_add(writing.sums, event.text, len(found), left),
        emojis=_count_emojis(writing.emojis, set(found), left, params.max_emojis),
        evidence=(*writing.evidence, event.id)[-MAX_EVIDENCE:],
        emoji_evidence=with_emoji,
    )


def _add(sums: Sums, text: str, emojis: int, left: float) -> Sums:
    words = count_words(text)
    log_words = math.log1p(words)
    lettered = text.lower() != text.upper()
    manner = punctuation_of(text) if words > 1 else None
    return Sums(
        weight=sums.weight * left + 1,
        log_words=sums.log_words * left + log_words,
        log_words_square=sums.log_words_square * left + log_words**2,
        emojis=sums.emojis * left + emojis,
        emojis_square=sums.emojis_square * left + emojis**2,
        with_emoji=sums.with_emoji * left + (emojis > 0),
        question=sums.question * left + ("?" in text),
        exclamation=sums.exclamation * left + ("!" in text),
        lettered=sums.lettered * left + lettered,
        lower_case=sums.lower_case * left + (lettered and text == text.lower()),
        punctuated=sums.punctuated * left + (manner is not None),
        proper=sums.proper * left + (manner is PunctuationStyle.PROPER),
        minimal=sums.minimal * left + (manner is PunctuationStyle.MINIMAL),
    )


def _count_emojis(weights: Mapping[str, float], found: set[str], left: float, size: int) -> dict[str, float]:
    """Return faded counts with one more message; what is used least is forgotten where there are too many."""
    faded = {symbol: value * left for symbol, value in weights.items()}
    for symbol in sorted(found):
        faded[symbol] = faded.get(symbol, 0.0) + 1
    if len(faded) <= size:
        return faded
    kept = sorted(faded, key=lambda symbol: (symbol not in found, -faded[symbol], symbol))[:size]
    return {symbol: faded[symbol] for symbol in sorted(kept)}


def _left(earlier: datetime | None, at: datetime, params: StyleParams) -> float:
    return 1.0 if earlier is None else weight(days_between(earlier, at), params.half_life_days)


def _share(hits: float, trials: float, population: float, params: StyleParams) -> Measured:
    strength = trials + params.prior_messages
    value = (hits + params.prior_messages * population) / strength
    return _interval(value, math.sqrt(value * (1 - value) / (strength + 1)), trials, highest=1.0)


def _emojis(sums: Sums, params: StyleParams) -> Measured:
    k, mean = params.prior_messages, params.population.emojis
    value = (sums.emojis + k * mean) / (sums.weight + k)
    square = (sums.emojis_square + k * (params.population.emojis_variance + mean**2)) / (sums.weight + k)
    return _interval(value, math.sqrt(max(square - value**2, 0.0) / (sums.weight + k)), sums.weight)


def _words(sums: Sums, params: StyleParams) -> Measured:
    k, mean = params.prior_messages, params.population.log_words
    total = sums.weight + k
    value = (sums.log_words + k * mean) / total
    square = (sums.log_words_square + k * (params.population.log_words_deviation**2 + mean**2)) / total
    error = Z_95 * math.sqrt(max(square - value**2, 0.0) / total)
    return Measured(math.expm1(value), max(math.expm1(value - error), 0.0), math.expm1(value + error), sums.weight)


def _delay(replies: sketch.Sketch, params: StyleParams) -> Measured:
    """Return the median delay, shrunk on the scale of its logarithm; the error of a median is 1.25 that of a mean."""
    population, count = params.population, sketch.total(replies)
    total = count + params.prior_messages
    own = math.log(sketch.quantile(replies, 0.5)) if count else 0.0
    value = (count * own + params.prior_messages * math.log(population.reply_seconds)) / total
    error = Z_95 * 1.25 * population.log_reply_deviation / math.sqrt(total)
    return Measured(math.exp(value), math.exp(value - error), math.exp(value + error), count)


def _interval(value: float, deviation: float, trials: float, highest: float = math.inf) -> Measured:
    return Measured(value, max(value - Z_95 * deviation, 0.0), min(value + Z_95 * deviation, highest), trials)


def _manner(sums: Sums, params: StyleParams) -> tuple[PunctuationStyle, float]:
    """Return the most frequent punctuation and the probability that it is more frequent than the second.

    The shares have a Dirichlet posterior; of two of them, the first is the larger with the probability that a
    Beta of their two parameters is above one half.
    """
    counts = _punctuation_counts(sums, params)
    first, second = sorted(counts, key=lambda name: (-counts[name], name))[:2]
    return first, probability_above(Posterior(counts[first], counts[second]), 0.5)


def _punctuation_counts(sums: Sums, params: StyleParams) -> dict[PunctuationStyle, float]:
    k, population = params.prior_messages, params.population
    casual = max(sums.punctuated - sums.proper - sums.minimal, 0.0)
    return {
        PunctuationStyle.PROPER: sums.proper + k * population.proper,
        PunctuationStyle.CASUAL: casual + k * population.casual,
        PunctuationStyle.MINIMAL: sums.minimal + k * population.minimal,
    }
