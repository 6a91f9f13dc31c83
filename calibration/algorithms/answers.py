"""What came of each of our messages.

Our messages without a fan's answer in between, at most ten minutes apart, are one *turn*. A turn is answered by the
fan's next message, purchase, tip or refusal within 48 hours, unless two later turns of ours came first. An unanswered
turn becomes a failure when a later event shows that its time is over: no clock is read, so the result doesn't depend on
when the learner runs. Mass messages are no turns.

The reward of an answered turn is 0 for a declined offer, else the weighted mean of what is known of

- answered, weight 0.40: 1
- speed, weight 0.15: usual / (usual + delay), which is 1/2 for the fan's usual delay
- length, weight 0.15: words / (words + usual words), which is 1/2 for the fan's usual length; messages only
- mood, weight 0.30: (1 + valence) / 2 of the answer; only where it was read and the reader didn't abstain

A purchase or tip within 24 hours adds half of what is missing to 1, once a turn.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from calibration.algorithms.decay import Decayed
from calibration.algorithms.style import count_words, list_emojis
from calibration.algorithms.tone_words import tone_of
from calibration.domain import Event
from memory.domain import PAID_TYPES, InteractionType, Tone

ANSWERS = frozenset({InteractionType.MESSAGE, InteractionType.OFFER_DECLINED, *PAID_TYPES})


@dataclass(frozen=True, slots=True)
class OutcomeParams:
    """Defaults are judgements, not fits.

    Args:
        answered_weight, speed_weight, length_weight, mood_weight: of the parts of a reward.
        purchase_share: of what is missing to 1 that a purchase adds.
        with_purchases: False where purchases must not be looked at.
        max_turns: turns that are kept waiting for an answer or a purchase.
        max_open: turns that one answer may answer.
        usual_seconds, usual_words: of an average fan.
        prior_answers: how many answers of an average fan count as seen.
        half_life_days: of what is usual for the fan.
    """

    burst: timedelta = timedelta(minutes=10)
    answer_window: timedelta = timedelta(hours=48)
    purchase_window: timedelta = timedelta(hours=24)
    answered_weight: float = 0.40
    speed_weight: float = 0.15
    length_weight: float = 0.15
    mood_weight: float = 0.30
    purchase_share: float = 0.5
    with_purchases: bool = True
    max_turns: int = 6
    max_open: int = 2
    max_emojis: int = 6
    usual_seconds: float = 600.0
    usual_words: float = 9.0
    prior_answers: float = 5.0
    half_life_days: float = 90.0


@dataclass(frozen=True, slots=True)
class Turn:
    """Something we said that waits for an answer, or for a purchase after it.

    Args:
        at, message_id: of its latest message.
        words: of all its messages.
        tone: of its latest message whose tone is known.
        reward: None while unanswered.
        answered_at: when its outcome was first known.
    """

    at: datetime
    message_id: UUID
    messages: int = 1
    words: int = 0
    tone: Tone | None = None
    emojis: tuple[str, ...] = ()
    decision_id: str = ""
    reward: float | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Usual:
    """What the fan's answers are like.

    Args:
        log_seconds, log_words: sums of the logarithms of the delay and of 1 + words.
        delays, lengths: how many terms those sums have.
    """

    log_seconds: Decayed = field(default_factory=Decayed)
    delays: Decayed = field(default_factory=Decayed)
    log_words: Decayed = field(default_factory=Decayed)
    lengths: Decayed = field(default_factory=Decayed)


@dataclass(frozen=True, slots=True)
class OutcomeState:
    """What is kept between events; ``turns`` are open and answered ones, oldest first."""

    turns: tuple[Turn, ...] = ()
    usual: Usual = field(default_factory=Usual)
    turn_count: int = 0
    answered_count: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is now known about one turn.

    Args:
        at: when it is known; outcomes come in this order.
        since: when the trial was counted; earlier than ``at`` for a purchase after an answer.
        message_id: of ours; the latest of the turn.
        reward: 0-1; of a later purchase, what it adds.
        trials: 1; 0 for a later purchase.
        words: a message of the turn on average.
        emojis: those it had.
        decision_id: the tone decision it followed, as the client gave it.
    """

    at: datetime
    since: datetime
    message_id: UUID
    reward: float
    trials: int
    answered: bool
    tone: Tone | None
    words: float
    emojis: tuple[str, ...]
    decision_id: str


