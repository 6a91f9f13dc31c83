"""The cache is never wrong: races between readers and writers, writers that die, and a Redis that misbehaves."""

import base64
import json
import subprocess
import sys
import threading
from time import monotonic

import pytest
import redis
from celery import current_app
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.cache import set_epoch
from accounts.gate import Gate
from accounts.services import principals
from memory import cache
from memory.models import EngagementMetrics
from memory.services.context import get_memory_context
from memory.services.engagement import get_engagement_score
from memory.services.interactions import save_interaction
from memory.services.writes import writing
from memory.tasks import clear_cache
from ofmemory.embedded.locations import redis_client_url
from ofmemory.infra.cache.client import client, forget_connections
from ofmemory.infra.cache.owed import owed_count
from ofmemory.infra.resilience.breaker import State
from ofmemory.infra.resilience.policies import CACHE, DATABASE, KEYS
from privacy.domain import Pair
from privacy.keys import keyring
from tests.flows.conftest import wait_until
from tests.memory.support import CREATOR, PAIR, PATIENCE_SECONDS, A, B, at_once, in_thread, refused
from tests.servers import environment_of_a_process

GATE = Gate(CREATOR)
SAYS = {"type": "message", "content": "more"}
KEY = cache.pair_key(PAIR)
pytestmark = pytest.mark.django_db(transaction=True)


def say(content):
    save_interaction(fan_id=PAIR.fan_id, creator_id=PAIR.creator_id, type="message", content=content)


def recalled():
    context = get_memory_context(fan_id=PAIR.fan_id, creator_id=PAIR.creator_id)
    return [message["content"] for message in context["recentMessages"]]


def read(part="context", pair=PAIR):
    return cache.read([pair], part, GATE)[1][0]


@pytest.fixture(autouse=True)
def _key():
    """Nothing is cached of a pair without a key."""
    keyring.ensure(PAIR)


def fill(token, value=b"value", part="context", pair=PAIR):
    cache.try_fill(part, [(pair, token, value)])


class TestLease:
    def test_a_miss_gives_a_token_and_the_token_fills(self):
        token = read().fill_token
        assert token
        fill(token)
        assert read().value == b"value"

    def test_readers_of_one_miss_share_the_token(self):
        assert read().fill_token == read().fill_token

    def test_a_foreign_token_fills_nothing(self):
        read()
        fill(b"0" * 32)
        assert read().value is None

    def test_a_write_under_way_lets_nobody_fill(self):
        token = read().fill_token
        _, mark, _ = cache.begin_write([PAIR], GATE)
        assert read() == cache.Held(None, None)
        fill(token)
        assert read().value is None
        cache.end_write([PAIR], mark)
        fill(token)
        assert read().value is None
        assert read().fill_token not in (None, token)

    def test_a_write_removes_the_value_before_its_transaction(self):
        fill(read().fill_token)
        cache.begin_write([PAIR], GATE)
        assert read().value is None

    @pytest.mark.parametrize("first_to_end", [0, 1])
    def test_of_two_writers_the_last_to_end_lets_readers_fill(self, first_to_end):
        marks = [cache.begin_write([PAIR], GATE)[1] for _ in range(2)]
        cache.end_write([PAIR], marks[first_to_end])
        assert read() == cache.Held(None, None)
        cache.end_write([PAIR], marks[1 - first_to_end])
        assert read().fill_token

    def test_the_mark_of_a_dead_writer_is_forgotten(self):
        cache.begin_write([PAIR], GATE)
        assert 0 < client().ttl(KEY) <= cache.LEASE_SECONDS

    def test_marks_older_than_the_lease_go_with_the_next_writer(self):
        client().hset(KEY, "writer", "abc@1000000 ")
        _, mark, _ = cache.begin_write([PAIR], GATE)
        held = client().hget(KEY, "writer")
        assert isinstance(held, bytes)
        assert held.startswith(mark.encode())
        assert b"abc" not in held
        cache.end_write([PAIR], mark)
        assert not client().exists(KEY)

    def test_score_and_context_fill_each_for_itself(self):
        token = read("score").fill_token
        fill(token, b"half", "score")
        assert read("context") == cache.Held(None, token)
        fill(token, b"value", "context")
        assert (read("score").value, read("context").value) == (b"half", b"value")

    def test_a_later_part_does_not_prolong_an_earlier_one(self, settings):
        fill(read().fill_token)
        assert cache.LEASE_SECONDS < client().ttl(KEY) <= settings.CONTEXT_CACHE_SECONDS
        client().expire(KEY, 100)
        fill(read("score").fill_token, b"half", "score")
        assert 0 < client().ttl(KEY) <= 100

    def test_a_token_lives_as_long_as_a_lease(self):
        read()
        assert 0 < client().ttl(KEY) <= cache.LEASE_SECONDS

    def test_keys_name_nobody_and_hold_the_creators_tag(self):
        key = cache.pair_key(Pair("creator-1", "fan-secret"))
        assert "fan-secret" not in key
        assert "creator-1" not in key
        assert key.endswith("}")
        assert cache.pair_key(Pair("a", "b:c")) != cache.pair_key(Pair("a:b", "c"))


