"""All learners together: one state of a pair, and taking in what happened next."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from calibration.algorithms import (
    answers,
    habits,
    mood,
    offers,
    personality,
    preferences,
    purchases,
    selling,
    time_zone,
)
from calibration.algorithms.answers import Outcome, OutcomeParams
from calibration.algorithms.habits import HabitState
from calibration.algorithms.mood import MoodState
from calibration.algorithms.offers import OfferState
from calibration.algorithms.personality import PersonalityParams, PersonalityState
from calibration.algorithms.preferences import PreferenceState
from calibration.algorithms.purchases import PurchaseState
from calibration.algorithms.selling import SellingState
from calibration.algorithms.time_zone import TimeZoneState
from calibration.domain import Event
from privacy.domain import Purpose

# Another number has every pair taken in anew; what was learnt before stays in use until that is done.
ALGORITHMS_VERSION = 1


@dataclass(frozen=True, slots=True)
class LearnedState:
    """What is known of a pair, as of its latest interaction.

    Args:
        selling: cues of distress and age, and what they stop: for the fan's protection, whatever is consented to.
        calibrated: the personality as of the last interaction at which a calibration was due, or was asked for.
    """

    selling: SellingState = field(default_factory=SellingState)
    habits: HabitState = field(default_factory=HabitState)
    mood: MoodState = field(default_factory=MoodState)
    zone: TimeZoneState = field(default_factory=TimeZoneState)
    preferences: PreferenceState = field(default_factory=PreferenceState)
    offers: OfferState = field(default_factory=OfferState)
    purchases: PurchaseState = field(default_factory=PurchaseState)
    personality: PersonalityState = field(default_factory=PersonalityState)
    calibrated: PersonalityState = field(default_factory=PersonalityState)


def learn(state: LearnedState, events: Sequence[Event], allowed: Collection[Purpose]) -> LearnedState:
    """Return the state after further events: ``learn(learn(s, a), b) == learn(s, a + b)``.

    Args:
        events: in the order of ``(at, id)``, none earlier than those in the state.
        allowed: what the fan may be learnt about for; a learner for anything else is left out.
    """
    state = replace(state, selling=selling.learn(state.selling, events))
    if Purpose.EMOTION_ANALYSIS in allowed:
        state = replace(state, mood=mood.learn(state.mood, events))
    if Purpose.PURCHASE_PROFILING in allowed:
        state = replace(state, purchases=purchases.learn(state.purchases, events))
    if Purpose.PERSONALISATION in allowed:
        state = replace(
            state,
            habits=habits.learn(state.habits, events),
            zone=time_zone.learn(state.zone, events),
            preferences=preferences.learn(state.preferences, events),
            offers=offers.learn(state.offers, events),
        )
        state = _with_personality(state, events, personality_params(allowed))
    return state


def within(state: LearnedState, allowed: Collection[Purpose]) -> LearnedState:
    """Return the state without what was learnt for what is no longer allowed, until it is learnt anew."""
    known = LearnedState(selling=state.selling)
    if Purpose.EMOTION_ANALYSIS in allowed:
        known = replace(known, mood=state.mood)
    if Purpose.PURCHASE_PROFILING in allowed:
        known = replace(known, purchases=state.purchases)
    if Purpose.PERSONALISATION in allowed:
        known = replace(
            known,
            habits=state.habits,
            zone=state.zone,
            preferences=state.preferences,
            offers=state.offers,
            personality=state.personality,
            calibrated=state.calibrated,
        )
    return known


def personality_params(allowed: Collection[Purpose]) -> PersonalityParams:
    """Return the parameters of the personality: without the consent, what a fan bought is no reward."""
    with_purchases = Purpose.PURCHASE_PROFILING in allowed
    return PersonalityParams(outcomes=OutcomeParams(with_purchases=with_purchases))


def rewarded(state: LearnedState, events: Sequence[Event], allowed: Collection[Purpose]) -> list[Outcome]:
    """Return what came of messages of ours that followed a logged decision, as far as the events tell it."""
    if Purpose.PERSONALISATION not in allowed:
        return []
    _, outcomes = answers.settle(state.personality.outcomes, events, personality_params(allowed).outcomes)
    return [outcome for outcome in outcomes if outcome.decision_id]


def recalibrated(state: LearnedState) -> LearnedState:
    """Return the state with the personality calibrated as of now, as somebody asked for."""
    return replace(state, calibrated=state.personality)


def _with_personality(state: LearnedState, events: Sequence[Event], params: PersonalityParams) -> LearnedState:
    """Take the events in up to each calibration, so that it does not matter how many came at once."""
    current, calibrated = state.personality, state.calibrated
    for part in _parts(events, current.interaction_count, calibrated.interaction_count, params):
        current = personality.learn(current, part, params)
        if personality.is_due(current.interaction_count, calibrated.interaction_count, params):
            calibrated = current
    return replace(state, personality=current, calibrated=calibrated)


def _parts(
    events: Sequence[Event], count: int, last_count: int, params: PersonalityParams
) -> Iterator[Sequence[Event]]:
    """Cut the events after each one at which a calibration is due."""
    start = 0
    for end, event in enumerate(events, start=1):
        count += personality.is_counted(event)
        if personality.is_due(count, last_count, params):
            yield events[start:end]
            start, last_count = end, count
    if start < len(events):
        yield events[start:]