def learn(state: OutcomeState, events: Sequence[Event], params: OutcomeParams = OutcomeParams()) -> OutcomeState:
    """Return the state after further events, without what they settled."""
    return settle(state, events, params)[0]


def settle(
    state: OutcomeState, events: Sequence[Event], params: OutcomeParams = OutcomeParams()
) -> tuple[OutcomeState, list[Outcome]]:
    """Return the state after further events, and the outcomes that they made known, in order of ``Outcome.at``."""
    outcomes: list[Outcome] = []
    for event in events:
        state = _expire(state, event.at, params, outcomes)
        if event.is_by_fan:
            state = _answer(state, event, params, outcomes)
        elif event.is_message and event.metadata.get("isMass") is not True:
            state = _speak(state, event, params, outcomes)
    return state, outcomes


def _expire(state: OutcomeState, now: datetime, params: OutcomeParams, outcomes: list[Outcome]) -> OutcomeState:
    """Fail the turns whose time for an answer is over, and forget answered ones whose time for a purchase is."""
    if not state.turns:
        return state
    late = [turn for turn in state.turns if turn.reward is None and now > turn.at + params.answer_window]
    outcomes += [_failure(turn, turn.at + params.answer_window) for turn in late]
    kept = tuple(turn for turn in state.turns if turn not in late and not _is_past(turn, now, params))
    return state if len(kept) == len(state.turns) else replace(state, turns=kept)


def _is_past(turn: Turn, now: datetime, params: OutcomeParams) -> bool:
    return turn.reward is not None and now > turn.at + params.purchase_window


def _speak(state: OutcomeState, event: Event, params: OutcomeParams, outcomes: list[Outcome]) -> OutcomeState:
    last = state.turns[-1] if state.turns else None
    if last and last.reward is None and event.at - last.at <= params.burst:
        return replace(state, turns=(*state.turns[:-1], _continued(last, event, params)))
    turns = (*state.turns, _turn(event, params))
    unanswered = [turn for turn in turns if turn.reward is None]
    forgone = unanswered[: -params.max_open]
    outcomes += [_failure(turn, event.at) for turn in forgone]
    kept = tuple(turn for turn in turns if turn not in forgone)[-params.max_turns :]
    return replace(state, turns=kept, turn_count=state.turn_count + 1)


def _turn(event: Event, params: OutcomeParams) -> Turn:
    return Turn(
        at=event.at,
        message_id=event.id,
        words=count_words(event.text),
        tone=tone_of(event),
        emojis=tuple(sorted(set(list_emojis(event.text))))[: params.max_emojis],
        decision_id=_decision_id(event),
    )


def _continued(turn: Turn, event: Event, params: OutcomeParams) -> Turn:
    more = _turn(event, params)
    return Turn(
        at=more.at,
        message_id=more.message_id,
        messages=turn.messages + 1,
        words=turn.words + more.words,
        tone=more.tone or turn.tone,
        emojis=tuple(sorted({*turn.emojis, *more.emojis}))[: params.max_emojis],
        decision_id=more.decision_id or turn.decision_id,
    )


def _decision_id(event: Event) -> str:
    given = event.metadata.get("decisionId")
    return given[:64] if isinstance(given, str) else ""


def _answer(state: OutcomeState, event: Event, params: OutcomeParams, outcomes: list[Outcome]) -> OutcomeState:
    paid = event.type in PAID_TYPES
    if event.type not in ANSWERS or (paid and not params.with_purchases):
        return state
    turns = tuple(_answered(state.usual, turn, event, params) for turn in state.turns)
    answered = [turn for turn, before in zip(turns, state.turns, strict=True) if before.reward is None]
    outcomes += [_success(turn, event.at) for turn in answered]
    if paid:
        outcomes += _purchases(turns, event.at, params)
    return OutcomeState(
        turns=() if paid else turns,
        usual=_usual(state, event, params),
        turn_count=state.turn_count,
        answered_count=state.answered_count + len(answered),
    )