class TestOneLoadsForAll:
    """A cache that was emptied sends one reader of a value to the database; the others wait for what it stores."""

    def test_the_first_loads_and_the_others_hear_of_it(self):
        first, second, third = read(), read(), read()
        assert [held.is_coming for held in (first, second, third)] == [False, True, True]
        fill(first.fill_token)
        assert (read().value, read().is_coming) == (b"value", False)

    def test_they_get_what_it_stores(self):
        first = read()
        filled = threading.Timer(0.01, lambda: fill(first.fill_token))
        filled.start()
        assert cache.wait_for(PAIR, "context") == b"value"

    def test_but_wait_only_so_long(self, monkeypatch):
        monkeypatch.setattr(cache, "WAITS_MS", (1, 1))
        read()
        assert cache.wait_for(PAIR, "context") is None
        say("hi")
        read()
        assert recalled() == ["hi"], "who waited in vain loads it"

    def test_who_died_loading_is_replaced(self):
        read()
        client().hset(KEY, "loading:context", "1000000")
        assert not read().is_coming

    def test_each_part_has_its_own_loader(self):
        assert not read("context").is_coming
        assert not read("score").is_coming
        assert read("score").is_coming

    def test_a_loader_of_another_part_does_not_shorten_a_life(self):
        context = read("context")
        read("score")
        fill(context.fill_token)
        assert client().ttl(KEY) > cache.LEASE_SECONDS

    def test_a_write_ends_the_wait(self):
        read()
        say("hi")
        assert not read().is_coming

    @pytest.mark.django_db(transaction=True)
    def test_many_at_once_after_a_flush(self):
        say("hi")
        get_memory_context(fan_id="fan-1", creator_id=CREATOR)
        client().flushdb()
        loads = []

        def reader():
            with CaptureQueriesContext(connection) as queries:
                assert recalled() == ["hi"]
            loads.append(any("fan_memories" in query["sql"] for query in queries.captured_queries))

        at_once(*[reader] * 12)
        assert sum(loads) <= 2, "one, and one more should it have been slow"


