"""Ways of choosing the tone: as the product does, and what it is compared with."""

from datetime import datetime

import numpy as np

from calibration.algorithms import beta, tone
from calibration.algorithms.personality import PersonalityState
from calibration.algorithms.tally import Tally
from calibration.algorithms.tone import ToneParams
from calibration.simulation.fans import PERSONA
from memory.domain import Tone

# Each as often.
EVEN = dict.fromkeys(Tone, 1 / len(Tone))


def learnt(state: PersonalityState, at: datetime, random: np.random.Generator) -> Tone:
    """Return the tone that the product's bandit draws."""
    beliefs = tone.posteriors(state.tone, PERSONA.tone, at)
    seed = int(random.integers(2**32))
    return tone.choose(beliefs, persona=PERSONA.tone, interaction_count=state.interaction_count, seed=seed).tone


def greedy(state: PersonalityState, at: datetime) -> Tone:
    """Return the tone of the highest mean, all of them beginning with the same belief; the persona's of equals."""
    params = ToneParams()
    start = beta.prior(params.base_rate, params.persona_strength)
    tallies = {one: state.tone.tones.get(one, Tally()).as_of(at, params.half_life_days) for one in Tone}
    return max(Tone, key=lambda one: (tallies[one].posterior(start).mean, one == PERSONA.tone, one))
