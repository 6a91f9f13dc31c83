"""What must hold of the parts before a server goes live."""

import pytest

from ofmemory.infra.checks import broker_apart_from_cache


@pytest.mark.parametrize(
    ("cache", "broker", "is_apart"),
    [
        ("redis://one:6379/0", "redis://two:6379/0", True),
        ("redis://one:6379/0", "redis://one:6380/0", True),
        ("unix:///run/cache.sock?db=0", "redis+socket:///run/broker.sock?virtual_host=0", True),
        ("redis://one:6379/0", "redis://one:6379/0", False),
        ("redis://one/0", "redis://:secret@one:6379/1", False),
        ("unix:///run/redis.sock?db=0", "redis+socket:///run/redis.sock?virtual_host=1", False),
    ],
)
def test_the_broker_is_a_server_of_its_own(settings, cache, broker, is_apart):
    """Another numbered database of the same server is no other server."""
    settings.REDIS_URL, settings.CELERY_BROKER_URL = cache, broker
    assert (broker_apart_from_cache() == []) is is_apart
