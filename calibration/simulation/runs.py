"""Simulated lives: fans and learners side by side through time, measured on the way.

The product's learners take in what happens after each conversation, and the next one follows what they say: the tone
drawn by the bandit, length and emojis of the calibrated profile, offers half by predicted preference and half by
chance, so that there is something to learn about what was not preferred yet. The same life is lived again with tones
chosen greedily; what the persona's tone alone and an even choice would have been follows from the fan.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import get_context

import numpy as np

from calibration.algorithms import disengagement, personality, preferences
from calibration.algorithms.disengagement import Basis
from calibration.algorithms.learner import LearnedState, learn
from calibration.algorithms.returns import DEFAULT_MODEL, HORIZON, ReturnExample, return_examples
from calibration.domain import Event
from calibration.simulation.fans import CATEGORIES, PERSONA, LatentFan, draw_fan
from calibration.simulation.measures import BASE_WORDS, Glance, Seen, calibrated, of_interactions, of_purchases
from calibration.simulation.policies import EVEN, greedy, learnt
from calibration.simulation.world import LEAST_GAP, START, Manner, World, chance_of_visit, visits
from memory.domain import Tone
from privacy.domain import PROFILING

INTERACTIONS = (10, 20, 40, 80, 160, 320, 640)
OCCASIONS = (1, 2, 4, 8, 16)
OFFER_SHARE = 0.5
# Weeks after a fan faded in which that may be noticed; then they are called dormant.
NOTICED_WITHIN = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Week:
    """A fan who was active lately, on one day.

    Args:
        example: what was known, and whether they were back within 7 days.
        true_chance: that they come by themselves, as only the world knows.
        is_noticed: a signal was given.
        has_faded: they have just stopped coming as they used to.
    """

    example: ReturnExample
    true_chance: float
    is_noticed: bool
    has_faded: bool


@dataclass(slots=True)
class Life:
    """What was seen of one fan."""

    seen: list[Seen] = field(default_factory=list)
    weeks: list[Week] = field(default_factory=list)


def live(seed: int, number: int, days: int) -> Life:
    """Return a fan's life with the product, and what a greedy choice of tones would have made of it."""
    fan = draw_fan(_dice(seed, number, 0), days)
    life = _with_product(fan, seed, number, days)
    life.seen += _greedily(fan, seed, number, days)
    return life


def simulate(
    fans: int, days: int, seed: int, *, jobs: int = 1, on_fan: Callable[[], None] = lambda: None
) -> list[Life]:
    """Return the lives of so many fans; the same seed gives the same, however many processes there are.

    Args:
        jobs: processes.
        on_fan: called after each.
    """
    if jobs == 1:
        return list(_counted((live(seed, number, days) for number in range(fans)), on_fan))
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(_counted(pool.map(live, [seed] * fans, range(fans), [days] * fans, chunksize=4), on_fan))


def _counted(lives: Iterable[Life], on_fan: Callable[[], None]) -> Iterator[Life]:
    for one in lives:
        yield one
        on_fan()


def _with_product(fan: LatentFan, seed: int, number: int, days: int) -> Life:
    random = _dice(seed, number, 1)
    world, state, life, history = World(fan, random), LearnedState(), Life(), list[Event]()
    marks = _Marks()
    weekly = _Weekly(fan, days)
    known, made = state.calibrated, calibrated(Glance(fan, state, START))
    for at, we_begin in visits(fan, days, _dice(seed, number, 2)):
        if history and at < history[-1].at + LEAST_GAP:
            continue
        weekly.look(state, until=at)
        if state.calibrated is not known:
            known, made = state.calibrated, calibrated(Glance(fan, state, at))
        tone = learnt(state.personality, at, random)
        manner = Manner(tone, made.target_words, made.traits.emoji_frequency, _offer(state, at, random))
        for policy, shares in (("learnt", {tone: 1.0}), ("even", EVEN), ("persona", {PERSONA.tone: 1.0})):
            life.seen += _of_tone(fan, policy, shares, state.personality.interaction_count)
        happened = world.converse(at, manner, we_begin=we_begin)
        state = learn(state, happened, PROFILING)
        history += happened
        life.seen += marks.passed(Glance(fan, state, history[-1].at))
    weekly.look(state, until=START + timedelta(days=days))
    life.weeks = weekly.weeks(history)
    return life


