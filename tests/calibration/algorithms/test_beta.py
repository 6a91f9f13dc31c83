import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.beta import (
    Posterior,
    dynamic_prior_mean,
    prior,
    probability_above,
    probability_best,
    probability_greater,
)

parameters = st.floats(0.2, 400.0)
beliefs = st.builds(Posterior, parameters, parameters)


def _exact(alpha: int, beta: int, other: Posterior) -> float:
    """P(Beta(alpha, beta) > other) for whole alpha, as a sum (Evan Miller 2015)."""

    def log_beta(a: float, b: float) -> float:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    return sum(
        math.exp(
            log_beta(other.alpha + i, other.beta + beta)
            - math.log(beta + i)
            - log_beta(1 + i, beta)
            - log_beta(other.alpha, other.beta)
        )
        for i in range(alpha)
    )


@pytest.mark.parametrize(
    ("alpha", "beta", "other"),
    [
        (1, 1, Posterior(1, 1)),
        (3, 2, Posterior(0.4, 1.6)),
        (8, 2, Posterior(2, 8)),
        (60, 40, Posterior(500, 450)),
        (600, 400, Posterior(550, 450)),
    ],
)
def test_the_integral_is_exact_to_four_figures(alpha, beta, other):
    assert probability_greater(Posterior(alpha, beta), other) == pytest.approx(_exact(alpha, beta, other), abs=1e-4)


def test_equal_beliefs_are_equally_likely_to_be_best():
    shares = probability_best({name: Posterior(2.0, 3.0) for name in "abc"})
    assert shares == pytest.approx({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3})


@given(st.dictionaries(st.sampled_from("abcdef"), beliefs, min_size=1))
def test_probabilities_of_being_best_sum_to_one(posteriors):
    shares = probability_best(posteriors)
    assert set(shares) == set(posteriors)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert all(0 <= share <= 1 for share in shares.values())


@given(beliefs, beliefs)
def test_one_or_the_other_is_greater(this, other):
    assert probability_greater(this, other) + probability_greater(other, this) == pytest.approx(1.0)


def test_probability_above_a_fixed_rate():
    assert probability_above(Posterior(1, 1), 0.3) == pytest.approx(0.7, abs=1e-3)
    assert probability_above(Posterior(5, 5), 0.5) == pytest.approx(0.5, abs=1e-4)


def test_a_prior_weighs_what_it_is_told_to():
    belief = prior(0.45, 4.0)
    assert (belief.alpha, belief.beta) == pytest.approx((1.8, 2.2))
    assert belief.strength == pytest.approx(4.0)
    assert belief.deviation == pytest.approx(math.sqrt(0.45 * 0.55 / 5))


@given(st.floats(0.1, 0.9), st.floats(20, 200), st.floats(0.02, 0.4))
def test_a_dynamic_prior_solves_its_equation(mean, strength, wanted):
    incumbent = prior(mean, strength)
    found = dynamic_prior_mean(incumbent, strength, wanted)
    assert 0.01 <= found <= mean
    if found > 0.01:
        spread = math.sqrt(found * (1 - found) / (strength + 1) + incumbent.deviation**2)
        normal = 0.5 * math.erfc((mean - found) / spread / math.sqrt(2))
        assert normal == pytest.approx(wanted, abs=1e-6)


def test_a_dynamic_prior_wins_about_as_often_as_wanted():
    incumbent = prior(0.45, 40.0)
    newcomer = prior(dynamic_prior_mean(incumbent, 40.0, 0.1), 40.0)
    assert probability_greater(newcomer, incumbent) == pytest.approx(0.1, abs=0.01)
