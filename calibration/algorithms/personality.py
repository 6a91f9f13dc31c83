"""The manner of speaking that works with one fan: the creator's persona, moved by what the fan does.

Every calibration starts again from the persona, so doing it twice changes nothing and steps don't pile up. With a
confidence ``c`` under 0.7 only the share ``c / 0.7`` of a step is taken, and a word (tone, punctuation, speed) changes
only where the evidence for it is clear.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from calibration.algorithms import answers, manner, style, tone
from calibration.algorithms.answers import OutcomeParams, OutcomeState
from calibration.algorithms.decay import Decayed
from calibration.algorithms.lengths import base_words, length_of
from calibration.algorithms.manner import MannerParams, MannerState
from calibration.algorithms.style import Style, StyleParams, StyleState
from calibration.algorithms.tone import ToneParams, ToneState
from calibration.domain import Event, Traits
from memory.domain import ResponseSpeed, Tone

TRAITS = (
    "tone",
    "emoji_frequency",
    "message_length_preference",
    "punctuation_style",
    "preferred_emojis",
    "response_speed",
)
# What a fan sends in grief or anger is nothing to send back, however often it is used.
NOT_TO_SEND = frozenset("😢😭😞😔😟🙁☹😠😡🤬💔😤😩😫🤮🖕💀😰😨😱🥺")

TraitValue = str | float | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonalityParams:
    """Defaults; see also those of the parts.

    Args:
        half_life_days: of what confidence stands on.
        half_confidence_interactions: confidence is n / (n + this) for n interactions; 0.7 at 28.
        gentle_below: confidence under which only a share of each step is taken.
        least_interactions: before these everything is the persona's.
        recalibrate_every: interactions between two calibrations.
        emoji_step: how much liked emojis are used more, or disliked ones less; a share.
        length_step: the same for the target length.
        step_certainty: probability from which a step is taken (length, emojis).
        certainty: probability from which a word is changed (punctuation); that of the tone is among its own parameters.
        least_replies: measured answers below which the fan's speed isn't judged.
        variable_spread: third over first quartile of the delays from which they vary; CollegeMsg: 1 in 10.
        immediate_seconds, quick_seconds, moderate_seconds: the longest median delay of each speed.
        max_emojis: how many preferred emojis there are.
    """

    half_life_days: float = 90.0
    half_confidence_interactions: float = 12.0
    gentle_below: float = 0.7
    least_interactions: int = 5
    recalibrate_every: int = 10
    emoji_step: float = 0.3
    length_step: float = 0.2
    step_certainty: float = 0.8
    certainty: float = 0.9
    least_replies: int = 10
    variable_spread: float = 60.0
    immediate_seconds: float = 60.0
    quick_seconds: float = 300.0
    moderate_seconds: float = 1800.0
    max_emojis: int = 8
    style: StyleParams = field(default_factory=StyleParams)
    outcomes: OutcomeParams = field(default_factory=OutcomeParams)
    tone: ToneParams = field(default_factory=ToneParams)
    manner: MannerParams = field(default_factory=MannerParams)


@dataclass(frozen=True, slots=True)
class PersonalityState:
    """All that the personality is calibrated from.

    Args:
        interaction_count: events other than our mass messages.
        interactions: the same, fading.
    """

    interaction_count: int = 0
    interactions: Decayed = field(default_factory=Decayed)
    style: StyleState = field(default_factory=StyleState)
    outcomes: OutcomeState = field(default_factory=OutcomeState)
    tone: ToneState = field(default_factory=ToneState)
    manner: MannerState = field(default_factory=MannerState)


@dataclass(frozen=True, slots=True)
class TraitReason:
    """Why one trait changed.

    Args:
        rule: a code; default where evidence for anything else has gone.
        numbers: what the rule looked at.
        evidence: ids of messages.
    """

    trait: str
    before: TraitValue
    after: TraitValue
    rule: str
    numbers: dict[str, float]
    evidence: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A calibrated profile.

    Args:
        confidence: 0-1.
        target_words: what the length of a message of ours should be.
        reasons: of the traits that differ from before, in the order of ``TRAITS``.
        evidence: the fan's latest messages that it stands on.
    """

    traits: Traits
    confidence: float
    interaction_count: int
    target_words: float
    reasons: tuple[TraitReason, ...]
    evidence: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class _Proposal:
    value: Any
    rule: str
    numbers: dict[str, float] = field(default_factory=dict)
    evidence: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class _View:
    state: PersonalityState
    persona: Traits
    as_of: datetime
    params: PersonalityParams
    allowed: frozenset[Tone]
    style: Style
    confidence: float

    @property
    def share_of_step(self) -> float:
        return min(self.confidence / self.params.gentle_below, 1.0)


