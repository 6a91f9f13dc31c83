"""Whether, how hard and how dear to sell now. What is known of a fan's feelings may only ever make it less.

The verdict is a product of factors that are each at most 1 and flags that each can only forbid; a good mood gives back
nothing but the soft-sell probability of the specification. So it is monotone by construction, and a property test
says so.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from uuid import UUID

from calibration.algorithms.decay import days_between
from calibration.algorithms.disengagement import Signal
from calibration.algorithms.mood import Mood, is_read
from calibration.algorithms.safety import Cue, find_cues
from calibration.domain import CueKind, Event
from memory.domain import Sentiment

# These stop selling until a human says otherwise.
STOPPING = frozenset({CueKind.DISTRESS, CueKind.SELF_HARM, CueKind.UNDER_AGE})
LOWERING = STOPPING | {CueKind.LONELINESS}
MAX_ESCALATIONS = 20


@dataclass(frozen=True, slots=True)
class SellingParams:
    """How much less is sold. Factors are 0-1.

    Args:
        hold_messages: of ours without a paid message after a low mood (SPEC 7: at least 2).
        base_soft_sell: probability of a soft sell in a neutral mood.
        positive_lift: by what it is multiplied in a positive mood (SPEC 7: +25 %).
        low_mood_factor: what is left of the pressure in a low mood.
        lonely_factor: what is left of it when the fan is lonely.
        lonely_days: how long a word of loneliness lowers.
        disengaged_factor: what is left of it under a disengagement signal of severity 1.
        careful_price_factor: what is left of the price for a lonely or disengaged fan.
        notice_days: how long cues that only want a human's eye are shown.
    """

    hold_messages: int = 2
    base_soft_sell: float = 0.2
    positive_lift: float = 1.25
    low_mood_factor: float = 0.4
    lonely_factor: float = 0.5
    lonely_days: float = 14.0
    disengaged_factor: float = 0.5
    careful_price_factor: float = 0.9
    notice_days: float = 7.0


@dataclass(frozen=True, slots=True)
class Escalation:
    """What a human should look at.

    Args:
        event_id: the fan's message.
    """

    kind: CueKind
    at: datetime
    event_id: UUID
    severity: float
    rule: str


@dataclass(frozen=True, slots=True)
class SellingState:
    """What is kept.

    Args:
        hold: how many messages of ours are still to pass without a paid message.
        ledger: what a human should look at, oldest first; when it is full, what does not stop selling goes first.
        latest: kind of cue -> when it was last seen, whatever the ledger forgets.
    """

    hold: int = 0
    ledger: tuple[Escalation, ...] = ()
    latest: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SellingVerdict:
    """What may be sold now.

    Args:
        allowed: selling anything.
        ppv_allowed: mentioning paid messages; never where ``allowed`` is not.
        pressure: 0-1, how hard; 1 is the creator's own normal.
        price_factor: 0-1, of the list price; never above 1.
        soft_sell_probability: 0-1, of a light mention where one fits.
        hold_messages: how many messages of ours are still to pass first.
        escalate: a human should take over.
        cues: kinds that are active.
        reasons: stable words for what lowered it, gravest first.
    """

    allowed: bool
    ppv_allowed: bool
    pressure: float
    price_factor: float
    soft_sell_probability: float
    hold_messages: int
    escalate: bool
    cues: tuple[CueKind, ...] = ()
    reasons: tuple[str, ...] = ()


DEFAULT = SellingParams()


def learn(state: SellingState, events: Sequence[Event], params: SellingParams = DEFAULT) -> SellingState:
    """Return the state after more events.

    A fan's message that is negative, or points at distress, self-harm, an age under 18 or loneliness, sets the hold;
    each message of ours that is not a mass message takes one off.
    """
    return reduce(lambda known, event: _learn_one(known, event, params), events, state)


def escalations(state: SellingState) -> tuple[Escalation, ...]:
    """Return what a human should look at, newest first, cleared or not; at most ``MAX_ESCALATIONS``."""
    return state.ledger[::-1]


def verdict(
    state: SellingState,
    mood: Mood,
    signals: Sequence[Signal],
    as_of: datetime,
    params: SellingParams = DEFAULT,
    *,
    cleared_at: datetime | None = None,
) -> SellingVerdict:
    """Return what may be sold at an instant that is not before the latest event.

    ``pressure`` is the product of the factors that apply; ``soft_sell_probability = base x lift x pressure``, where
    only a positive mood that nothing speaks against lifts.

    Args:
        signals: of disengagement.
        cleared_at: when a human last looked and found that selling may go on; cues up to then no longer count.
    """
    cues = _active_cues(state, as_of, cleared_at, params)
    allowed = STOPPING.isdisjoint(cues)
    hold = max(state.hold, params.hold_messages if mood.sentiment is Sentiment.NEGATIVE else 0)
    leaving = max((_bounded(signal.severity) for signal in signals), default=0.0)
    lonely = CueKind.LONELINESS in cues
    pressure = (
        float(allowed)
        * (params.low_mood_factor if hold else 1.0)
        * (params.lonely_factor if lonely else 1.0)
        * (1.0 - (1.0 - params.disengaged_factor) * leaving)
    )
    lift = params.positive_lift if mood.sentiment is Sentiment.POSITIVE and pressure == 1.0 else 1.0
    ppv_allowed = allowed and not hold
    return SellingVerdict(
        allowed=allowed,
        ppv_allowed=ppv_allowed,
        pressure=pressure,
        price_factor=params.careful_price_factor if lonely or leaving > 0.0 else 1.0,
        soft_sell_probability=min(1.0, params.base_soft_sell * lift * pressure) if ppv_allowed else 0.0,
        hold_messages=hold,
        escalate=not allowed,
        cues=cues,
        reasons=_reasons(cues, hold, signals),
    )


def _bounded(value: float) -> float:
    return max(0.0, min(1.0, value))


def _active_cues(
    state: SellingState, as_of: datetime, cleared_at: datetime | None, params: SellingParams
) -> tuple[CueKind, ...]:
    return tuple(
        kind
        for kind in CueKind
        if (seen := state.latest.get(kind)) is not None
        and (cleared_at is None or seen > cleared_at)
        and days_between(seen, as_of) <= _days_active(kind, params)
    )


def _days_active(kind: CueKind, params: SellingParams) -> float:
    if kind in STOPPING:
        return math.inf
    return params.lonely_days if kind is CueKind.LONELINESS else params.notice_days


def _reasons(cues: Sequence[CueKind], hold: int, signals: Sequence[Signal]) -> tuple[str, ...]:
    lowering = [str(kind) for kind in cues if kind in STOPPING or kind is CueKind.LONELINESS]
    leaving = [str(signal.type) for signal in signals if signal.severity > 0.0]
    return tuple(dict.fromkeys([*lowering, *(["low_mood"] if hold else []), *leaving]))


def _learn_one(state: SellingState, event: Event, params: SellingParams) -> SellingState:
    if not event.is_message:
        return state
    if not event.is_by_fan:
        return _learn_ours(state, event)
    cues = find_cues(event.text)
    low = _is_negative(event) or any(cue.kind in LOWERING for cue in cues)
    if not cues and not low:
        return state
    return SellingState(
        hold=params.hold_messages if low else state.hold,
        ledger=_entered(state.ledger, event, cues),
        latest={**state.latest, **{str(cue.kind): event.at for cue in cues}},
    )


def _learn_ours(state: SellingState, event: Event) -> SellingState:
    if not state.hold or event.metadata.get("isMass") is True:
        return state
    return replace(state, hold=state.hold - 1)


def _is_negative(event: Event) -> bool:
    return is_read(event) and event.reading is not None and event.reading.sentiment is Sentiment.NEGATIVE


def _entered(ledger: tuple[Escalation, ...], event: Event, cues: Sequence[Cue]) -> tuple[Escalation, ...]:
    entries = [*ledger, *(Escalation(cue.kind, event.at, event.id, cue.severity, cue.rule) for cue in cues)]
    while len(entries) > MAX_ESCALATIONS:
        entries.pop(next((i for i, entry in enumerate(entries) if entry.kind not in STOPPING), 0))
    return tuple(entries)
