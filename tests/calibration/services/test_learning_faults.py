"""What breaks on the way: one pair's trouble is nobody else's, and nothing is lost."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.utils import timezone

from calibration.models import LearntState
from calibration.services.due import DUE
from calibration.services.learning import learn_due, learn_pairs, sweep
from calibration.services.states import MAX_FAILURES, note_failure, retry_failed
from memory.backlog import Scope
from memory.models import EngagementMetrics, FanMemory
from ofmemory.infra.resilience.breaker import State
from ofmemory.infra.resilience.policies import BROKER
from ofmemory.infra.wakeups import WakeUps
from privacy.domain import Pair
from privacy.keys.keyring import ensure
from tests.calibration.support import OF, learn_all, say, state_of

pytestmark = pytest.mark.django_db(transaction=True)
PAIR = Pair("creator-1", "fan-1")


def _number(fan_id: str = "fan-1") -> int:
    return EngagementMetrics.objects.get(fan_id=fan_id).pk


@pytest.fixture
def refused(creator_1):
    """The database refuses what learning stores about fan-1, as it would refuse values it has no room for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE 'a secret thing' USING ERRCODE = 'data_exception'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON emotional_states FOR EACH ROW"
            " WHEN (NEW.fan_id = 'fan-1') EXECUTE FUNCTION refuse()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION refuse() CASCADE")


def test_a_pair_that_fails_keeps_nobody_waiting(refused, caplog):
    say("a secret thing")
    say("hello from another", fan_id="fan-2")
    run = learn_due()
    assert (run.pairs, run.failed) == (1, 1)
    assert state_of(fan_id="fan-2", creator_id="creator-1").folded_count == 1
    row = state_of()
    assert (row.failure_count, row.failed_with, row.folded_count) == (1, "DataError", 0)
    assert row.retry_at > timezone.now()
    assert "learning_failed" in caplog.text
    assert "secret" not in caplog.text


def test_it_is_tried_again_later_each_time_and_in_the_end_not_at_all(refused):
    say("hello there")
    waits = []
    for _ in range(MAX_FAILURES):
        LearntState.objects.update(retry_at=timezone.now() - timedelta(seconds=1))
        assert learn_pairs([_number()]).failed == 1
        waits.append(state_of().retry_at)
    assert waits[-1] is None
    assert all(earlier < later for earlier, later in pairwise(waits[:-1]))
    assert learn_pairs([_number()]).failed == 0
    assert state_of().failure_count == MAX_FAILURES


def test_somebody_who_has_looked_has_it_tried_again(refused):
    say("hello there")
    learn_all()
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse ON emotional_states")
    assert learn_pairs([_number()]).pairs == 0
    assert retry_failed(Scope("creator-2")) == 0
    assert retry_failed(Scope("creator-1")) == 1
    learn_pairs([_number()])
    row = state_of()
    assert (row.folded_count, row.failure_count, row.failed_with, row.retry_at) == (1, 0, "", None)


@pytest.mark.parametrize("spoiled", [b'{"mood": "soon"}', b"not JSON"])
def test_a_state_that_is_none_is_made_again(creator_1, spoiled):
    say("I love hiking, it is wonderful")
    learn_all()
    good = state_of().state
    row = state_of()
    row.state = spoiled
    row.save()
    say("and more", 1)
    learn_all()
    assert state_of().folded_count == 2
    assert state_of().recounted is None
    assert len(state_of().state) >= len(good)


def test_a_state_that_does_not_open_is_made_again(creator_1):
    say("I love hiking, it is wonderful")
    learn_all()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE learnt_states SET state = (SELECT message_content FROM fan_memories LIMIT 1)")
    say("and more", 1)
    learn_all()
    assert state_of().folded_count == 2


def test_a_message_that_does_not_open_counts_as_one_without_words(creator_1):
    first = say("I love hiking")
    say("I love sailing", 1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fan_memories SET message_content = metadata WHERE id = %s", [first.id])
        cursor.execute("UPDATE fan_memories SET message_content = topics WHERE id = %s", [first.id])
        cursor.execute(
            "UPDATE fan_memories SET message_content = (SELECT message_content FROM fan_memories WHERE id <> %s)"
            " WHERE id = %s",
            [first.id, first.id],
        )
    learn_all()
    assert state_of().folded_count == 2
    assert FanMemory.objects.get(pk=first.id).sentiment is None


def test_a_broker_that_is_away_fails_no_write_and_is_not_asked_for_a_while(creator_1, settings):
    from ofmemory.infra import wakeups

    wakeups._broker.cache_clear()
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    set_of_this_test = WakeUps("learning:of-this-test")
    for number in range(5):
        set_of_this_test.add(number)
    assert BROKER.breaker.state is State.OPEN
    assert BROKER.breaker.snapshot().failures == 3, "then nobody asks any more"
    BROKER.breaker.reset()
    wakeups._broker.cache_clear()


def test_what_the_broker_lost_is_found(creator_1, settings):
    settings.LEARNING_SWEEP_AFTER = timedelta(0)
    for n in range(20):
        say("hello there", fan_id=f"fan-{n}")
    while DUE.take(100):
        pass
    assert sweep() == 20
    learn_all()
    assert not EngagementMetrics.objects.filter(learnt_interactions=0).exists()


def test_a_run_that_died_between_taking_and_storing_is_made_up_for(creator_1, settings):
    settings.LEARNING_SWEEP_AFTER = timedelta(0)
    say("hello there")
    assert DUE.take(10) == [_number()]
    sweep()
    learn_all()
    assert state_of().folded_count == 1


def test_other_algorithms_have_every_pair_taken_in_anew(creator_1, settings):
    settings.LEARNING_SWEEP_AFTER = timedelta(0)
    say("hello there")
    learn_all()
    LearntState.objects.update(algorithms=0)
    assert sweep() == 1
    learn_all()
    row = state_of()
    assert row.algorithms == 1
    assert (row.folded_count, row.recounted) == (1, None)


def test_numbers_of_pairs_that_are_gone_are_left_alone(creator_1):
    assert learn_pairs([999_999]).pairs == 0


def test_nothing_is_learnt_for_who_has_no_key_any_more(creator_1):
    say("hello there")
    number = _number()
    assert ensure(PAIR)
    from memory.services.clearing import clear_memory

    clear_memory(**OF)
    assert learn_pairs([number]).pairs == 0
    assert not LearntState.objects.exists()


def test_no_failure_is_noted_of_who_was_erased_meanwhile(creator_1):
    assert note_failure(Pair("creator-1", "erased"), "DataError") == 0
    assert not LearntState.objects.exists()
