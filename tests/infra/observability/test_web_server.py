"""The real web server, with two processes: one scrape speaks for both, and a killed one leaves nothing stale."""

import http.client
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from ofmemory.embedded.commands import product_commands
from tests.flows.conftest import BASE, PATIENCE_SECONDS, _free_port, wait_until
from tests.servers import environment_of_a_process

TOKEN = "a-token"
THREADS = 3


@pytest.fixture
def web(tmp_path: Path, transactional_db: None):
    """The web server as `make run` starts it: its port, its process, and its log."""
    port, log = _free_port(), tmp_path / "log"
    environment = environment_of_a_process() | {
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
        "OFMEMORY_SERVICE": "web",
        "METRICS_TOKEN": TOKEN,
        "WEB_THREADS": str(THREADS),
        # Of the settings of tests all but this one: that lines are written is what is tried here.
        "DJANGO_SETTINGS_MODULE": "tests.infra.observability.settings",
    }
    commands = product_commands(
        base=BASE,
        home=settings.HOME_DIR,
        bind="127.0.0.1",
        port=port,
        workers=2,
        threads=THREADS,
        concurrency=1,
        demo=False,
    )
    with log.open("wb") as output:
        process = subprocess.Popen(commands.web, cwd=BASE, env=environment, stdout=output, stderr=output)
    try:
        wait_until(lambda: process.poll() is not None or answers(port))
        assert process.poll() is None, log.read_text()
        yield port, process, log
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def ask(port, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def answers(port):
    try:
        return ask(port, "/health/live")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def number(port, name):
    """Return a number of a scrape, 0 where it is not there."""
    status, text = ask(port, "/metrics", Authorization=f"Bearer {TOKEN}")
    assert status == 200
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def workers(process):
    """Return the processes that answer requests."""
    children = psutil.Process(process.pid).children()
    return {child.pid for child in children if child.status() != psutil.STATUS_ZOMBIE and answering(child)}


def answering(child):
    try:
        return "resource_tracker" not in " ".join(child.cmdline())
    except psutil.Error:
        return False


def test_one_scrape_speaks_for_all_and_the_dead_are_silent(web):
    port, process, log = web
    live = 'ofmemory_requests_total{method="GET",route="health/live",status="200"}'
    wait_until(lambda: number(port, "ofmemory_slots_size") == 2 * THREADS)
    before = number(port, live)
    for _ in range(20):
        assert answers(port)
    assert number(port, live) == before + 20

    killed = min(workers(process))
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: len(workers(process) - {killed}) == 2)
    # Three times the slots would be the killed one's as well; the counts of the killed one stay.
    wait_until(lambda: number(port, "ofmemory_slots_size") == 2 * THREADS)
    assert number(port, live) >= before + 20
    assert {int(file.stem.rpartition("_")[2].partition("-")[0]) for file in log.parent.glob("metrics/gauge_*.db")} <= {
        *workers(process),
        process.pid,
    }


def test_its_lines(web):
    port, _, log = web
    path = "/api/onlyfans/memory/a-fan-of-mine"
    assert ask(port, path, **{"X-Correlation-ID": "follow-me", "Authorization": "Bearer nobodys"})[0] == 401
    wait_until(lambda: "follow-me" in log.read_text())
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    (line,) = [line for line in lines if line.get("correlationId") == "follow-me" and line["event"] == "request"]
    assert (line["service"], line["route"], line["status"], line["error"]) == (
        "web", "api/onlyfans/memory/<str:fan_id>", 401, "UNAUTHORIZED",
    )  # fmt: skip
    assert "a-fan-of-mine" not in log.read_text()
    assert "nobodys" not in log.read_text()
