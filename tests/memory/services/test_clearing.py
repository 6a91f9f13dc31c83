"""Forgetting: on request while others write, and after two years of silence."""

from datetime import timedelta
from functools import partial

import pytest
from django.db.models.functions import Now

from memory.events import memory_cleared
from memory.models import EngagementMetrics, FanMemory, Interaction
from memory.services.clearing import cleanup_old_memories, clear_memory
from memory.services.interactions import save_interaction
from memory.services.personality import update_personality
from memory.services.preferences import update_preferences
from ofmemory.errors import NotFound
from ofmemory.infra.cache.client import client
from privacy.domain import Pair, RequestStatus
from privacy.errors import Erased
from privacy.services import erasing, erasure_steps
from privacy.services.holds import place
from privacy.services.requests import RETENTION_ACTOR, get_request
from tests.memory.support import CREATOR, START, at_once, everything, in_thread, minute

say = partial(save_interaction, creator_id=CREATOR, type="message", content="hi")
clear = partial(clear_memory, fan_id="fan-1", creator_id=CREATOR)


def unless_erased(work):
    """Return whether it was done; a fan who is being erased is refused."""
    try:
        work()
    except Erased:
        return False
    return True


def consistent():
    """Counters say what is there: never rows without counters, nor counters without rows."""
    metrics = EngagementMetrics.objects.filter(fan_id="fan-1").first()
    messages, others = (model.objects.filter(fan_id="fan-1").count() for model in (FanMemory, Interaction))
    if metrics is None:
        return messages == others == 0
    return (metrics.total_messages, metrics.total_interactions) == (messages, messages + others)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same_instant", [False, True], ids=["spread", "same instant"])
def test_clear_against_twenty_writers(same_instant):
    say(fan_id="fan-1", timestamp=minute(1000))
    writers = [
        partial(unless_erased, partial(say, fan_id="fan-1", type=kind, timestamp=minute(0 if same_instant else n)))
        for n in range(10)
        for kind in ("message", "like")
    ]
    at_once(*writers[:10], clear, *writers[10:])
    assert consistent()


@pytest.mark.django_db(transaction=True)
def test_clear_against_writers_of_everything_else():
    say(fan_id="fan-1")

    def unless_gone(work):
        try:
            work()
        except (NotFound, Erased):
            return False
        return True

    who = {"fan_id": "fan-1", "creator_id": CREATOR}
    likes = partial(update_preferences, **who, patch={"topicInterests": {"cats": 0.5}})
    speaks = partial(update_personality, **who, traits={"tone": "casual"}, actor="test")
    at_once(*[partial(unless_gone, work) for work in (likes, speaks, clear, likes, speaks, clear)])
    assert not any(everything().values())


@pytest.mark.django_db(transaction=True)
def test_cleared_twice_at_once():
    say(fan_id="fan-1")

    def deleted_rows():
        try:
            request = get_request(clear())
        except NotFound:
            return None
        return request.id, request.steps["rows"]["counts"]["fan_memories"]

    told = set(at_once(*[deleted_rows] * 4)) - {None}
    # Who came while it was under way was told of the same request; who came a moment later found nothing, or erased
    # nothing.
    assert sum(count for _, count in told) == 1
    assert not any(everything().values())


@pytest.mark.django_db(transaction=True)
def test_tells_after_commit():
    heard = []
    listener = lambda **ids: heard.append((ids["creator_id"], ids["fan_id"], any(everything().values())))  # noqa: E731
    memory_cleared.connect(listener)
    try:
        say(fan_id="fan-1")
        clear()
    finally:
        memory_cleared.disconnect(listener)
    assert heard == [(CREATOR, "fan-1", False)]


class TestCleanup:
    """What a run does with each kind of pair: tests/privacy/rights/test_retention.py; here that it is the same run."""

    @pytest.fixture(autouse=True)
    def _fans(self, db):
        """old-1 and old-2 fell silent more than two years ago, recent did not: by the database's clock."""
        for fan_id, days in (("old-2", 731), ("old-1", 732), ("recent", 2)):
            say(fan_id=fan_id)
            rows = EngagementMetrics.objects.filter(fan_id=fan_id)
            rows.update(last_interaction=Now() - timedelta(days=days))

    def test_dry_run_lists_what_a_run_forgets(self):
        before = everything()
        listed = cleanup_old_memories(dry_run=True)
        assert listed == [Pair(CREATOR, "old-1"), Pair(CREATOR, "old-2")]
        assert everything() == before
        assert cleanup_old_memories() == listed
        assert {row.fan_id for row in FanMemory.objects.all()} == {"recent"}
        assert cleanup_old_memories(dry_run=True) == cleanup_old_memories() == []

    def test_other_period(self):
        told = []
        assert len(cleanup_old_memories(inactive_for=timedelta(days=1), progress=lambda *of: told.append(of))) == 3
        assert told == [(1, 3), (2, 3), (3, 3)]
        assert not any(everything().values())

    def test_a_fan_under_a_hold_is_kept(self):
        day = START.date()
        place(fan_id="old-1", creator_id=CREATOR, matter="m", ground="g", review_on=day, actor="user:dpo")
        assert cleanup_old_memories(dry_run=True) == [Pair(CREATOR, "old-2")]
        assert cleanup_old_memories() == [Pair(CREATOR, "old-2")]

    def test_a_fan_that_comes_back_at_the_last_moment_is_kept(self):
        """After it was decided, before the rows go."""
        request = erasing.begin(
            Pair(CREATOR, "old-1"),
            requested_by=RETENTION_ACTOR,
            reason=erasure_steps.RETENTION,
            inactive_since=START - timedelta(days=1),
        )
        say(fan_id="old-1")
        request = erasing.execute(request.id, RETENTION_ACTOR)
        assert request.status == RequestStatus.DENIED
        assert FanMemory.objects.filter(fan_id="old-1").count() == 2
        say(fan_id="old-1")

    def test_a_fan_erased_meanwhile_is_no_matter(self):
        def erase(done, _total):
            if done == 1:
                clear_memory(fan_id="old-2", creator_id=CREATOR)

        assert cleanup_old_memories(progress=erase) == [Pair(CREATOR, "old-1")]


@pytest.mark.django_db(transaction=True)
def test_cleanup_waits_for_the_one_who_is_writing():
    """A fan who comes back while the cleanup waits for the lock is kept; one who comes while the rows go is refused."""
    say(fan_id="fan-1")
    EngagementMetrics.objects.update(last_interaction=Now() - timedelta(days=731))
    erased, is_stored = at_once(cleanup_old_memories, lambda: unless_erased(lambda: say(fan_id="fan-1")))
    assert consistent()
    # What was there before is there still where the cleanup lost the race.
    assert FanMemory.objects.filter(fan_id="fan-1").exists() == is_stored
    assert is_stored or erased == [Pair(CREATOR, "fan-1")]


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_cleared_fan_stays_in_the_cache(service):
    service.say("fan-1", "my secret")
    service.context("fan-1")
    service.get("/api/of-memory/engagement-score?fanId=fan-1")
    in_thread(clear)
    assert not [key for key in client().keys("memory:*") if client().hgetall(key)]
