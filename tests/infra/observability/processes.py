"""Processes of the product that count something into a folder."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BASE = Path(__file__).resolve().parents[3]
_BEGIN = """
import django, sys
django.setup()
from ofmemory.infra.observability.metrics import REQUESTS, RETRIEVAL, SLOTS_SIZE, BREAKER_STATE, FILES
from ofmemory.infra.observability import metrics
REQUESTS.labels("r", "GET", "200").inc(2)
RETRIEVAL.labels("context", "hit").observe(0.004)
SLOTS_SIZE.set(4)
BREAKER_STATE.labels("database", "web").set(2)
"""
_STAY = """
print("counted", flush=True)
sys.stdin.read()
"""


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return what such a process sees."""
    own = {"DJANGO_SETTINGS_MODULE": "ofmemory.settings.test", "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    return {**os.environ, **own, **more}


def count_and_end(folder: Path, code: str = "") -> str:
    """Run one that counts, runs ``code`` and ends; return what it said."""
    done = subprocess.run(
        [sys.executable, "-c", _BEGIN + code],
        env=environment(folder),
        cwd=BASE,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@contextmanager
def counting(folder: Path, code: str = "") -> Iterator["subprocess.Popen[str]"]:
    """Run one that counts and stays."""
    process = subprocess.Popen(
        [sys.executable, "-c", _BEGIN + code + _STAY],
        env=environment(folder),
        cwd=BASE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "counted\n"
        yield process
    finally:
        process.kill()
        process.communicate()
