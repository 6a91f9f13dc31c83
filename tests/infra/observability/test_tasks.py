"""Tasks, seen: one id from the request to the task, one line and two numbers for each run."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import redis
from celery import current_app, shared_task
from celery.exceptions import Retry
from django.conf import settings as django_settings

from ofmemory.embedded.commands import QUIET_WORKER
from ofmemory.infra.observability import correlation, heartbeat, tasks
from ofmemory.infra.observability.metrics import TASK_LATENCY, TASKS
from ofmemory.infra.observability.redis_client import to_broker
from tests.flows.conftest import BASE, PATIENCE_SECONDS, wait_until
from tests.infra.observability.test_process_files import shown
from tests.infra.observability.test_requests import value
from tests.servers import environment_of_a_process

SECRET = "what somebody wrote"
NAME = f"{__name__}.work"
# What each run saw of the correlation.
SEEN: list[str] = []


@shared_task(name=NAME, bind=True)
def work(self, what):
    """Do as told, and note the correlation."""
    SEEN.append(correlation.correlation_id())
    if what == "fail":
        raise ValueError(SECRET)
    if what == "retry":
        raise Retry
    return what


@pytest.fixture(autouse=True)
def _own_task(monkeypatch):
    SEEN.clear()
    monkeypatch.setattr(heartbeat, "_last", {})
    yield
    correlation.end()


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.DEBUG, logger=tasks.__name__)
    return lambda: [r for r in caplog.records if r.name == tasks.__name__]


def run(what, **options):
    """Run the task here, with the signals of a worker."""
    return work.apply(args=[what], **options)


def test_a_task_goes_on_with_the_id_of_who_sent_it(monkeypatch):
    headers = {}
    correlation.begin("from-a-request")
    tasks._hand_on(headers=headers)
    run(3, headers=headers)
    assert SEEN == ["from-a-request"]
    assert correlation.correlation_id() == ""


def test_a_task_of_the_scheduler_begins_its_own():
    correlation.end()
    headers = {}
    tasks._hand_on(headers=headers)
    assert headers == {}
    run(3)
    run(3)
    assert len(set(SEEN)) == 2
    assert all(len(seen) == 32 for seen in SEEN)


def test_numbers_and_line_of_a_run(lines):
    before, timed = value(TASKS, NAME, "success"), value(TASK_LATENCY, NAME, suffix="_count")
    run(3)
    assert value(TASKS, NAME, "success") == before + 1
    assert value(TASK_LATENCY, NAME, suffix="_count") == timed + 1
    (line,) = lines()
    assert (line.getMessage(), line.levelname, line.task, line.count, line.status) == (
        "task_finished", "INFO", NAME, 3, "success",
    )  # fmt: skip
    assert line.duration_ms >= 0


def test_a_tick_that_found_nothing_is_told_to_who_debugs(lines):
    run(0)
    assert [line.levelname for line in lines()] == ["DEBUG"]
    run(SECRET)
    assert lines()[-1].levelname == "INFO"
    assert SECRET not in str([vars(line) for line in lines()])


@pytest.mark.parametrize(("what", "outcome", "error"), [("fail", "failure", "ValueError"), ("retry", "retry", "Retry")])
def test_a_run_that_failed(lines, what, outcome, error):
    before = value(TASKS, NAME, outcome)
    run(what)
    assert value(TASKS, NAME, outcome) == before + 1
    (line,) = lines()
    assert (line.getMessage(), line.task, line.status) == ("task_failed", NAME, outcome)
    assert line.error in (error, "NoneType")
    assert SECRET not in str(vars(line))


def test_a_run_whose_process_died_is_told_by_its_parent(lines):
    before = value(TASKS, NAME, "failure")
    tasks._note_failure(sender=work, exception=RuntimeError(SECRET))
    assert value(TASKS, NAME, "failure") == before + 1
    assert (lines()[-1].getMessage(), lines()[-1].error) == ("task_lost", "RuntimeError")


def test_a_message_may_name_anything():
    class Unknown:
        name = SECRET

    assert tasks._name_of(Unknown()) == "other"
    assert tasks._name_of(None) == "other"


def test_the_scheduler_gives_a_sign_when_it_sends(settings):
    with to_broker() as broker:
        broker.delete(heartbeat.KEY)
        tasks._sent()
        assert heartbeat.read(broker)[heartbeat.SCHEDULER] == 0
        settings.SERVICE = heartbeat.SCHEDULER
        tasks._sent()
        assert heartbeat.read(broker)[heartbeat.SCHEDULER] > 1.7e9


# ---- a real worker


@pytest.fixture
def worker(tmp_path: Path, transactional_db: None):
    """A worker with one child, its log, and the folder of its numbers."""
    broker = redis.Redis.from_url(heartbeat_broker_url())
    broker.flushdb()
    log = tmp_path / "worker.log"
    environment = environment_of_a_process() | {
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
        "OFMEMORY_SERVICE": "worker",
    }
    command = [sys.executable, "-m", "celery", "-A", "ofmemory.celery", "--quiet", "worker", "--concurrency=1"]
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *QUIET_WORKER], cwd=BASE, env=environment, stderr=output, stdout=output)
    yield process, log, tmp_path / "metrics"
    process.terminate()
    process.wait(PATIENCE_SECONDS)
    broker.flushdb()
    broker.close()


def heartbeat_broker_url():
    from ofmemory.embedded.locations import redis_client_url

    return redis_client_url(django_settings.CELERY_BROKER_URL)


def told(log: Path):
    return [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]


def test_a_real_worker(worker):
    process, log, folder = worker
    correlation.begin("of-the-request")
    current_app.send_task("memory.tasks.forget_old_answers")
    current_app.send_task("memory.tasks.clear_cache", args=[["pair:v1:x"]])
    wait_until(lambda: len([line for line in told(log) if line["event"] == "task_finished"]) >= 1)
    (line,) = [line for line in told(log) if line.get("task") == "memory.tasks.clear_cache"]
    assert (line["correlationId"], line["service"]) == ("of-the-request", "worker")
    assert "pair:v1:x" not in log.read_text()
    done = 'ofmemory_tasks_total{outcome="success",task="memory.tasks.clear_cache"}'
    wait_until(lambda: shown(folder).get(done) == 1)
    with to_broker() as broker:
        wait_until(lambda: time.time() - heartbeat.read(broker)[heartbeat.WORKER] < 60)

    # A child that is killed is replaced, and what it counted stays.
    (child,) = children_of(process.pid)
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: [pid for pid in children_of(process.pid) if pid != child])
    current_app.send_task("memory.tasks.clear_cache", args=[["pair:v1:x"]])
    wait_until(lambda: shown(folder).get(done) == 2)


def children_of(pid: int):
    children = psutil.Process(pid).children()
    return [child.pid for child in children if child.status() != psutil.STATUS_ZOMBIE]
