"""Limits: how many calls in any minute, whoever counts them."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.cache import limit_key
from ofmemory.infra.cache.client import client
from tests.accounts.conftest import OtherProcess, at_once
from tests.conftest import Api

STATS = "/api/of-memory/stats"
CONTEXT = "/api/of-memory/context?fanId="
WRITE = "/api/of-memory/interaction"


@pytest.fixture
def limit(settings: Any) -> Callable[..., None]:
    def limit(**limits: int) -> None:
        settings.RATE_LIMITS = settings.RATE_LIMITS | limits

    return limit


def statuses(caller: Api, path: str, count: int) -> list[int]:
    return [caller.get(path).status_code for _ in range(count)]


def calls_were(key: str, *seconds_ago: float) -> None:
    """Set the log of a limit to calls that long ago, by the clock of Redis."""
    seconds, microseconds = client().time()
    now = seconds * 1_000_000 + microseconds
    client().delete(key)
    client().rpush(key, *(now - int(ago * 1_000_000) for ago in sorted(seconds_ago)))


def test_without_a_limit_nothing_is_said(service):
    assert not [name for name in service.get(STATS).headers if name.startswith("RateLimit")]


def test_headers_say_what_is_left(limit, service):
    limit(reads_per_creator=3)
    told = [service.get(STATS).headers for _ in range(3)]
    assert [(h["RateLimit-Limit"], h["RateLimit-Remaining"]) for h in told] == [("3", "2"), ("3", "1"), ("3", "0")]
    assert all(59 <= int(h["RateLimit-Reset"]) <= 60 for h in told)


def test_one_call_more_is_refused(limit, service):
    limit(reads_per_creator=2)
    assert statuses(service, STATS, 2) == [200, 200]
    refused = service.get(STATS)
    assert refused.status_code == 429
    assert 59 <= int(refused.headers["Retry-After"]) <= 60
    body = refused.json()
    assert (body["type"], body["details"]) == ("RATE_LIMIT_EXCEEDED", {"limit": 2, "windowSeconds": 60})


def test_the_tightest_limit_is_the_one_told(limit, service):
    limit(reads_per_creator=100, reads_per_fan=5)
    service.say("fan-1")
    assert service.get(f"{CONTEXT}fan-1").headers["RateLimit-Limit"] == "5"
    assert service.get(STATS).headers["RateLimit-Limit"] == "100"


def test_each_fan_has_a_limit_of_its_own(limit, service):
    limit(reads_per_fan=2)
    assert statuses(service, f"{CONTEXT}fan-1", 3) == [404, 404, 429]
    assert statuses(service, f"{CONTEXT}fan-2", 3) == [404, 404, 429]


def test_the_creators_limit_holds_for_all_fans_together(limit, service):
    limit(reads_per_creator=5, reads_per_fan=3)
    assert [service.get(f"{CONTEXT}fan-{i}").status_code for i in range(7)] == [404] * 5 + [429] * 2


def test_a_call_refused_by_one_limit_counts_on_none(limit, service):
    limit(reads_per_creator=4, reads_per_fan=1)
    assert statuses(service, f"{CONTEXT}fan-1", 10) == [404] + [429] * 9
    assert statuses(service, STATS, 4) == [200] * 3 + [429]


def test_bulk_calls_count_on_the_creator_even_with_one_fan(limit, service):
    limit(bulk_per_creator=2, reads_per_fan=1)
    calls = [service.post("/api/of-memory/bulk", {"fanIds": ["fan-1"]}) for _ in range(3)]
    assert [call.status_code for call in calls] == [200, 200, 429]


def test_reads_writes_and_bulk_count_apart(limit, service):
    limit(reads_per_creator=1, writes_per_creator=1, bulk_per_creator=1)
    calls = {
        "read": lambda: service.get(STATS),
        "write": lambda: service.post(WRITE, {"fanId": "fan-1", "content": "x"}),
        "bulk": lambda: service.post("/api/of-memory/bulk", {"fanIds": ["fan-1", "fan-2"]}),
    }
    assert {name: call().status_code for name, call in calls.items()} == dict.fromkeys(calls, 200)
    assert {name: call().status_code for name, call in calls.items()} == dict.fromkeys(calls, 429)


def test_a_refused_write_writes_nothing(limit, service):
    limit(writes_per_fan=2)
    body = {"fanId": "fan-1", "content": "x"}
    assert [service.post(WRITE, body).status_code for _ in range(4)] == [200, 200, 429, 429]
    assert service.context("fan-1")["engagementMetrics"]["totalMessages"] == 2


def test_tokens_of_one_creator_share_its_limit(limit, alice, bob, service, make_key, creator_1, charlie):
    limit(reads_per_creator=4)
    callers = [alice, bob, service, make_key(creator_1), make_key(creator_1, scopes={"stats:read"})]
    assert [caller.get(STATS).status_code for caller in callers] == [200] * 4 + [429]
    assert charlie.get(STATS).status_code == 200


@pytest.mark.parametrize(
    "path",
    [STATS, "/api/of-memory/stats?", "/api/of-memory/%73tats", "/api/onlyfans/memory/stats",
     f"{STATS}?creatorId=creator-1"],
)  # fmt: skip
def test_other_spellings_and_addresses_do_not_help(limit, service, path):
    limit(reads_per_creator=1)
    assert service.get(STATS).status_code == 200
    assert service.get(path, x_forwarded_for="203.0.113.7", x_real_ip="203.0.113.8").status_code == 429


def test_the_window_slides(limit, service, creator_1):
    limit(reads_per_creator=3)
    key = limit_key("reads", "creator-1")
    calls_were(key, 59, 30, 0.5)
    refused = service.get(STATS)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    calls_were(key, 60, 31, 1.5)
    assert statuses(service, STATS, 2) == [200, 429]
    assert 28 <= int(service.get(STATS).headers["Retry-After"]) <= 29


def test_no_burst_fits_over_the_edge_of_a_window(limit, service, creator_1):
    limit(reads_per_creator=4)
    calls_were(limit_key("reads", "creator-1"), 58, 58, 58, 58)
    assert statuses(service, STATS, 5) == [429] * 5
    calls_were(limit_key("reads", "creator-1"), 60.1, 60, 10, 10)
    assert statuses(service, STATS, 5) == [200, 200, 429, 429, 429]


def test_a_lowered_limit_waits_for_as_many_calls_as_are_too_many(limit, service, creator_1):
    limit(reads_per_creator=2)
    calls_were(limit_key("reads", "creator-1"), 50, 40, 30, 20)
    assert 29 <= int(service.get(STATS).headers["Retry-After"]) <= 30


def test_a_log_is_forgotten_when_it_is_of_no_more_use(limit, service):
    limit(reads_per_creator=3)
    service.get(STATS)
    assert 59_000 < client().pttl(limit_key("reads", "creator-1")) <= 60_001


@pytest.mark.django_db(transaction=True)
def test_four_processes_together_admit_exactly_the_limit(alice, service, start_process: Callable[[], OtherProcess]):
    processes = [start_process() for _ in range(4)]
    order = {"path": STATS, "tokens": [alice.token, service.token], "limits": {"reads_per_creator": 30}, "count": 25}
    for process in processes:
        process.tell(**order)
    counted = [status for process in processes for status in process.answer()["statuses"]]
    assert (counted.count(200), counted.count(429)) == (30, 70)


@pytest.mark.django_db(transaction=True)
def test_threads_together_admit_exactly_the_limit(limit, service):
    limit(writes_per_fan=7)

    def burst() -> list[int]:
        return [service.post(WRITE, {"fanId": "fan-1", "content": "x"}).status_code for _ in range(5)]

    counted = [status for answers in at_once(burst, burst, burst, burst) for status in answers]
    assert (counted.count(200), counted.count(429)) == (7, 13)
    assert service.context("fan-1")["engagementMetrics"]["totalMessages"] == 7


@pytest.mark.django_db(transaction=True)
def test_without_redis_each_process_admits_its_share(limit, service, settings, redis_down):
    limit(reads_per_creator=4)
    settings.PROCESSES = 2
    answers = at_once(*[lambda: service.get(STATS)] * 3)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429]


def test_keys_name_nobody(limit, service):
    limit(reads_per_creator=9, reads_per_fan=9)
    service.get(f"{CONTEXT}fan-secret")
    keys = b" ".join(bytes(key) for key in client().scan_iter())
    assert b"accounts:limit" in keys
    assert b"creator-1" not in keys
    assert b"secret" not in keys
