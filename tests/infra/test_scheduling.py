"""Scheduled work and clocks that jump."""

from datetime import timedelta

import pytest
import time_machine

from ofmemory.celery import app
from ofmemory.infra.scheduling import Scheduler


@pytest.fixture
def scheduler(tmp_path, monkeypatch):
    """The scheduler of the settings, which hands its messages to a list."""
    made = Scheduler(app, schedule_filename=str(tmp_path / "schedule"), lazy=False)
    made.sent = []
    monkeypatch.setattr(made, "apply_async", lambda entry, **_: made.sent.append(entry.task))
    yield made
    made.close()


def run_for(scheduler, clock, seconds):
    """Let ``seconds`` pass, a quarter at a time; return what was started."""
    scheduler.sent.clear()
    for _ in range(int(seconds * 4)):
        scheduler.tick()
        clock.shift(0.25)
    return scheduler.sent


def test_it_is_the_one_that_is_used():
    assert app.conf.beat_scheduler == f"{Scheduler.__module__}:{Scheduler.__qualname__}"


@pytest.mark.parametrize("jump", [timedelta(hours=-2), timedelta(hours=2), timedelta(days=-400)])
def test_work_goes_on_when_the_clock_jumps(scheduler, jump):
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False) as clock:
        before = run_for(scheduler, clock, 10).count("calibration.tasks.learn_due")
        clock.shift(jump)
        after = run_for(scheduler, clock, 10).count("calibration.tasks.learn_due")
    assert 8 <= before <= 11
    assert 8 <= after <= 11


def test_a_memory_of_the_future_is_forgotten_at_the_start(tmp_path):
    with time_machine.travel("2030-01-01T00:00:00Z", tick=False):
        old = Scheduler(app, schedule_filename=str(tmp_path / "schedule"), lazy=False)
        for entry in old.schedule.values():
            entry.last_run_at = app.now()
        old.close()
    with time_machine.travel("2026-06-01T12:00:00Z", tick=False):
        scheduler = Scheduler(app, schedule_filename=str(tmp_path / "schedule"), lazy=False)
        scheduler.forget_the_future(app.now())
        assert max(entry.last_run_at for entry in scheduler.schedule.values()) <= app.now()
        scheduler.close()
