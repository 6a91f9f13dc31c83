"""Recall: what it costs, and what it does when a part cannot be loaded."""

from contextlib import contextmanager
from datetime import timedelta

import orjson
import pytest
from django.db import connection, transaction
from django.utils import timezone

from memory import selectors
from memory.models import FanMemory
from memory.services.context import get_memories_for_fans, get_memory_context, load_contexts
from memory.services.engagement import get_engagement_score
from ofmemory.errors import DatabaseUnavailable
from ofmemory.infra.cache.client import client
from ofmemory.infra.db import insert_new
from tests.memory.support import CREATOR, START, A, B, refused, talked

TABLES = {
    "personalityProfile": "personality_profiles",
    "preferences": "fan_preferences",
    "emotionalState": "emotional_states",
    "recentMessages": "fan_memories",
    "recentInteractions": "interactions",
    "engagementMetrics": "engagement_metrics",
}
pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def without(*tables):
    """Take tables away for a while."""
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_away")
        try:
            yield
        finally:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table}_away RENAME TO {table}")


@pytest.fixture
def keys_sent(monkeypatch):
    """Count the commands sent to Redis."""
    sent = []
    kind = client().connection_pool.connection_class
    original = kind.send_command

    def noting(self, *args, **kwargs):
        sent.append(args[0])
        return original(self, *args, **kwargs)

    monkeypatch.setattr(kind, "send_command", noting)
    return sent


class TestCost:
    @pytest.fixture(autouse=True)
    def _fans(self):
        for number in range(100):
            talked(2, f"fan-{number}")

    def test_a_miss_takes_three_queries(self, django_assert_num_queries):
        with django_assert_num_queries(3):
            get_memory_context(fan_id="fan-1", creator_id=CREATOR)

    def test_a_hit_takes_none(self, django_assert_num_queries):
        get_memory_context(fan_id="fan-1", creator_id=CREATOR)
        with django_assert_num_queries(0):
            get_memory_context(fan_id="fan-1", creator_id=CREATOR)

    @pytest.mark.parametrize("count", [1, 10, 100])
    def test_many_misses_take_as_many_queries_as_one(self, count, django_assert_num_queries):
        with django_assert_num_queries(3):
            found = get_memories_for_fans(fan_ids=[f"fan-{n}" for n in range(count)], creator_id=CREATOR)
        assert len(found) == count

    @pytest.mark.parametrize("count", [1, 10, 100])
    def test_many_hits_are_one_round_trip(self, count, keys_sent, django_assert_num_queries):
        fans = [f"fan-{n}" for n in range(count)]
        get_memories_for_fans(fan_ids=fans, creator_id=CREATOR)
        keys_sent.clear()
        with django_assert_num_queries(0):
            get_memories_for_fans(fan_ids=fans, creator_id=CREATOR)
        assert keys_sent == ["EVALSHA"]

    def test_a_score_takes_one_query_and_then_none(self, django_assert_num_queries):
        for queries in (1, 0):
            with django_assert_num_queries(queries):
                get_engagement_score(fan_id="fan-1", creator_id=CREATOR)

    def test_a_request_adds_none(self, service, keys_sent, django_assert_num_queries):
        service.context("fan-1")
        keys_sent.clear()
        with django_assert_num_queries(0):
            service.context("fan-1")
        assert keys_sent == ["EVALSHA"]


class TestDegraded:
    @pytest.mark.parametrize(("part", "table"), TABLES.items())
    def test_a_part_that_cannot_be_loaded_is_its_default_and_is_named(self, service, part, table):
        service.say("fan-1", "hi")
        whole = service.context("fan-1")
        client().flushdb()
        with without(table):
            answers = [service.get(A) for _ in range(2)]
        for answer in answers:
            assert answer.status_code == 200
            assert answer.headers["X-Memory-Cache"] == "miss", "a degraded context must not be kept"
            data = answer.json()["data"]
            assert data["degraded"] == [part]
            assert set(data) == set(whole)
        if part != "recentMessages":
            assert [m["content"] for m in data["recentMessages"]] == ["hi"]
        if part != "engagementMetrics":
            assert data["engagementMetrics"] == whole["engagementMetrics"]
        assert service.context("fan-1") == whole

    def test_a_write_survives_a_part_that_cannot_be_read(self, service):
        with without("emotional_states"):
            answer = service.post(A, {"content": "hi"}, idempotency_key="k-1")
        assert answer.status_code == 201
        assert answer.json()["data"]["degraded"] == ["emotionalState"]
        assert [m["content"] for m in service.context("fan-1")["recentMessages"]] == ["hi"]

    def test_several_parts(self, service):
        service.say("fan-1")
        with without("emotional_states", "fan_preferences"):
            data = service.context("fan-1")
            many = service.post(f"{B}/bulk", {"fanIds": ["fan-1", "fan-2"]}).json()
        assert data["degraded"] == ["preferences", "emotionalState"]
        assert many["data"]["fan-1"] == data

    def test_never_seen_stays_never_seen(self, service):
        with without("engagement_metrics"):
            refused(service.get(A), 404, "NOT_FOUND")

    def test_nothing_can_be_loaded(self, service):
        service.say("fan-1")
        with without(*TABLES.values()):
            answer = service.get(A)
            with pytest.raises(DatabaseUnavailable):
                load_contexts(CREATOR, ["fan-1"], now=START)
        refused(answer, 503, "DATABASE_ERROR")
        assert int(answer.headers["Retry-After"]) > 0


def test_the_newest_of_a_large_history_among_many_small_ones_are_read_from_the_end_of_the_index(db):
    """On a server with stock costs the planner, which knows of small histories only, would gather and sort them all."""
    start = timezone.now() - timedelta(days=400)

    def said(fan_id, minute):
        at = start + timedelta(minutes=minute)
        return FanMemory(creator_id="c", fan_id=fan_id, message_content="hi! " * 40, sender="fan", created_at=at)

    insert_new([said(f"small-{number}", minute) for minute in range(10) for number in range(1000)])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE fan_memories")
        cursor.execute("SET LOCAL random_page_cost = 4")
        insert_new([said("whale", minute) for minute in range(5_000)])
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {selectors._NEWEST_MESSAGES}", (["whale"], "c", 50))
        told = cursor.fetchone()[0]
    plan = (orjson.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    assert plan["Actual Rows"] == 50
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 60
