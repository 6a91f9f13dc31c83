"""Looking into the broker: what lies there, and what happens when it is away."""

import socket

import orjson
import pytest
import redis
from celery import current_app
from django.conf import settings

from ofmemory.embedded.locations import redis_client_url
from ofmemory.errors import CacheUnavailable
from ofmemory.infra.queues import find_messages, remove_messages
from ofmemory.infra.resilience.breaker import State
from ofmemory.infra.resilience.policies import BROKER


@pytest.fixture
def broker():
    with redis.Redis.from_url(redis_client_url(settings.CELERY_BROKER_URL)) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture(autouse=True)
def _closed_breaker():
    BROKER.breaker.reset()
    # Made anew, to where the settings point now: an earlier test may have left one to nowhere.
    current_app.amqp._producer_pool = None
    yield
    BROKER.breaker.reset()


def everything(_):
    return True


def test_messages_are_found_and_taken_out(broker):
    current_app.send_task("memory.tasks.clear_cache", args=[["a"]])
    current_app.send_task("memory.tasks.forget_old_answers")
    held = {"body": "eyJ9", "headers": {"task": "memory.tasks.held"}}
    broker.hset("unacked", "tag", orjson.dumps([held, "exchange", "key"]))
    found = find_messages(everything)
    assert {message.task for message in found} == {
        "memory.tasks.clear_cache",
        "memory.tasks.forget_old_answers",
        "memory.tasks.held",
    }
    remove_messages([message for message in found if message.task != "memory.tasks.forget_old_answers"])
    assert [message.task for message in find_messages(everything)] == ["memory.tasks.forget_old_answers"]
    assert not broker.exists("unacked")


def test_what_is_no_message_is_shown_as_it_is(broker):
    broker.rpush("celery", b"not json", b'{"body": "!"}')
    assert {message.body for message in find_messages(everything)} == {b"not json", b'{"body": "!"}'}


def test_a_broker_that_is_away_is_left_alone_after_a_few_tries(settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
    failures = settings.REDIS_BREAKER[0]
    for _ in range(failures):
        with pytest.raises(CacheUnavailable):
            find_messages(everything)
    assert BROKER.breaker.state is State.OPEN
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        listening.setblocking(False)
        with pytest.raises(CacheUnavailable):
            find_messages(everything)
        with pytest.raises(BlockingIOError):
            listening.accept()
