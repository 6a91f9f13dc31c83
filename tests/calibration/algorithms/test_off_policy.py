import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.algorithms.off_policy import Decision, OffPolicyParams, Policy, evaluate

LOGGED = {"a": 0.5, "b": 0.3, "c": 0.2}
TARGET = Policy({"a": 0.1, "b": 0.1, "c": 0.8})
# By segment: what each action is worth; both segments are equally frequent.
WORTH = {"new": {"a": 0.2, "b": 0.4, "c": 0.6}, "old": {"a": 0.5, "b": 0.3, "c": 0.4}}
TRUTH = sum(0.5 * share * WORTH[segment][action] for segment in WORTH for action, share in TARGET.default.items())
QUICK = OffPolicyParams(replicates=200)


def _log(seed, count, worth=WORTH):
    chance, decisions = random.Random(seed), []  # noqa: S311 - a log, not a secret
    for _ in range(count):
        segment = chance.choice(sorted(worth))
        action = chance.choices(list(LOGGED), weights=list(LOGGED.values()))[0]
        reward = float(chance.random() < worth[segment][action])
        decisions.append(Decision(action, LOGGED[action], reward, segment))
    return decisions


def _by_name(estimates):
    return {estimate.estimator: estimate for estimate in estimates}


def test_estimates_are_unbiased_and_their_intervals_hold():
    runs = [_by_name(evaluate(_log(seed, 400), TARGET, seed=seed, params=QUICK)) for seed in range(100)]
    for name in ("ips", "snips", "dr"):
        found = [run[name] for run in runs]
        assert sum(estimate.value for estimate in found) / len(found) == pytest.approx(TRUTH, abs=0.015)
        covered = sum(estimate.low <= TRUTH <= estimate.high for estimate in found) / len(found)
        assert 0.88 <= covered <= 1.0


def test_the_direct_model_makes_it_less_noisy():
    runs = [_by_name(evaluate(_log(seed, 400), TARGET, params=QUICK)) for seed in range(40)]
    spread = {name: sum((run[name].value - TRUTH) ** 2 for run in runs) for name in ("ips", "dr")}
    assert spread["dr"] < spread["ips"]


def test_the_logging_policy_itself_is_worth_what_it_got():
    decisions = _log(1, 500)
    mean = sum(decision.reward for decision in decisions) / 500
    estimates = _by_name(evaluate(decisions, Policy(LOGGED), params=QUICK))
    assert estimates["ips"].value == pytest.approx(mean)
    assert estimates["snips"].value == pytest.approx(mean)
    assert estimates["ips"].effective_count == pytest.approx(500.0)


def test_a_policy_may_differ_by_segment():
    best = Policy({"a": 1.0}, {"new": {"c": 1.0}})
    estimates = evaluate(_log(2, 4000), best, params=QUICK)
    assert all(estimate.value == pytest.approx(0.55, abs=0.04) for estimate in estimates)


def test_the_same_seed_gives_the_same_intervals():
    decisions = _log(3, 200)
    assert evaluate(decisions, TARGET, seed=5, params=QUICK) == evaluate(decisions, TARGET, seed=5, params=QUICK)
    assert evaluate(decisions, TARGET, seed=5, params=QUICK) != evaluate(decisions, TARGET, seed=6, params=QUICK)


def test_a_hand_computed_example():
    """The example of the page."""
    decisions = [Decision("a", 0.8, 1.0), Decision("a", 0.8, 0.0), Decision("b", 0.2, 1.0), Decision("a", 0.8, 1.0)]
    estimates = _by_name(evaluate(decisions, Policy({"a": 0.5, "b": 0.5}), params=QUICK))
    assert estimates["ips"].value == pytest.approx(0.9375)
    assert estimates["snips"].value == pytest.approx(0.8571, abs=1e-4)
    assert estimates["ips"].effective_count == pytest.approx(2.57, abs=0.01)


def test_few_effective_decisions_are_said_to_be_too_few():
    (first, *_) = evaluate(_log(4, 40), TARGET, params=QUICK)
    assert (first.sufficient, first.reason) == (False, "few_effective_decisions")


def test_actions_that_were_never_tried_are_named():
    (first, *_) = evaluate(_log(5, 200), Policy({"a": 0.5, "z": 0.5}), params=QUICK)
    assert (first.sufficient, first.reason, first.unsupported_share) == (False, "actions_never_tried", 0.5)


def test_a_target_wholly_outside_the_log_is_worth_nothing_known():
    estimates = _by_name(evaluate(_log(6, 50), Policy({"z": 1.0}), params=QUICK))
    assert estimates["snips"].value == 0.0
    assert estimates["ips"].effective_count == 0.0
    assert estimates["ips"].unsupported_share == 1.0


def test_enough_support_is_sufficient():
    (first, *_) = evaluate(_log(7, 400), TARGET, params=QUICK)
    assert (first.sufficient, first.reason, first.clipped_share) == (True, "", 0.0)


def test_clipping_is_reported():
    (first, *_) = evaluate(_log(8, 400), TARGET, params=OffPolicyParams(max_weight=3.0, replicates=10))
    assert first.clipped_share == pytest.approx(0.2, abs=0.06)


def test_no_decisions_give_no_estimates():
    assert evaluate([], TARGET) == []


@pytest.mark.parametrize("propensity", [0.0, -0.1, 1.1])
def test_impossible_propensities_are_refused(propensity):
    with pytest.raises(ValueError, match="Propensities"):
        evaluate([Decision("a", propensity, 1.0)], TARGET)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 30))
def test_steady_estimates_stay_within_the_rewards(seed, count):
    snips = _by_name(evaluate(_log(seed, count), TARGET, params=OffPolicyParams(replicates=5)))["snips"]
    assert 0 <= snips.low <= snips.high <= 1
    assert 0 <= snips.value <= 1 + 1e-9