def _answered(usual: Usual, turn: Turn, event: Event, params: OutcomeParams) -> Turn:
    if turn.reward is not None:
        return turn
    return replace(turn, reward=_reward(usual, turn, event, params), answered_at=event.at)


def _reward(usual: Usual, turn: Turn, event: Event, params: OutcomeParams) -> float:
    if event.type is InteractionType.OFFER_DECLINED:
        return 0.0
    expected = usual_seconds(usual, params)
    delay = (event.at - turn.at).total_seconds()
    parts = [(params.answered_weight, 1.0), (params.speed_weight, expected / (expected + delay))]
    if event.is_message:
        words = count_words(event.text)
        parts.append((params.length_weight, words / (words + usual_words(usual, params))))
    if event.reading is not None and event.reading.sentiment is not None:
        parts.append((params.mood_weight, (1 + event.reading.valence) / 2))
    return sum(weight * value for weight, value in parts) / sum(weight for weight, _ in parts)


def usual_seconds(usual: Usual, params: OutcomeParams = OutcomeParams()) -> float:
    """Return the fan's usual delay: the geometric mean, shrunk towards that of an average fan."""
    total = usual.log_seconds.value + params.prior_answers * math.log(params.usual_seconds)
    return math.exp(total / (usual.delays.value + params.prior_answers))


def usual_words(usual: Usual, params: OutcomeParams = OutcomeParams()) -> float:
    """Return the fan's usual length of an answer, in the same way."""
    total = usual.log_words.value + params.prior_answers * math.log1p(params.usual_words)
    return math.expm1(total / (usual.lengths.value + params.prior_answers))


def _usual(state: OutcomeState, event: Event, params: OutcomeParams) -> Usual:
    """Take the answer into what is usual: its length, and its delay after our latest turn where that was open."""
    usual, half_life = state.usual, params.half_life_days
    log_seconds, delays, log_words, lengths = usual.log_seconds, usual.delays, usual.log_words, usual.lengths
    if event.is_message:
        log_words = log_words.add(math.log1p(count_words(event.text)), event.at, half_life)
        lengths = lengths.add(1.0, event.at, half_life)
    last = state.turns[-1] if state.turns else None
    if last is not None and last.reward is None:
        seconds = max((event.at - last.at).total_seconds(), 1.0)
        log_seconds = log_seconds.add(math.log(seconds), event.at, half_life)
        delays = delays.add(1.0, event.at, half_life)
    return Usual(log_seconds, delays, log_words, lengths)


def _success(turn: Turn, at: datetime) -> Outcome:
    return _outcome(turn, at=at, since=at, reward=turn.reward or 0.0, trials=1, answered=True)


def _failure(turn: Turn, at: datetime) -> Outcome:
    return _outcome(turn, at=at, since=at, reward=0.0, trials=1, answered=False)


def _purchases(turns: Iterable[Turn], at: datetime, params: OutcomeParams) -> list[Outcome]:
    return [
        _outcome(
            turn,
            at=at,
            since=turn.answered_at or at,
            reward=params.purchase_share * (1 - (turn.reward or 0.0)),
            trials=0,
            answered=True,
        )
        for turn in turns
        if at <= turn.at + params.purchase_window
    ]


def _outcome(turn: Turn, *, at: datetime, since: datetime, reward: float, trials: int, answered: bool) -> Outcome:
    return Outcome(
        at=at,
        since=since,
        message_id=turn.message_id,
        reward=reward,
        trials=trials,
        answered=answered,
        tone=turn.tone,
        words=turn.words / turn.messages,
        emojis=turn.emojis,
        decision_id=turn.decision_id,
    )