def _greedily(fan: LatentFan, seed: int, number: int, days: int) -> Iterator[Seen]:
    """The same life with greedy tones, and only the learner they need: the personality."""
    random = _dice(seed, number, 1)
    world, state, last = World(fan, random), personality.PersonalityState(), START
    for at, we_begin in visits(fan, days, _dice(seed, number, 2)):
        if at < last + LEAST_GAP:
            continue
        offer = _any_offer(random)
        manner = Manner(greedy(state, at), BASE_WORDS, PERSONA.emoji_frequency, offer)
        yield from _of_tone(fan, "greedy", {manner.tone: 1.0}, state.interaction_count)
        happened = world.converse(at, manner, we_begin=we_begin)
        state = personality.learn(state, happened)
        last = happened[-1].at


def _of_tone(fan: LatentFan, policy: str, shares: Mapping[Tone, float], count: int) -> list[Seen]:
    """Return how good a choice was, under the first mark that had not been passed when it was made.

    Args:
        shares: how likely the policy chooses which tone.
    """
    mark = next((mark for mark in INTERACTIONS if count < mark), None)
    if mark is None:
        return []
    lost = sum(share * (fan.tones[fan.best_tone] - fan.tones[tone]) for tone, share in shares.items())
    return [
        Seen(f"tone, {policy}: the best", mark, shares.get(fan.best_tone, 0.0)),
        Seen(f"tone, {policy}: regret", mark, lost),
    ]


def _offer(state: LearnedState, at: datetime, random: np.random.Generator) -> str:
    best = preferences.predict(state.preferences, at)
    by_chance = _any_offer(random)
    return best[0].category if by_chance and best and random.random() < 0.5 else by_chance


def _any_offer(random: np.random.Generator) -> str:
    category = CATEGORIES[int(random.integers(len(CATEGORIES)))]
    return category if random.random() < OFFER_SHARE else ""


def _dice(seed: int, number: int, part: int) -> np.random.Generator:
    return np.random.default_rng([seed, number, part])


@dataclass(slots=True)
class _Marks:
    """How much is known, and what that number was last time."""

    interactions: int = 0
    occasions: int = 0

    def passed(self, glance: Glance) -> Iterator[Seen]:
        """Yield the figures of every mark that was passed since."""
        state = glance.state
        interactions = state.personality.interaction_count
        occasions = sum(kind.occasion_count for kind in state.purchases.kinds.values())
        for mark in _between(INTERACTIONS, self.interactions, interactions):
            yield from of_interactions(glance, mark)
        for mark in _between(OCCASIONS, self.occasions, occasions):
            yield from of_purchases(glance, mark)
        self.interactions, self.occasions = interactions, occasions


def _between(marks: Sequence[int], before: int, now: int) -> list[int]:
    return [mark for mark in marks if before < mark <= now]


class _Weekly:
    """Looks at a fan once a week: is it noticed that they fade?"""

    def __init__(self, fan: LatentFan, days: int) -> None:
        self._fan = fan
        self._days = [START + timedelta(days=day) for day in range(14, days - HORIZON.days, 7)]
        self._noticed: dict[datetime, bool] = {}

    def look(self, state: LearnedState, until: datetime) -> None:
        for day in self._days[len(self._noticed) :]:
            if day >= until:
                return
            found = disengagement.disengagement(state.habits, DEFAULT_MODEL, day)
            self._noticed[day] = found.basis is Basis.ENOUGH and bool(found.signals)

    def weeks(self, history: Sequence[Event]) -> list[Week]:
        examples = return_examples(history, self._days)
        return [
            Week(one, chance_of_visit(self._fan, one.at), self._noticed[one.at], self._has_just_faded(one.at))
            for one in examples
        ]

    def _has_just_faded(self, at: datetime) -> bool:
        if self._fan.fades_on is None:
            return False
        return timedelta(0) <= at - START - timedelta(days=self._fan.fades_on) <= NOTICED_WITHIN
