"""Nobody finds out by the clock who or what exists. Long, and only as quiet as the machine: run it alone, on demand.

    OFMEMORY_TIMING_SAMPLES=2000 .venv/bin/python -m pytest tests/abuse/test_timing.py -s

Two kinds of request in an order drawn by lot; Mann-Whitney's test says how likely both are of one distribution.
"""

import math
import os
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import ApiKey
from tests.conftest import PASSWORD, Api

SAMPLES = int(os.environ.get("OFMEMORY_TIMING_SAMPLES", "0"))
# Below this it is called no difference that could be told apart, over a network still less.
LEAST_P = 0.01

pytestmark = pytest.mark.skipif(SAMPLES == 0, reason="long: set OFMEMORY_TIMING_SAMPLES, say 2000")


def compared(name: str, one: Callable[[], Any], other: Callable[[], Any]) -> float:
    """Return the p-value of the times of both; prints the medians in microseconds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(20):
        one(), other()
    # By lot: whatever else happens on the machine in some rhythm hits both alike.
    order = [0, 1] * SAMPLES
    random.Random(SAMPLES).shuffle(order)  # noqa: S311 - an order, not a secret
    for which in order:
        began = time.perf_counter()
        (one, other)[which]()
        times[which].append(time.perf_counter() - began)
    p = mann_whitney(*times)
    medians = [f"{statistics.median(each) * 1e6:.0f}" for each in times]
    print(f"\n{name}: medians {medians} us, p = {p:.3f}")  # noqa: T201 - figures are what this is run for
    return p


def mann_whitney(first: list[float], second: list[float]) -> float:
    """Return the two-sided p-value, by the normal approximation (exact enough from some 20 samples each)."""
    ranked = sorted([(value, 0) for value in first] + [(value, 1) for value in second])
    rank_sum = sum(rank for rank, (_, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(first), len(second)
    u = rank_sum - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def test_the_test_sees_a_difference():
    assert mann_whitney([1.0, 2.0, 3.0] * 20, [1.5, 2.5, 3.5] * 20) < LEAST_P
    assert mann_whitney([1.0, 2.0, 3.0] * 20, [1.001, 1.999, 3.0] * 20) > LEAST_P


def test_log_ins_of_known_and_unknown_people(settings, alice):
    settings.PASSWORD_HASHERS = ["tests.abuse.hashing.QuickPBKDF2"]
    from accounts.models import User

    user = User.objects.get(username="alice")
    user.set_password(PASSWORD)
    user.save()

    def log_in(username: str) -> Callable[[], Any]:
        body = {"username": username, "password": "wrong password"}
        return lambda: Api().post("/api/auth/token", body)

    assert compared("known and unknown user", log_in("alice"), log_in("alicf")) > LEAST_P


def test_keys_of_known_and_unknown_prefixes(service):
    prefix = ApiKey.objects.get().prefix
    known, unknown = Api(f"ofm_{prefix}_{'x' * 43}"), Api(f"ofm_{'0' * 12}_{'x' * 43}")
    stats = "/api/of-memory/stats"
    assert compared("known and unknown key", lambda: known.get(stats), lambda: unknown.get(stats)) > LEAST_P


def test_fans_of_another_creator_that_exist_and_that_do_not(service, charlie):
    service.say("fan-1")
    url = "/api/of-memory/context?creatorId=creator-1&fanId="
    assert compared("foreign fan", lambda: charlie.get(f"{url}fan-1"), lambda: charlie.get(f"{url}fan-2")) > LEAST_P


def test_creators_that_exist_and_that_do_not(service, charlie):
    url = "/api/of-memory/context?fanId=fan-1&creatorId=creator-"
    assert compared("foreign creator", lambda: charlie.get(f"{url}1"), lambda: charlie.get(f"{url}9")) > LEAST_P
