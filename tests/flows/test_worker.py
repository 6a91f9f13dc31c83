"""A real Celery worker does what the web processes leave to it."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.db.models import F

from calibration.services.due import DUE
from memory import cache
from memory.models import EngagementMetrics, IdempotentAnswer
from ofmemory.embedded.commands import QUIET_WORKER
from ofmemory.embedded.locations import redis_client_url
from ofmemory.infra.cache.client import client
from tests.flows.conftest import BASE, PATIENCE_SECONDS, wait_until
from tests.memory.support import PAIR, A

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(environment: dict[str, str]) -> Iterator[None]:
    """One process that takes tasks from this test's broker, which starts empty."""
    broker = redis.Redis.from_url(redis_client_url(settings.CELERY_BROKER_URL))
    broker.flushdb()
    command = [sys.executable, "-m", "celery", "-A", "ofmemory.celery", "--quiet", "worker", "--pool=solo"]
    process = subprocess.Popen([*command, *QUIET_WORKER], cwd=BASE, env=environment)
    try:
        yield
        assert process.poll() is None, "the worker died"
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        broker.flushdb()
        broker.close()


def test_carries_out_tasks(worker, service):
    service.post(A, {"content": "hi"}, idempotency_key="old")
    IdempotentAnswer.objects.update(created_at=F("created_at") - timedelta(hours=25))
    service.get(A)
    assert client().hexists(cache.pair_key(PAIR), "context")

    current_app.send_task("memory.tasks.forget_old_answers")
    current_app.send_task("memory.tasks.clear_cache", args=[[cache.pair_key(PAIR)]])

    wait_until(lambda: not IdempotentAnswer.objects.exists())
    wait_until(lambda: not client().exists(cache.pair_key(PAIR)))


def test_learns_from_what_was_said(worker, service):
    """The message in the broker names nobody; a sweep finds what the broker lost."""
    service.say("fan-1", "I love hiking, thank you so much! 😍")
    assert redis.Redis.from_url(redis_client_url(settings.CELERY_BROKER_URL)).smembers("learning:due")
    current_app.send_task("calibration.tasks.learn_due")
    wait_until(lambda: service.context("fan-1")["learning"]["pending"] == 0)
    assert service.context("fan-1")["emotionalState"]["currentSentiment"] == "positive"

    service.say("fan-1", "that was terrible, I am so angry")
    DUE.take(10)
    EngagementMetrics.objects.update(updated_at=F("updated_at") - timedelta(minutes=1))
    current_app.send_task("calibration.tasks.sweep_learning")
    current_app.send_task("calibration.tasks.learn_due")
    wait_until(lambda: service.context("fan-1")["learning"]["pending"] == 0)


def test_finds_out_what_is_usual(worker, service):
    current_app.send_task("calibration.tasks.fit_priors")
    current_app.send_task("calibration.tasks.learn_due")
    service.say("fan-1", "hello")
    current_app.send_task("calibration.tasks.learn_due")
    wait_until(lambda: service.context("fan-1")["learning"]["pending"] == 0)
