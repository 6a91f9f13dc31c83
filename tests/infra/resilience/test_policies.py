"""Retries: how often, how long between, and when not at all."""

import pytest
import stamina

from ofmemory.infra.resilience import deadline
from ofmemory.infra.resilience.policies import BROKER, CACHE, DATABASE, KEYS, _waits, external, of_database


@pytest.fixture(autouse=True)
def _hasty():
    """Attempts follow each other at once; how long they would wait is tested by itself."""
    with stamina.set_testing(False):
        yield


class Work:
    def __init__(self, *outcomes: object) -> None:
        self.outcomes, self.calls = list(outcomes), 0

    def __call__(self) -> object:
        self.calls += 1
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def passing(error: Exception) -> bool:
    return isinstance(error, OSError)


def test_the_table_of_the_specification(settings):
    settings.DATABASE_TIMEOUT_SECONDS, settings.REDIS_TIMEOUT_SECONDS = 5.0, 0.25
    rows = [
        (policy.timeout_seconds, policy.attempts, getattr(settings, f"{policy.kind}_BREAKER"))
        for policy in (DATABASE, KEYS, CACHE, BROKER, external("llm"))
    ]
    assert rows == [
        (5, 3, (5, 10, 60)),
        (5, 3, (5, 10, 60)),
        (0.25, 2, (3, 5, 30)),
        (0.25, 1, (3, 5, 30)),
        (10, 3, (5, 10, 60)),
    ]
    assert (of_database("default"), of_database("keys")) == (DATABASE, KEYS)
    assert external("llm") is external("llm")


def test_what_goes_well_is_done_once():
    work = Work("fine")
    assert (DATABASE.retried(work, when=passing), work.calls) == ("fine", 1)


def test_what_passes_is_tried_three_times_in_all():
    work = Work(OSError(), OSError(), "fine")
    assert (DATABASE.retried(work, when=passing), work.calls) == ("fine", 3)
    work = Work(OSError("1"), OSError("2"), OSError("3"), "never reached")
    with pytest.raises(OSError, match="3"):
        DATABASE.retried(work, when=passing)
    assert work.calls == 3


def test_what_does_not_pass_is_raised_at_once():
    work = Work(ValueError("wrong"), "never reached")
    with pytest.raises(ValueError, match="wrong"):
        DATABASE.retried(work, when=passing)
    work = Work(OSError(), ValueError("wrong"), "never reached")
    with pytest.raises(ValueError, match="wrong"):
        DATABASE.retried(work, when=passing)
    assert work.calls == 2


def test_a_policy_of_one_attempt_makes_one():
    work = Work(OSError(), "never reached")
    with pytest.raises(OSError, match=r"^$"):
        BROKER.retried(work, when=passing)


def test_not_while_the_breaker_is_open():
    for _ in range(5):
        DATABASE.breaker.failed(OSError())
    work = Work(OSError("gone"), "never reached")
    with pytest.raises(OSError, match="gone"):
        DATABASE.retried(work, when=passing)
    assert work.calls == 1


def test_not_where_the_budget_would_be_over_by_then():
    work = Work(OSError("late"), "never reached")
    with deadline.within(0.05), pytest.raises(OSError, match="late"):
        DATABASE.retried(work, when=passing)
    assert work.calls == 1


def test_the_other_side_may_ask_for_patience():
    waited = []

    def asked(error: Exception) -> float | None:
        waited.append(error)
        return 0.001

    work = Work(OSError(), "fine")
    assert external("llm").retried(work, when=passing, asked_to_wait=asked) == "fine"
    assert len(waited) == 1
    work = Work(OSError("later"), "never reached")
    with deadline.within(1), pytest.raises(OSError, match="later"):
        external("llm").retried(work, when=passing, asked_to_wait=lambda _: 3600.0)


def test_pauses_double_up_to_two_seconds_and_scatter_by_a_third():
    for expected, wait in zip((0.1, 0.2, 0.4, 0.8, 1.6, 2, 2), _waits(), strict=False):
        assert 0.7 * expected <= wait <= 1.3 * expected
    assert len({next(_waits()) for _ in range(20)}) > 1


def test_the_line_about_a_retry_says_what_failed_and_quotes_nobody(caplog):
    caplog.set_level("INFO")
    DATABASE.retried(Work(OSError("Maya wrote hello"), "fine"), when=passing)
    (record,) = [record for record in caplog.records if record.getMessage() == "tried_again"]
    assert (record.error, record.count) == ("OSError", 1)
    assert "Maya" not in str(vars(record))
