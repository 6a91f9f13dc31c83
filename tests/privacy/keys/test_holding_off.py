"""Leaving a provider alone that did not answer."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from privacy.errors import KeysUnavailable
from privacy.keys.providers.holding_off import HoldOff, ProviderDown, ProviderRefuses, WrappedRefused
from tests.privacy.keys.support import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def hold_off(clock):
    return HoldOff("somewhere", clock=clock)


def ask(hold_off, error=None, key="key"):
    """Ask; return None for an answer, False where nobody was asked, True where the question failed."""
    asked = False
    try:
        with hold_off.asking(key):
            asked = True
            if error:
                raise error
    except KeysUnavailable:
        return asked
    return None


@pytest.mark.parametrize(("error", "seconds"), [(ProviderDown("x"), 5), (ProviderRefuses("x"), 60)])
def test_after_a_failure_nobody_asks_until_its_time_is_over(hold_off, clock, error, seconds):
    assert ask(hold_off, error) is True
    clock.now += seconds - 0.1
    assert ask(hold_off) is False
    clock.now += 0.2
    assert ask(hold_off) is None
    assert ask(hold_off) is None


def test_a_failure_of_the_trial_begins_another_pause(hold_off, clock):
    ask(hold_off, ProviderDown("x"))
    clock.now += 5.1
    assert ask(hold_off, ProviderDown("x")) is True
    assert ask(hold_off) is False


def test_each_key_has_its_own_pause_and_bad_bytes_have_none(hold_off):
    assert ask(hold_off, WrappedRefused("x")) is True
    assert ask(hold_off) is None
    assert ask(hold_off, ProviderRefuses("x")) is True
    assert ask(hold_off, key="other") is None


def test_of_many_who_come_after_the_pause_one_tries(hold_off, clock):
    ask(hold_off, ProviderDown("x"))
    clock.now += 5.1
    trying, may_answer, count = threading.Barrier(2), threading.Event(), 8

    def trial():
        with hold_off.asking("key"):
            trying.wait()
            may_answer.wait(20)

    with ThreadPoolExecutor(count) as pool:
        first = pool.submit(trial)
        trying.wait()
        others = list(pool.map(lambda _: ask(hold_off), range(count)))
        may_answer.set()
        first.result()
    assert others == [False] * count
    assert ask(hold_off) is None