def learn(
    state: PersonalityState, events: Sequence[Event], params: PersonalityParams = PersonalityParams()
) -> PersonalityState:
    """Return the state after further events."""
    outcome_state, outcomes = answers.settle(state.outcomes, events, params.outcomes)
    interactions = state.interactions
    counted = [event for event in events if is_counted(event)]
    for event in counted:
        interactions = interactions.add(1.0, event.at, params.half_life_days)
    return PersonalityState(
        interaction_count=state.interaction_count + len(counted),
        interactions=interactions,
        style=style.learn(state.style, events, params.style),
        outcomes=outcome_state,
        tone=tone.learn(state.tone, outcomes, params.tone),
        manner=manner.learn(state.manner, outcomes, params.manner),
    )


def is_counted(event: Event) -> bool:
    """Return whether the event is one of the interactions a profile stands on: anything but our mass messages."""
    return event.is_by_fan or event.metadata.get("isMass") is not True


def is_due(interaction_count: int, last_count: int, params: PersonalityParams = PersonalityParams()) -> bool:
    """Return whether a profile calibrated at ``last_count`` interactions should be calibrated again."""
    first = last_count < params.least_interactions <= interaction_count
    return first or interaction_count - last_count >= params.recalibrate_every


def with_base_rate(params: PersonalityParams, base_rate: float) -> PersonalityParams:
    """Return the parameters with a creator's own base rate, see ``tone.base_rate``."""
    return replace(
        params,
        tone=replace(params.tone, base_rate=base_rate),
        manner=replace(params.manner, base_rate=base_rate),
    )


def confidence(state: PersonalityState, as_of: datetime, params: PersonalityParams = PersonalityParams()) -> float:
    """Return ``n / (n + half_confidence_interactions)`` for the faded number ``n`` of interactions."""
    seen = state.interactions.as_of(as_of, params.half_life_days)
    return seen / (seen + params.half_confidence_interactions)


def calibrate(
    state: PersonalityState,
    persona: Traits,
    previous: Traits | None,
    locked: frozenset[str],
    as_of: datetime,
    params: PersonalityParams = PersonalityParams(),
    *,
    allowed_tones: frozenset[Tone] = frozenset(Tone),
) -> Calibration:
    """Return the profile that the state supports.

    Args:
        persona: the creator's; where everything starts from.
        previous: the profile until now; None where there was none. It decides about locked traits and reasons only.
        locked: names of traits that were set by hand.
        as_of: not earlier than the latest event. That event's instant makes the result independent of when it is asked.
        allowed_tones: that the creator allows; the persona's is always allowed.
    """
    before = previous or persona
    view = _View(
        state, persona, as_of, params, allowed_tones, style.measure(state.style, params.style),
        confidence(state, as_of, params),
    )  # fmt: skip
    proposals, target_words = _propose(view)
    free = {name: proposal for name, proposal in proposals.items() if name not in locked}
    traits = replace(before, **{name: proposal.value for name, proposal in free.items()})
    if "message_length_preference" in locked:
        target_words = base_words(before.message_length_preference, params.manner.lengths)
    return Calibration(
        traits=traits,
        confidence=view.confidence,
        interaction_count=state.interaction_count,
        target_words=target_words,
        reasons=_reasons(before, free),
        evidence=state.style.writing.evidence,
    )


def speed_of(seconds: float, spread: float, params: PersonalityParams = PersonalityParams()) -> ResponseSpeed:
    """Return the speed for a median delay and the third over the first quartile of the delays."""
    if spread >= params.variable_spread:
        return ResponseSpeed.VARIABLE
    limits = (
        (params.immediate_seconds, ResponseSpeed.IMMEDIATE),
        (params.quick_seconds, ResponseSpeed.QUICK),
        (params.moderate_seconds, ResponseSpeed.MODERATE),
    )
    return next((speed for limit, speed in limits if seconds <= limit), ResponseSpeed.DELAYED)


def _reasons(before: Traits, proposals: Mapping[str, _Proposal]) -> tuple[TraitReason, ...]:
    return tuple(
        TraitReason(name, getattr(before, name), made.value, made.rule, made.numbers, made.evidence)
        for name, made in proposals.items()
        if made.value != getattr(before, name)
    )


def _propose(view: _View) -> tuple[dict[str, _Proposal], float]:
    """Return the proposal for every trait, in the order of ``TRAITS``, and the target length in words."""
    persona = view.persona
    words = base_words(persona.message_length_preference, view.params.manner.lengths)
    if view.state.interaction_count < view.params.least_interactions:
        return {name: _Proposal(getattr(persona, name), "default") for name in TRAITS}, words
    length, words = _length(view, words)
    return {
        "tone": _tone(view),
        "emoji_frequency": _emoji_frequency(view),
        "message_length_preference": length,
        "punctuation_style": _punctuation(view),
        "preferred_emojis": _preferred_emojis(view),
        "response_speed": _response_speed(view),
    }, words