@pytest.mark.django_db(transaction=True)
class TestWithoutDatabase:
    """Who is in the cache is answered, and told that it may be old; the others hear when to come back."""

    @pytest.fixture
    def gone(self, service):
        """Have the database left alone, once a context is in the cache."""
        service.say("fan-1", "hi")
        service.say("fan-2", "hi")
        service.get(A)
        breakers = [DATABASE.breaker, KEYS.breaker]
        for breaker in breakers * 5:
            breaker.failed(OSError())
        yield
        for breaker in breakers:
            breaker.reset()

    def test_a_cached_context_is_handed_out_as_stale(self, service, gone):
        answer = service.get(A)
        assert (answer.status_code, answer.headers["X-Memory-Cache"]) == (200, "stale")
        assert [m["content"] for m in answer.json()["data"]["recentMessages"]] == ["hi"]

    def test_others_are_told_when_to_come_back(self, service, gone):
        for answer in (service.get("/api/onlyfans/memory/fan-2"), service.post(A, SAYS)):
            refused(answer, 503, "DATABASE_ERROR")
            assert int(answer.headers["Retry-After"]) > 0

    def test_nothing_is_half_done(self, service, gone):
        service.post(A, SAYS)
        for breaker in (DATABASE.breaker, KEYS.breaker):
            breaker.reset()
        assert recalled() == ["hi"]
        assert service.get(A).headers["X-Memory-Cache"] != "stale"

    def test_rights_found_before_hold_on_for_a_while(self, service, gone, monkeypatch):
        later = [0.0]
        monkeypatch.setattr(principals, "monotonic", lambda: monotonic() + later[0])
        later[0] = principals.PRINCIPAL_SECONDS + 1
        assert service.get(A).status_code == 200
        later[0] = principals.PRINCIPAL_SECONDS_WITHOUT_DATABASE + 1
        refused(service.get(A), 503, "DATABASE_ERROR")

    def test_and_are_not_looked_up_with_every_request(self, service, gone, monkeypatch):
        tries, load = [], principals._load
        monkeypatch.setattr(principals, "_load", lambda token: tries.append(token) or load(token))
        monkeypatch.setattr(principals, "monotonic", lambda: monotonic() + principals.PRINCIPAL_SECONDS + 1)
        for _ in range(5):
            assert service.get(A).status_code == 200
        assert len(tries) == 1

    def test_but_not_past_a_change_that_redis_tells_of(self, service, gone):
        set_epoch(CREATOR, "another")
        refused(service.get(A), 503, "DATABASE_ERROR")


class TestStaleFill:
    """A reader loads, a writer commits, the reader stores: what it stores must never be served."""

    def test_reader_that_loaded_before_the_commit(self):
        say("old")
        loaded, written = threading.Event(), threading.Event()

        def slow_reader():
            held = read()
            context = b"0" * 32 + b'{"recentMessages":[{"content":"old"}]}'
            loaded.set()
            assert written.wait(PATIENCE_SECONDS)
            fill(held.fill_token, context)

        def writer():
            assert loaded.wait(PATIENCE_SECONDS)
            say("new")
            written.set()

        at_once(slow_reader, writer)
        assert recalled() == ["old", "new"]

    def test_reader_between_begin_and_commit(self):
        say("old")
        with writing([PAIR], GATE):
            EngagementMetrics.objects.update(engagement_score=0.9)
            assert in_thread(lambda: get_engagement_score(fan_id="fan-1", creator_id=CREATOR)) == 0.5
        assert get_engagement_score(fan_id="fan-1", creator_id=CREATOR) == 0.9

    def test_a_write_that_fails_lets_readers_fill_again(self):
        say("old")
        with pytest.raises(ZeroDivisionError), writing([PAIR], GATE):
            raise ZeroDivisionError
        assert recalled() == ["old"]
        assert read().value is not None

    def test_flush_or_eviction_between(self):
        say("old")
        token = read().fill_token
        client().flushdb()
        fill(token, b"stale")
        assert read().value is None
        _, mark, _ = cache.begin_write([PAIR], GATE)
        client().delete(KEY)
        cache.end_write([PAIR], mark)
        assert recalled() == ["old"]

    def test_eviction_of_the_mark_while_writing(self):
        say("old")
        with writing([PAIR], GATE):
            client().delete(KEY)
            in_thread(recalled)  # fills with what is committed: the old
            EngagementMetrics.objects.update(engagement_score=0.9)
        assert get_engagement_score(fan_id="fan-1", creator_id=CREATOR) == 0.9


