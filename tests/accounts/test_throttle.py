"""Limits on addresses: before anybody is known, and for guessing passwords."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.services.principals import forget_principals
from accounts.throttle import forget_addresses
from ofmemory.infra.cache.client import client
from tests.accounts.conftest import at_once
from tests.conftest import PASSWORD

STATS = "/api/of-memory/stats"
HERE, THERE = "203.0.113.5", "203.0.113.6"
LIMIT = 5
BAD = ("ofm_000000000000_nothing", "x.y.z", "ofm_")


@pytest.fixture(autouse=True)
def _limited(settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"failures_per_ip": LIMIT}
    forget_addresses()
    yield
    forget_addresses()


def guess(token=BAD[0], address=HERE):
    return _get(token, address)


def _get(token, address, **headers):
    return Client(REMOTE_ADDR=address).get(STATS, HTTP_AUTHORIZATION=f"Bearer {token}", **headers)


def test_an_address_may_fail_so_often_and_no_more(db):
    answers = [guess(BAD[n % 3]) for n in range(LIMIT + 3)]
    assert [answer.status_code for answer in answers] == [401] * LIMIT + [429] * 3
    assert answers[-1].json()["type"] == "RATE_LIMIT_EXCEEDED"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60


def test_other_addresses_are_not_shut_out(db):
    for _ in range(LIMIT + 1):
        guess()
    assert guess(address=THERE).status_code == 401


def test_networks_of_version_6_fail_together(db):
    answers = [guess(address=f"2001:db8::{n + 1:x}") for n in range(LIMIT + 1)]
    assert answers[-1].status_code == 429
    assert guess(address="2001:db8:0:1::1").status_code == 401


def test_a_spent_address_costs_no_query(db):
    for _ in range(LIMIT + 1):
        guess()
    with CaptureQueriesContext(connection) as queries:
        assert guess().status_code == 429
    assert len(queries) == 0


@pytest.mark.django_db(transaction=True)
def test_a_process_remembers_which_addresses_are_spent(settings):
    for _ in range(LIMIT + 1):
        guess()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # asked again, it could not say
    client.cache_clear()
    [status] = at_once(lambda: guess().status_code)
    client.cache_clear()
    assert status == 429


def test_who_is_known_here_goes_on(service):
    assert _get(service.token, HERE).status_code == 200
    for _ in range(LIMIT + 1):
        guess()
    assert _get(service.token, HERE).status_code == 200


def test_who_is_not_known_here_waits_however_good_the_token(service):
    for _ in range(LIMIT + 1):
        guess()
    assert _get(service.token, HERE).status_code == 429
    assert _get(service.token, THERE).status_code == 200


def test_good_tokens_do_not_count(service, alice):
    for _ in range(LIMIT + 1):
        forget_principals()
        assert _get(service.token, HERE).status_code == 200
        assert _get(alice.token, HERE).status_code == 200


def test_wrong_refresh_tokens_count_alike(db):
    def post(path):
        body = {"refreshToken": "x.y.z"}
        return Client(REMOTE_ADDR=HERE).post(path, body, content_type="application/json").status_code

    answers = [post("/api/auth/token/refresh"), *(post("/api/auth/token/revoke") for _ in range(LIMIT))]
    assert answers == [401] * LIMIT + [429]
    assert guess().status_code == 429


def test_no_token_at_all_does_not_count(api):
    assert [Client(REMOTE_ADDR=HERE).get(STATS).status_code for _ in range(LIMIT + 3)] == [401] * (LIMIT + 3)


@pytest.mark.parametrize("trusted", [0, 1])
def test_a_forged_header_changes_nothing(db, settings, trusted):
    settings.TRUSTED_PROXIES = trusted
    answers = [
        _get(BAD[0], HERE, HTTP_X_FORWARDED_FOR=f"192.0.2.{n}, {THERE}" if trusted else f"192.0.2.{n}")
        for n in range(LIMIT + 1)
    ]
    assert [answer.status_code for answer in answers] == [401] * LIMIT + [429]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_no_more_get_through(db):
    answers = at_once(*[guess] * (LIMIT + 4))
    assert sorted(answer.status_code for answer in answers) == [401] * LIMIT + [429] * 4


@pytest.mark.django_db(transaction=True)
def test_without_redis_each_process_counts_its_share(settings, redis_down):
    settings.PROCESSES = 1
    [answers] = at_once(lambda: [guess().status_code for _ in range(LIMIT + 3)])
    assert answers == [401] * LIMIT + [429] * 3


def test_a_limit_of_0_is_none(db, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"failures_per_ip": 0}
    assert {guess().status_code for _ in range(20)} == {401}


def test_tries_to_log_in_count_on_the_address_whatever_the_name(db, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"logins_per_ip": 3}

    def log_in(name, address):
        body = {"username": name, "password": PASSWORD}
        return Client(REMOTE_ADDR=address).post("/api/auth/token", body, content_type="application/json").status_code

    assert [log_in(f"user-{n}", HERE) for n in range(4)] == [401, 401, 401, 429]
    assert log_in("user-9", THERE) == 401


def test_keys_name_no_address_and_no_person(db, settings):
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"logins_per_ip": 9, "logins_per_user": 9}
    guess()
    body = {"username": "somebody", "password": "x"}
    Client(REMOTE_ADDR=HERE).post("/api/auth/token", body, content_type="application/json")
    keys = b" ".join(bytes(key) for key in client().scan_iter())
    assert keys.count(b"accounts:") >= 3
    assert b"203.0" not in keys
    assert b"somebody" not in keys


@pytest.mark.django_db(transaction=True)
def test_four_processes_together_let_an_address_fail_exactly_so_often(start_process):
    processes = [start_process() for _ in range(4)]
    order = {"path": STATS, "tokens": list(BAD), "limits": {"failures_per_ip": 30}, "count": 25}
    for process in processes:
        process.tell(**order)
    counted = [status for process in processes for status in process.answer()["statuses"]]
    assert (counted.count(401), counted.count(429)) == (30, 70)
