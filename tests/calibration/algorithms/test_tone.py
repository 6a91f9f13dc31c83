import random
from datetime import timedelta
from typing import cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.answers import Outcome, OutcomeState, settle
from calibration.algorithms.beta import Posterior
from calibration.algorithms.tally import Tally
from calibration.algorithms.tone import (
    ToneState,
    base_rate,
    choose,
    favourite,
    learn,
    posteriors,
    read_tone,
    tone_of,
)
from memory.domain import Tone
from tests.calibration.algorithms.chats import START, histories, identity, stored, us

FRIENDLY, PLAYFUL = Tone.FRIENDLY, Tone.PLAYFUL
beliefs_of_all = st.fixed_dictionaries(
    {tone.value: st.builds(Posterior, st.floats(0.1, 100), st.floats(0.1, 100)) for tone in Tone}
)


def _outcome(hours, reward, tone=PLAYFUL, *, trials=1, since=0.0):
    now = START + timedelta(hours=hours)
    return Outcome(now, now - timedelta(days=since), identity(hours), reward, trials, True, tone, 5.0, (), "")


def _beliefs(*outcomes):
    return posteriors(learn(ToneState(), outcomes), FRIENDLY, START + timedelta(hours=24))


@given(histories(), st.integers(0, 40))
def test_outcomes_may_be_learnt_in_parts(events, cut):
    outcomes = settle(OutcomeState(), events)[1]
    whole = learn(ToneState(), outcomes)
    assert learn(stored(learn(ToneState(), outcomes[:cut])), outcomes[cut:]) == whole


def test_a_new_fan_is_believed_to_like_the_persona_best():
    """The example of the page."""
    beliefs = _beliefs()
    assert (beliefs["friendly"].alpha, beliefs["friendly"].beta) == pytest.approx((1.8, 2.2))
    assert beliefs["playful"].mean == pytest.approx(0.0930, abs=1e-4)
    assert beliefs["playful"].strength == pytest.approx(2.0)
    chosen = choose(beliefs, persona=FRIENDLY, interaction_count=5, seed=1)
    assert chosen.propensities["friendly"] == pytest.approx(0.67, abs=0.01)


def test_outcomes_of_no_known_tone_teach_nothing():
    assert learn(ToneState(), [_outcome(0, 1.0, None)]) == ToneState()


def test_a_reward_is_a_share_of_a_success():
    beliefs = _beliefs(_outcome(24, 0.8))
    assert beliefs["playful"].alpha == pytest.approx(0.186 + 0.8, abs=1e-3)
    assert beliefs["playful"].beta == pytest.approx(1.814 + 0.2, abs=1e-3)


def test_trials_fade_and_the_prior_stays():
    state = learn(ToneState(), [_outcome(0, 1.0)] * 10)
    later = posteriors(state, FRIENDLY, START + timedelta(days=45))
    assert later["playful"].alpha == pytest.approx(0.186 + 5, abs=1e-3)
    assert posteriors(state, FRIENDLY, START + timedelta(days=9000)) == pytest.approx(_beliefs())


def test_what_a_purchase_adds_has_faded_with_its_trial():
    state = learn(ToneState(), [_outcome(0, 0.0), _outcome(45 * 24, 1.0, trials=0, since=45.0)])
    assert state.tones["playful"].reward == pytest.approx(state.tones["playful"].trials) == pytest.approx(0.5)


def test_evidence_names_a_turn_once_and_few_turns():
    state = learn(ToneState(), [_outcome(0, 0.5), _outcome(0, 0.1, trials=0)])
    assert state.evidence == {"playful": (identity(0),)}
    assert len(learn(state, [_outcome(i, 0.5) for i in range(1, 9)]).evidence["playful"]) == 5


def test_a_handful_of_good_answers_is_followed():
    tone, probability = favourite(_beliefs(*(_outcome(i, 0.9) for i in range(5))), FRIENDLY)
    assert tone is PLAYFUL
    assert probability == pytest.approx(0.76, abs=0.02)


def test_one_good_answer_is_not():
    assert favourite(_beliefs(_outcome(0, 1.0)), FRIENDLY)[0] is FRIENDLY


def test_a_tone_that_the_creator_does_not_allow_is_never_the_favourite():
    beliefs = _beliefs(*(_outcome(i, 0.9) for i in range(20)))
    assert favourite(beliefs, FRIENDLY, allowed=frozenset({FRIENDLY, Tone.CASUAL}))[0] is FRIENDLY
    assert favourite(beliefs, FRIENDLY, allowed=frozenset()) == (FRIENDLY, 1.0)