class TestDeadWriter:
    def test_killed_between_commit_and_invalidation(self):
        say("old")
        assert recalled() == ["old"]
        done = run_python(
            "import os\n"
            "from django.db import transaction\n"
            "from memory.services import writes\n"
            "from memory.services.interactions import save_interaction\n"
            "writes._clear = lambda *_: os._exit(7)\n"
            "save_interaction(fan_id='fan-1', creator_id='creator-1', type='message', content='new')\n"
        )
        assert done.returncode == 7, done.stderr
        assert recalled() == ["old", "new"]
        assert client().hexists(KEY, "writer"), "its hold is still there"
        assert not client().hexists(KEY, "context"), "nobody fills under it"

    def test_dies_while_another_writer_ends(self):
        """The dead one had begun first, and commits last."""
        say("old")
        cache.begin_write([PAIR], GATE)  # and never ends
        say("by another")
        assert recalled() == ["old", "by another"]
        EngagementMetrics.objects.update(engagement_score=0.9)  # its commit
        assert not client().hexists(KEY, "context")
        assert get_engagement_score(fan_id="fan-1", creator_id=CREATOR) == 0.9


def run_python(code):
    """Run ``code`` in another process with the product set up on the same databases."""
    command = [sys.executable, "-c", "import django; django.setup()\n" + code]
    return subprocess.run(command, env=environment_of_a_process(), capture_output=True, text=True, check=False)


def test_reads_see_writes_of_another_process():
    say("ours")
    assert recalled() == ["ours"]
    done = run_python(
        "from memory.services.context import get_memory_context as get\n"
        "from memory.services.interactions import save_interaction as save\n"
        "who = {'fan_id': 'fan-1', 'creator_id': 'creator-1'}\n"
        "print([m['content'] for m in get(**who)['recentMessages']])\n"
        "save(**who, type='message', content='theirs')\n"
    )
    assert done.stdout.strip() == "['ours']", done.stderr
    assert recalled() == ["ours", "theirs"]


class TestWrongTypes:
    @pytest.fixture(autouse=True)
    def _spoilt(self, service):
        service.say("fan-1", "hi")
        client().delete(KEY)
        client().set(KEY, "no hash of ours")

    def test_is_served_from_the_database(self, service):
        answer = service.get(A)
        assert answer.status_code == 200
        assert answer.headers["X-Memory-Cache"] == "degraded"
        assert service.post(f"{B}/bulk", {"fanIds": ["fan-1"]}).json()["count"] == 1
        assert service.get(f"{B}/engagement-score?fanId=fan-1").json()["data"]["score"] == 0.5

    def test_a_write_heals_it(self, service):
        service.say("fan-1", "again")
        assert service.get(A).headers["X-Memory-Cache"] == "miss"
        assert service.get(A).headers["X-Memory-Cache"] == "hit"

    def test_and_so_does_a_delete(self, service):
        assert service.delete(A).status_code == 200
        refused(service.get(A), 404, "NOT_FOUND")