def _tone(view: _View) -> _Proposal:
    state, persona, params = view.state.tone, view.persona.tone, view.params.tone
    beliefs = tone.posteriors(state, persona, view.as_of, params)
    chosen, probability = tone.favourite(beliefs, persona, params, allowed=view.allowed)
    if chosen == persona:
        return _Proposal(persona, "default")
    numbers = {
        "probability_better": probability,
        "mean": beliefs[chosen].mean,
        "mean_of_default": beliefs[persona].mean,
        "trials": beliefs[chosen].strength - params.other_strength,
    }
    return _Proposal(chosen, "tone_answered_better", numbers, state.evidence.get(chosen, ()))


def _emoji_frequency(view: _View) -> _Proposal:
    base, step = view.persona.emoji_frequency, view.params.emoji_step * view.share_of_step
    better = manner.emojis_are_better(view.state.manner, view.as_of, view.params.manner)
    numbers = {"base": base, "probability_better": better, "fan_emojis_per_message": view.style.emojis.value}
    if better <= 1 - view.params.step_certainty:
        less = round(base * (1 - step), 2)
        return _Proposal(less, "emojis_answered_worse", numbers, view.state.manner.emoji_evidence)
    # Nearly everybody uses an emoji now and then: liking them is using more of them than others do.
    likes = _liked_emojis(view) and view.style.emojis.value > view.params.style.population.emojis
    if better >= view.params.step_certainty or likes:
        more = round(min(base * (1 + step), 1.0), 2)
        return _Proposal(more, "emojis_liked", numbers, _emoji_evidence(view))
    return _Proposal(base, "default")


def _liked_emojis(view: _View) -> tuple[str, ...]:
    """Return what the fan uses, then what is answered well, without what isn't to be sent."""
    ours = manner.liked_emojis(view.state.manner, view.as_of, view.params.manner)
    liked = dict.fromkeys((*view.style.favourite_emojis, *ours))
    return tuple(symbol for symbol in liked if symbol[0] not in NOT_TO_SEND)


def _emoji_evidence(view: _View) -> tuple[UUID, ...]:
    return view.state.style.writing.emoji_evidence or view.state.manner.emoji_evidence


def _preferred_emojis(view: _View) -> _Proposal:
    """Put liked emojis before the persona's; after them while the profile is uncertain."""
    liked, default = _liked_emojis(view), view.persona.preferred_emojis
    order = (*liked, *default) if view.share_of_step >= 1 else (*default, *liked)
    merged = tuple(dict.fromkeys(order))[: view.params.max_emojis]
    if merged == default:
        return _Proposal(default, "default")
    return _Proposal(merged, "emojis_liked", {"liked": float(len(liked))}, _emoji_evidence(view))


def _length(view: _View, base: float) -> tuple[_Proposal, float]:
    state, params = view.state.manner, view.params
    step = params.length_step * view.share_of_step
    shorter = manner.shorter_is_better(state, view.as_of, params.manner)
    longer = manner.longer_is_better(state, view.as_of, params.manner)
    if shorter >= params.step_certainty:
        words, rule = base * (1 - step), "short_answered_better"
    elif longer >= params.step_certainty:
        words, rule = base * (1 + step), "long_answered_better"
    else:
        return _Proposal(view.persona.message_length_preference, "default"), base
    numbers = {"probability_shorter": shorter, "probability_longer": longer, "base_words": base, "target_words": words}
    return _Proposal(length_of(words, params.manner.lengths), rule, numbers, state.length_evidence), words


def _punctuation(view: _View) -> _Proposal:
    habit, probability = view.style.punctuation, view.style.punctuation_probability
    if view.style.forming or probability < view.params.certainty or habit == view.persona.punctuation_style:
        return _Proposal(view.persona.punctuation_style, "default")
    numbers = {"probability": probability, "messages": float(view.style.message_count)}
    return _Proposal(habit, "as_the_fan_writes", numbers, view.state.style.writing.evidence)


def _response_speed(view: _View) -> _Proposal:
    delay, spread, count = view.style.reply_seconds, view.style.reply_spread, view.style.reply_count
    speed = speed_of(delay.value, spread, view.params)
    if count < view.params.least_replies or speed == view.persona.response_speed:
        return _Proposal(view.persona.response_speed, "default")
    numbers = {"median_seconds": delay.value, "spread": spread, "replies": float(count)}
    return _Proposal(speed, "as_the_fan_answers", numbers, view.state.style.writing.evidence)
