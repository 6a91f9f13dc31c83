"""What Redis is told when it comes back."""

import uuid

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ofmemory.infra.cache import owed
from ofmemory.infra.cache.client import Script, client, fresh_connection
from ofmemory.infra.cache.owed import Debts
from tests.flows.conftest import wait_until

SET = Script("return redis.call('SET', KEYS[1], ARGV[1])")


class Line:
    """Connections to the real Redis, or to a socket where nobody listens, until told otherwise."""

    is_cut = True

    def __call__(self, seconds: float) -> "redis.connection.ConnectionInterface":
        if self.is_cut:
            return redis.UnixDomainSocketConnection(path="/nowhere/redis.sock", retry=Retry(NoBackoff(), 0))
        return fresh_connection(seconds)


@pytest.fixture
def line() -> Line:
    return Line()


def test_it_is_told_as_soon_as_it_answers(line):
    debts, keys = Debts(line), [f"owed:{uuid.uuid4()}" for _ in range(3)]
    for key in keys:
        debts.owe(SET, keys=[key], args=["new"])
    assert len(debts) == 3
    line.is_cut = False
    wait_until(lambda: not len(debts))
    assert [client().get(key) for key in keys] == [b"new"] * 3


def test_the_latest_word_counts(line):
    debts, key = Debts(line), f"owed:{uuid.uuid4()}"
    for word in ("old", "newer", "newest"):
        debts.owe(SET, keys=[key], args=[word])
    assert len(debts) == 1
    line.is_cut = False
    wait_until(lambda: not len(debts))
    assert client().get(key) == b"newest"


def test_once_paid_it_can_owe_again(line):
    debts = Debts(line)
    line.is_cut = False
    for word in ("one", "two"):
        key = f"owed:{word}:{uuid.uuid4()}"
        debts.owe(SET, keys=[key], args=[word])
        wait_until(lambda: not len(debts))
        assert client().get(key) == word.encode()


def test_it_is_bounded(line, monkeypatch, caplog):
    monkeypatch.setattr(owed, "MOST", 2)
    debts = Debts(line)
    for number in range(3):
        debts.owe(SET, keys=[f"owed:bounded:{number}"], args=["x"])
    assert len(debts) == 2
    assert "cache_owed_too_much" in [record.getMessage() for record in caplog.records]
    line.is_cut = False
    wait_until(lambda: not len(debts))
