"""Budgets, inside each other."""

import pytest
import time_machine

from ofmemory.infra.resilience import deadline


def test_without_a_budget_a_wait_is_as_long_as_it_says():
    assert deadline.left() is None
    assert deadline.timeout(5) == 5
    assert deadline.timeout(None) is None


def test_a_budget_bounds_every_wait():
    with deadline.within(3):
        assert deadline.timeout(0.25) == 0.25
        assert deadline.timeout(5) == pytest.approx(3, abs=0.5)
        assert deadline.timeout(None) == pytest.approx(3, abs=0.5)
    assert deadline.left() is None


def test_an_inner_budget_can_only_be_shorter():
    with deadline.within(1):
        with deadline.within(10):
            assert deadline.left() <= 1
        with deadline.within(0):
            assert deadline.left() == 0
        assert deadline.left() > 0


def test_a_request_counts_from_when_it_came(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    deadline.arrive(98.0)
    before = deadline.begin(3)
    try:
        assert deadline.left() == 1
        with deadline.within(0.5):
            assert deadline.left() == 0.5, "what it asks of others counts from then"
        now[0] = 200.0
        assert deadline.left() == 0
    finally:
        deadline.end(before)
        deadline.arrive(None)


def test_the_clock_of_the_wall_means_nothing():
    with deadline.within(60), time_machine.travel("2040-01-01"):
        assert deadline.left() > 1


def test_an_error_ends_it_too():
    with pytest.raises(ZeroDivisionError), deadline.within(1):
        raise ZeroDivisionError
    assert deadline.left() is None
