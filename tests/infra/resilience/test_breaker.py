"""Closed, open, half open: by a clock of our own."""

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofmemory.infra.resilience import breaker as module
from ofmemory.infra.resilience.breaker import Breaker, State
from tests.memory.support import in_thread


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("database", failures=5, window_seconds=10, reset_seconds=60, clock=clock)


@pytest.fixture
def told() -> Iterator[list[State]]:
    seen: list[State] = []

    def note(changed: Breaker) -> None:
        seen.append(changed.state)

    module.listeners.append(note)
    yield seen
    module.listeners.remove(note)


def fail(breaker: Breaker, times: int = 5) -> None:
    for _ in range(times):
        breaker.failed(OSError("no route"))


def test_it_lets_everything_through_until_the_fifth_failure(breaker):
    fail(breaker, 4)
    assert breaker.allow()
    fail(breaker, 1)
    assert (breaker.state, breaker.allow()) == (State.OPEN, False)


def test_failures_outside_the_window_do_not_count(breaker, clock):
    for _ in range(20):
        fail(breaker, 1)
        clock.now += 2.6
    assert breaker.state is State.CLOSED


def test_successes_between_do_not_hide_failures(breaker):
    for _ in range(5):
        breaker.succeeded()
        fail(breaker, 1)
    assert breaker.state is State.OPEN


def test_after_the_reset_one_call_may_try(breaker, clock):
    fail(breaker)
    clock.now += 59.9
    assert not breaker.allow()
    clock.now += 0.1
    assert breaker.allow()
    assert breaker.state is State.HALF_OPEN
    assert not in_thread(breaker.allow), "another caller waits for what becomes of the trial"
    assert breaker.allow(), "the trial may take several steps"


def test_a_trial_that_goes_well_closes_it(breaker, clock, told):
    fail(breaker)
    clock.now += 60
    assert breaker.allow()
    breaker.succeeded()
    assert breaker.state is State.CLOSED
    fail(breaker, 4)
    assert breaker.state is State.CLOSED, "older failures are forgotten"
    assert told == [State.OPEN, State.HALF_OPEN, State.CLOSED]


def test_a_trial_that_fails_opens_it_for_as_long_again(breaker, clock):
    fail(breaker)
    clock.now += 60
    assert breaker.allow()
    fail(breaker, 1)
    assert breaker.state is State.OPEN
    clock.now += 59
    assert not breaker.allow()
    clock.now += 1
    assert breaker.allow()


def test_a_trial_whose_caller_died_is_given_to_another(breaker, clock):
    fail(breaker)
    clock.now += 60
    assert in_thread(breaker.allow)
    clock.now += Breaker.TRIAL_SECONDS - 0.1
    assert not breaker.allow()
    clock.now += 0.1
    assert breaker.allow()


def test_a_monitor_may_try_earlier(breaker, clock):
    fail(breaker)
    assert not breaker.allow_early()
    clock.now += 1
    assert not breaker.allow()
    assert breaker.allow_early()
    breaker.failed(OSError())
    clock.now += 1
    assert breaker.allow_early(), "as often as it likes while nothing comes of it"


def test_who_opens_again_and_again_is_tried_less_and_less(breaker, clock):
    waits = []
    for _ in range(9):
        fail(breaker)
        opened_at = clock.now
        while not breaker.allow_early():
            clock.now += 0.5
        waits.append(clock.now - opened_at)
        breaker.succeeded()
    assert waits == [1, 2, 4, 8, 15, 15, 15, 15, 15]
    clock.now += 60
    fail(breaker)
    clock.now += 1
    assert breaker.allow_early(), "a minute without trouble makes up for it"


def test_silence_means_something_only_where_somebody_asks_all_the_time(breaker, clock):
    breaker.succeeded()
    clock.now += 100
    assert not breaker.is_silent(1.5, clock.now)
    breaker.is_watched = True
    assert breaker.is_silent(1.5, clock.now)
    breaker.succeeded()
    assert not breaker.is_silent(1.5, clock.now)


def test_what_it_tells(breaker, clock):
    breaker.succeeded()
    fail(breaker)
    clock.now += 20
    seen = breaker.snapshot()
    assert (seen.name, seen.state, seen.failures, seen.successes, seen.opened_count) == ("database", "open", 0, 1, 1)
    assert (seen.last_failure, seen.retry_in_seconds) == ("OSError", 40)
    assert seen.last_failure_at is not None
    breaker.reset()
    assert breaker.snapshot().retry_in_seconds == 0
    assert breaker.allow()


def test_there_is_one_of_a_name():
    wanted = {"failures": 1, "window_seconds": 1, "reset_seconds": 1}
    assert module.breaker("of this test", **wanted) is module.breaker("of this test", **wanted)
    assert "of this test" in [breaker.name for breaker in module.all_breakers()]
    del module._breakers["of this test"]


def test_many_at_once_open_it_once(breaker):
    threads = [threading.Thread(target=fail, args=(breaker, 50)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert breaker.snapshot().opened_count == 1


@given(st.lists(st.tuples(st.sampled_from(["fail", "succeed", "ask", "early"]), st.floats(0, 30)), max_size=60))
def test_whatever_happens_it_is_never_shut_for_good(steps):
    clock = Clock()
    breaker = Breaker("database", failures=3, window_seconds=5, reset_seconds=30, clock=clock)
    for what, seconds in steps:
        clock.now += seconds
        if what == "fail":
            breaker.failed(OSError())
        elif what == "succeed":
            breaker.succeeded()
        elif what == "ask":
            breaker.allow()
        else:
            breaker.allow_early()
    clock.now += 31
    assert breaker.allow()
    breaker.succeeded()
    assert breaker.state is State.CLOSED