class TestWithoutRedis:
    @pytest.fixture
    def back(self, settings):
        """Point this process at the real Redis again."""
        url = settings.REDIS_URL

        def point_at_it():
            settings.REDIS_URL = url
            _forget_connections()

        yield point_at_it
        point_at_it()

    @pytest.fixture(autouse=True)
    def dead(self, settings, back):
        """Point this process at a socket where nobody listens."""

        def point_at_nobody():
            settings.REDIS_URL = "unix:///nowhere/redis.sock"
            _forget_connections()

        point_at_nobody()
        return point_at_nobody

    @pytest.fixture
    def no_broker(self, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(current_app.conf, "broker_write_url", "redis+socket:///nowhere/redis.sock")
            patch.setattr(current_app.amqp, "_producer_pool", None)
            yield

    def test_reads_are_degraded_and_right(self, service):
        service.say("fan-1", "hi")
        for _ in range(2):
            answer = service.get(A)
            assert answer.status_code == 200
            assert answer.headers["X-Memory-Cache"] == "degraded"
            assert [m["content"] for m in answer.json()["data"]["recentMessages"]] == ["hi"]
        many = service.post(f"{B}/bulk", {"fanIds": ["fan-1", "fan-2"]})
        assert (many.headers["X-Memory-Cache"], many.json()["count"]) == ("degraded", 1)

    def test_every_operation_works(self, service):
        service.say("fan-1", "hi")
        for url in ("stats", "messages?fanId=fan-1", "preferences?fanId=fan-1", "engagement-score?fanId=fan-1"):
            assert service.get(f"{B}/{url}").status_code == 200
        assert service.patch(f"{A}/preferences", {"topicInterests": {"cats": 1}}).status_code == 200
        assert service.post(f"{A}/export").status_code == 200
        # The rows are gone at once; that nothing is left in Redis can be said when it is back.
        assert service.delete(A).status_code == 202
        refused(service.get(A), 404, "NOT_FOUND")

    def test_each_process_admits_its_share(self, service, settings):
        settings.PROCESSES = 2
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, "reads_per_fan": 4, "writes_per_fan": 2}
        assert service.say("fan-9", "message").headers["RateLimit-Limit"] == "2"
        refused(service.post("/api/onlyfans/memory/fan-9", SAYS), 429, "RATE_LIMIT_EXCEEDED")
        for remaining in ("1", "0"):
            answer = service.get("/api/onlyfans/memory/fan-9")
            assert (answer.status_code, answer.headers["RateLimit-Remaining"]) == (200, remaining)
        assert refused(service.get("/api/onlyfans/memory/fan-9"), 429, "RATE_LIMIT_EXCEEDED")["details"]["limit"] == 4

    def test_after_three_failures_nobody_waits_for_it(self, service):
        service.say("fan-1", "hi")
        for _ in range(3):
            service.get(A)
        assert CACHE.breaker.state is State.OPEN
        asked = CACHE.breaker.snapshot().failures
        assert service.get(A).headers["X-Memory-Cache"] == "degraded"
        assert service.say("fan-1", "again").status_code == 200
        assert CACHE.breaker.snapshot().failures <= asked

    def test_what_was_written_meanwhile_is_read_when_it_is_back(self, service, back, dead, no_broker):
        back()
        service.say("fan-1", "old")
        assert recalled() == ["old"]
        dead()
        service.say("fan-1", "new")
        assert owed_count() > 0
        back()
        wait_until(lambda: not owed_count())
        assert recalled() == ["old", "new"]

    def test_what_a_write_makes_old_is_cleared_by_the_worker(self, service, queued, back, dead):
        back()
        service.say("fan-1", "old")
        assert recalled() == ["old"]
        dead()
        service.say("fan-1", "new")
        # A key of Redis, which names nobody.
        assert queued() == [[[cache.pair_key(PAIR)]]]
        back()
        clear_cache(*queued()[0])
        assert recalled() == ["old", "new"]

    def test_without_a_broker_too(self, service, no_broker, caplog):
        assert service.post(f"{B}/interaction", {"fanId": "fan-1", "content": "hi"}).status_code == 200
        assert "cache_clearing_not_queued" in [record.getMessage() for record in caplog.records]
        assert recalled() == ["hi"]

    def test_it_comes_back(self, service, back):
        service.say("fan-1", "hi")
        back()
        wait_until(lambda: not owed_count())
        assert service.get(A).headers["X-Memory-Cache"] == "miss"
        assert service.get(A).headers["X-Memory-Cache"] == "hit"


def _forget_connections():
    CACHE.breaker.reset()
    forget_connections()


@pytest.fixture
def queued(settings):
    """Return the arguments of the tasks that wait in the broker, which starts empty."""
    broker = redis.Redis.from_url(redis_client_url(settings.CELERY_BROKER_URL))
    broker.flushdb()

    def waiting():
        bodies = [json.loads(message)["body"] for message in broker.lrange("celery", 0, -1)]
        return [json.loads(base64.b64decode(body))[0] for body in bodies]

    yield waiting
    broker.close()
