from datetime import timedelta

import pytest

from calibration.algorithms.beta import Posterior
from calibration.algorithms.tally import Tally
from tests.calibration.algorithms.chats import START


def test_trials_fade_by_half_in_a_half_life():
    tally = Tally().add(1.0, START, 10.0).add(0.5, START + timedelta(days=10), 10.0)
    assert (tally.reward, tally.trials, tally.count) == pytest.approx((1.0, 1.5, 2))


def test_a_later_reward_is_no_new_trial():
    tally = Tally().add(0.6, START, 10.0).add(0.2, START, 10.0, 0)
    assert (tally.reward, tally.trials, tally.count) == pytest.approx((0.8, 1.0, 1))


def test_an_empty_tally_stays_empty():
    assert Tally().as_of(START, 10.0) == Tally()


def test_a_reward_is_a_share_of_a_success():
    assert Tally(1.5, 2.0, START, 2).posterior(Posterior(1.0, 1.0)) == Posterior(2.5, 1.5)


def test_rounding_makes_no_negative_failures():
    assert Tally(1.0000001, 1.0, START, 1).posterior(Posterior(1.0, 1.0)).beta == 1.0