@given(beliefs_of_all, st.integers(0, 10**9), st.sets(st.sampled_from(list(Tone))))
def test_every_allowed_tone_is_possible_and_the_choice_can_be_repeated(beliefs, seed, allowed):
    given = {"persona": FRIENDLY, "interaction_count": 5, "seed": seed, "allowed": frozenset(allowed)}
    choice = choose(beliefs, **given)
    assert choice == choose(beliefs, **given)
    assert set(choice.propensities) == {*allowed, FRIENDLY}
    assert sum(choice.propensities.values()) == pytest.approx(1.0)
    assert min(choice.propensities.values()) >= 0.02 / 6 - 1e-12
    assert choice.propensity == choice.propensities[choice.tone]
    assert choice.reason == "sampled"


def test_before_five_interactions_the_tone_is_the_personas():
    beliefs = _beliefs(*(_outcome(i, 1.0) for i in range(4)))
    for seed in range(50):
        choice = choose(beliefs, persona=FRIENDLY, interaction_count=4, seed=seed)
        assert (choice.tone, choice.propensity, choice.reason) == (FRIENDLY, 1.0, "too_few_interactions")
    assert sum(choice.propensities.values()) == 1.0


def test_draws_follow_the_propensities():
    beliefs = _beliefs(_outcome(0, 0.9), _outcome(1, 0.8, Tone.FLIRTY))
    choices = [choose(beliefs, persona=FRIENDLY, interaction_count=9, seed=f"{i}".encode()) for i in range(2000)]
    for tone, propensity in choices[0].propensities.items():
        share = sum(choice.tone == tone for choice in choices) / len(choices)
        assert share == pytest.approx(propensity, abs=0.04)


def test_a_persona_given_as_a_word_is_a_tone():
    choice = choose(_beliefs(), persona=cast("Tone", "friendly"), interaction_count=0, seed=b"", allowed=frozenset())
    assert choice.tone is FRIENDLY


def test_the_base_rate_is_the_creators_own_when_there_is_enough():
    assert base_rate([]) == pytest.approx(0.45)
    assert base_rate([Tally(100.0, 980.0), Tally(0.0, 0.0)]) == pytest.approx(0.109)


def test_reading_our_own_words_is_part_of_it():
    assert read_tone("haha") is PLAYFUL
    assert tone_of(us(0, tone="formal")) is Tone.PROFESSIONAL


def test_the_state_is_bounded():
    outcomes = [_outcome(i, 0.123456789, tone) for i in range(50) for tone in Tone]
    assert len(msgspec.json.encode(learn(ToneState(), outcomes))) < 3000


def _simulate(seed, policy, steps=200):
    """A fan who answers playful well in 60 % and every other tone in 30 %; the tones played and the rewards."""
    chance, state, played, rewards = random.Random(seed), ToneState(), [], []  # noqa: S311 - a fan, not a secret
    for step in range(steps):
        now = START + timedelta(hours=6 * step)
        tone = policy(state, now, f"{seed}:{step}".encode())
        reward = float(chance.random() < (0.6 if tone is PLAYFUL else 0.3))
        state = learn(state, [_outcome(6 * step, reward, tone)])
        played.append(tone)
        rewards.append(reward)
    return played, rewards


def _thompson(state, now, seed):
    return choose(posteriors(state, FRIENDLY, now), persona=FRIENDLY, interaction_count=99, seed=seed).tone


def _uniform(_state, _now, seed):
    return random.Random(seed).choice(list(Tone))  # noqa: S311 - a policy, not a secret


def test_it_finds_the_tone_that_works_and_regrets_less_than_chance():
    shares, regrets, blind = [], [], []
    for seed in range(12):
        played = _simulate(seed, _thompson)[0]
        shares.append(sum(tone is PLAYFUL for tone in played[100:]) / 100)
        regrets.append(0.3 * sum(tone is not PLAYFUL for tone in played))
        blind.append(0.3 * sum(tone is not PLAYFUL for tone in _simulate(seed, _uniform)[0]))
    assert sum(shares) / len(shares) > 0.75
    assert min(shares) > 0.5
    assert sum(regrets) < 0.6 * sum(blind)
