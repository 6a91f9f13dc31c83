"""What was undone for a reason that passes is carried out again; what may have been committed is not."""

import threading

import pytest
from django.db import OperationalError, connection, connections, transaction

from accounts.gate import Gate
from memory.models import EngagementMetrics, FanMemory
from memory.services.interactions import save_interaction
from memory.services.writes import carry_out
from ofmemory.infra.cache.client import client
from privacy.domain import Pair
from tests.memory.support import CREATOR, PAIR, PATIENCE_SECONDS, at_once

pytestmark = pytest.mark.django_db(transaction=True)
GATE = Gate(CREATOR, limits=(("limit:of-this-test", 10),))
OTHER = Pair(CREATOR, "fan-2")


@pytest.fixture(autouse=True)
def _known(creator_1):
    for pair in (PAIR, OTHER):
        save_interaction(fan_id=pair.fan_id, creator_id=CREATOR, type="message", content="hi")


def lose_connection() -> None:
    with connections["keys"].cursor() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])


class Work:
    """Writes a row; loses its connection the first time."""

    def __init__(self, *, nested: bool = False) -> None:
        self.calls, self.nested = 0, nested

    def __call__(self) -> int:
        self.calls += 1
        EngagementMetrics.objects.filter(fan_id="fan-1").update(total_tips=self.calls)
        if self.calls == 1:
            lose_connection()
            FanMemory.objects.count()
        return self.calls


def tips() -> int:
    return EngagementMetrics.objects.get(fan_id="fan-1").total_tips


def test_a_connection_that_breaks_before_the_commit():
    work = Work()
    done, quota = carry_out([PAIR], GATE, work)
    assert (done, work.calls, tips()) == (2, 2, 2)
    assert quota.remaining == 9, "it counts as one call"


def test_but_not_in_the_transaction_of_somebody_else():
    work = Work()
    with pytest.raises(OperationalError), transaction.atomic():
        carry_out([PAIR], GATE, work)
    assert (work.calls, tips()) == (1, 0)


def test_nor_where_the_commit_may_have_come_through():
    calls = []

    def work() -> None:
        calls.append(EngagementMetrics.objects.filter(fan_id="fan-1").update(total_tips=7))
        lose_connection()

    with pytest.raises(OperationalError):
        carry_out([PAIR], GATE, work)
    assert calls == [1]


def test_of_two_that_stand_in_each_others_way_both_get_through():
    met = threading.Barrier(2)

    def writer(first: str, second: str) -> int:
        calls = []

        def work() -> None:
            calls.append(EngagementMetrics.objects.filter(fan_id=first).update(total_tips=5))
            if len(calls) == 1:
                met.wait(PATIENCE_SECONDS)
            EngagementMetrics.objects.filter(fan_id=second).update(total_tips=5)

        carry_out([PAIR, OTHER], GATE, work)
        return len(calls)

    assert sorted(at_once(lambda: writer("fan-1", "fan-2"), lambda: writer("fan-2", "fan-1"))) == [1, 2]


def test_what_fails_for_good_fails_once_and_lets_readers_fill_again():
    calls = []

    def work() -> None:
        calls.append(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        carry_out([PAIR], GATE, work)
    assert calls == [1]
    assert not [key for key in client().keys("memory:context:*") if client().hexists(key, "writer")]
