"""How far learning is behind, and of whom."""

import pytest

from memory.backlog import Backlog, Scope, count_backlog, find_all, find_behind, totals_of
from memory.models import EngagementMetrics
from privacy.domain import Limit, Pair

pytestmark = pytest.mark.django_db(transaction=True)
ONE, TWO = Pair("creator-1", "fan-1"), Pair("creator-1", "fan-2")


@pytest.fixture
def fans(service):
    for fan_id in ("fan-1", "fan-1", "fan-1", "fan-2"):
        service.say(fan_id)
    EngagementMetrics.objects.filter(fan_id="fan-1").update(learnt_interactions=1)


def number(pair):
    return EngagementMetrics.objects.get(creator_id=pair.creator_id, fan_id=pair.fan_id).pk


def test_counts_what_is_not_learnt_yet(fans):
    oldest = min(EngagementMetrics.objects.values_list("updated_at", flat=True))
    assert count_backlog(Scope()) == Backlog(2, 3, oldest)
    assert count_backlog(Scope("creator-1", "fan-1")).interactions == 2
    assert count_backlog(Scope("creator-2")) == Backlog(0, 0, None)


def test_finds_the_longest_waiting_first(fans):
    assert find_behind(Scope()) == [number(ONE), number(TWO)]
    EngagementMetrics.objects.filter(fan_id="fan-1").update(learnt_interactions=3)
    assert find_behind(Scope()) == [number(TWO)]
    assert find_all(Scope("creator-1")) == {number(ONE): ONE, number(TWO): TWO}


def test_who_may_only_be_stored_is_not_behind(fans):
    EngagementMetrics.objects.filter(fan_id="fan-2").update(limits=int(Limit.RESTRICTED))
    assert find_behind(Scope()) == [number(ONE)]
    assert find_all(Scope()) == {number(ONE): ONE}


def test_totals_take_one_query(fans, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert totals_of([ONE, TWO, Pair("creator-1", "fan-9")]) == {ONE: 3, TWO: 1}
    assert totals_of([]) == {}
