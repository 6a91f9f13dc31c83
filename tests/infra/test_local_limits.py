"""Limits of one process, for while Redis is away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofmemory.errors import RateLimitExceeded
from ofmemory.infra.cache.limits import NO_QUOTA, LocalLimits


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock, settings) -> LocalLimits:
    settings.PROCESSES = 2
    return LocalLimits(clock=clock)


def test_a_process_admits_its_share_rounded_up(limits):
    for _ in range(3):
        limits.admit([("a", 5)])
    with pytest.raises(RateLimitExceeded) as refused:
        limits.admit([("a", 5)])
    assert (refused.value.retry_after_seconds, refused.value.details) == (60, {"limit": 5, "windowSeconds": 60})


def test_it_says_what_is_left(limits, clock):
    assert limits.admit([("creator", 20), ("fan", 4)]).headers() == {
        "RateLimit-Limit": "4",
        "RateLimit-Remaining": "1",
        "RateLimit-Reset": "60",
    }
    clock.now += 20.5
    assert limits.admit([("fan", 4)]).reset_seconds == 40


def test_refused_calls_count_nowhere(limits):
    limits.admit([("fan", 2)])
    for _ in range(5):
        with pytest.raises(RateLimitExceeded):
            limits.admit([("creator", 4), ("fan", 2)])
    assert limits.admit([("creator", 4)]).remaining == 1


def test_zero_is_no_limit(limits):
    for _ in range(10):
        assert limits.admit([("a", 0)]) == NO_QUOTA
    assert limits.admit([]) == NO_QUOTA


def test_the_window_slides(limits, clock):
    limits.admit([("a", 2)])
    clock.now += 59.9
    with pytest.raises(RateLimitExceeded) as refused:
        limits.admit([("a", 2)])
    assert refused.value.retry_after_seconds == 1
    clock.now += 0.1
    limits.admit([("a", 2)])


def test_it_remembers_only_so_many(clock, settings):
    settings.PROCESSES = 1
    limits = LocalLimits(clock=clock, most_keys=3)
    for name in "abcd":
        limits.admit([(name, 1)])
    limits.admit([("a", 1)])
    with pytest.raises(RateLimitExceeded):
        limits.admit([("d", 1)])


@given(st.lists(st.floats(0, 30), max_size=80), st.integers(1, 7), st.integers(1, 4))
def test_all_processes_together_never_admit_twice_the_limit(pauses, limit, processes):
    from django.test import override_settings

    clock, admitted = Clock(), []
    with override_settings(PROCESSES=processes):
        limits = LocalLimits(clock=clock)
        for pause in pauses:
            clock.now += pause
            try:
                limits.admit([("a", limit)])
                admitted.append(clock.now)
            except RateLimitExceeded:
                pass
    share = -(-limit // processes)
    for start in admitted:
        assert sum(start <= at < start + 60 for at in admitted) <= share
    assert share * processes < limit + processes
