"""What Redis is told when it comes back."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from ofmemory.infra.cache import client as redis_client
from ofmemory.infra.cache import owed
from ofmemory.infra.cache.client import Script, client
from ofmemory.infra.cache.owed import Debts
from tests.flows.conftest import wait_until

SET = Script("return redis.call('SET', KEYS[1], ARGV[1])")


@pytest.fixture
def away(settings: Any) -> Iterator[Any]:
    """Point this process at a socket where nobody listens, until told otherwise."""
    there = settings.REDIS_URL

    def point_at(url: str) -> None:
        settings.REDIS_URL = url
        client.cache_clear()
        redis_client._held.connection = None

    point_at("unix:///nowhere/redis.sock")
    yield lambda: point_at(there)
    point_at(there)


def test_it_is_told_as_soon_as_it_answers(away):
    debts, keys = Debts(), [f"owed:{uuid.uuid4()}" for _ in range(3)]
    for key in keys:
        debts.owe(SET, keys=[key], args=["new"])
    assert len(debts) == 3
    away()
    wait_until(lambda: not len(debts))
    assert [client().get(key) for key in keys] == [b"new"] * 3


def test_the_latest_word_counts(away):
    debts, key = Debts(), f"owed:{uuid.uuid4()}"
    for word in ("old", "newer", "newest"):
        debts.owe(SET, keys=[key], args=[word])
    assert len(debts) == 1
    away()
    wait_until(lambda: not len(debts))
    assert client().get(key) == b"newest"


def test_once_paid_it_can_owe_again(away):
    debts = Debts()
    away()
    for word in ("one", "two"):
        key = f"owed:{word}:{uuid.uuid4()}"
        debts.owe(SET, keys=[key], args=[word])
        wait_until(lambda: not len(debts))
        assert client().get(key) == word.encode()


def test_it_is_bounded(away, monkeypatch, caplog):
    monkeypatch.setattr(owed, "MOST", 2)
    debts = Debts()
    for number in range(3):
        debts.owe(SET, keys=[f"owed:bounded:{number}"], args=["x"])
    assert len(debts) == 2
    assert "cache_owed_too_much" in [record.getMessage() for record in caplog.records]
    away()
    wait_until(lambda: not len(debts))
