"""An erasure while a store is away: what can be done is done, the rest follows."""

import pytest
import redis

from memory import cache, store
from memory.models import EngagementMetrics, FanMemory, FanPreferences
from memory.services.preferences import update_preferences
from ofmemory.infra.cache.client import client
from privacy.domain import ErasureStep, Limit, Purpose, RequestStatus
from privacy.errors import KeysUnavailable
from privacy.keys import keyring
from privacy.keys.models import Erasure
from privacy.registry import store as lent
from privacy.services import erasing, erasure_steps
from privacy.tasks import resume_erasures
from tests.memory.support import minute
from tests.privacy.erasure.support import DPO, NAMESAKE, OTHER, PAIR, erase, fill, rows_of, say

pytestmark = pytest.mark.django_db(transaction=True)
NOWHERE = "redis://127.0.0.1:1/0"


def test_without_the_broker(settings):
    fill()
    reachable = settings.CELERY_BROKER_URL
    settings.CELERY_BROKER_URL = NOWHERE
    request = erase(PAIR)
    assert request.status == RequestStatus.EXECUTING
    assert set(rows_of(PAIR)) == {"privacy_requests"}
    assert ErasureStep.QUEUES not in request.steps
    assert resume_erasures() == 0
    settings.CELERY_BROKER_URL = reachable
    assert resume_erasures() == 1


def test_without_the_cache(settings, monkeypatch):
    fill()
    with monkeypatch.context() as patched:
        nowhere = redis.Redis.from_url(NOWHERE, socket_connect_timeout=1)
        patched.setattr(cache, "client", lambda: nowhere)
        request = erase(PAIR)
    assert request.status == RequestStatus.EXECUTING
    assert request.failures == 1
    assert set(rows_of(PAIR)) == {"privacy_requests"}
    assert resume_erasures() == 1
    assert client().ping()


def test_without_the_keys_nothing_is_done(monkeypatch):
    fill()
    before = rows_of(PAIR)
    request = erasing.begin(PAIR, requested_by=DPO, reason="test")

    def away(*_):
        raise KeysUnavailable("The keys database did not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(erasure_steps.ledger, "start", away)
        with pytest.raises(KeysUnavailable):
            erasing.execute(request.id, DPO)
        assert resume_erasures() == 0
    assert rows_of(PAIR) == before | {"privacy_requests": 1}
    assert not Erasure.objects.exists()
    assert resume_erasures() == 1


class TestWhatMemoryLends:
    def test_pairs_in_one_order(self, monkeypatch):
        monkeypatch.setattr(store, "_PAIRS", store._PAIRS.replace("LIMIT 1000", "LIMIT 2"))
        pairs = [PAIR, OTHER, NAMESAKE]
        for pair in pairs:
            say(pair)
        found = list(lent().iterate_pairs())
        assert sorted(found, key=pairs.index) == pairs
        assert list(lent().iterate_pairs(after=found[0])) == found[1:]

    def test_locking_makes_a_row_only_when_told(self):
        with lent().writing(PAIR):
            assert lent().lock(PAIR) is False
            assert lent().lock(PAIR, create=True) is True
            assert lent().lock(PAIR) is True

    def test_limits(self):
        say()
        lent().set_limits(PAIR, Limit.RESTRICTED | Limit.OBJECTED)
        assert EngagementMetrics.objects.get().limits == Limit.RESTRICTED | Limit.OBJECTED

    def test_inactive(self):
        say(timestamp=minute(1))
        assert lent().is_inactive(PAIR, minute(2)) is True
        assert lent().is_inactive(PAIR, minute(1)) is False
        assert lent().is_inactive(OTHER, minute(2)) is False
        assert lent().list_inactive_pairs(minute(2)) == [PAIR]

    def test_what_was_inferred_goes_by_purpose(self):
        say(content="hello")
        who = {"fan_id": PAIR.fan_id, "creator_id": PAIR.creator_id}
        update_preferences(**who, patch={"topicInterests": {"cats": 0.5}})
        message = FanMemory.objects.get()
        message.sentiment, message.topics = "positive", ["cats"]
        message.save()
        preferences = FanPreferences.objects.get()
        preferences.purchase_patterns = [{"type": "photo"}]
        preferences.save()

        lent().forget_inferred(PAIR, Purpose.EMOTION_ANALYSIS)
        message.refresh_from_db()
        assert (message.sentiment, message.topics) == (None, ["cats"])
        lent().forget_inferred(PAIR, Purpose.PERSONALISATION)
        message, preferences = FanMemory.objects.get(), FanPreferences.objects.get()
        assert (message.topics, message.message_content) == ([], "hello")
        assert (preferences.topic_interests, preferences.purchase_patterns) == ({}, [{"type": "photo"}])
        lent().forget_inferred(PAIR, Purpose.PURCHASE_PROFILING)
        assert FanPreferences.objects.get().purchase_patterns == []
        lent().forget_inferred(PAIR, Purpose.MEMORY)
        assert FanMemory.objects.get().message_content == "hello"
        assert keyring.count(PAIR) == 1
