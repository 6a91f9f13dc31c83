"""The contexts of many fans in one call."""

import pytest

from memory.services.context import bulk_get_memories, get_memories_for_fans, get_memory_context
from ofmemory.errors import InvalidInput, NotFound
from tests.memory.support import CREATOR, B, fields_at_fault, refused

URL = f"{B}/bulk"


def test_equals_the_single_contexts(service):
    for number in range(3):
        service.say(f"fan-{number}", f"I am {number}")
    answer = service.post(URL, {"fanIds": ["fan-2", "stranger", "fan-0"]})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"data", "count", "correlationId", "timestamp"}
    assert body["count"] == 2
    assert body["data"] == {fan: service.context(fan) for fan in ("fan-2", "fan-0")}


def test_nobody_known(service):
    body = service.post(URL, {"fanIds": ["a", "b"]}).json()
    assert (body["data"], body["count"]) == ({}, 0)


def test_a_fan_named_twice_is_answered_once(service):
    service.say("fan-1")
    assert service.post(URL, {"fanIds": ["fan-1", "fan-1"]}).json()["count"] == 1


@pytest.mark.django_db(transaction=True)
def test_says_where_it_came_from(service):
    for number in range(3):
        service.say(f"fan-{number}")
    service.get(f"{B}/context?fanId=fan-0")
    mixed, cached = (service.post(URL, {"fanIds": ["fan-0", "fan-1", "fan-2"]}) for _ in range(2))
    assert (mixed.headers["X-Memory-Cache"], cached.headers["X-Memory-Cache"]) == ("miss", "hit")
    assert mixed.json()["data"] == cached.json()["data"]


@pytest.mark.parametrize(
    "fan_ids", [[], [f"fan-{n}" for n in range(101)], None, "fan-1", {}, [1], [""], [None], [["a"]], ["a", " b"]]
)
def test_refuses(service, fan_ids):
    assert fields_at_fault(service.post(URL, {"fanIds": fan_ids})) == {"fanIds"}


def test_a_hundred(service):
    assert service.post(URL, {"fanIds": [f"fan-{n}" for n in range(100)]}).json()["count"] == 0


def test_another_creator(service, creator_2):
    refused(service.post(URL, {"fanIds": ["fan-1"], "creatorId": "creator-2"}), 403, "FORBIDDEN")


def test_has_a_limit_of_its_own(service, settings):
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "bulk_per_creator": 1}
    assert service.post(URL, {"fanIds": ["a", "b"]}).headers["RateLimit-Limit"] == "1"
    refused(service.post(URL, {"fanIds": ["a", "b"]}), 429, "RATE_LIMIT_EXCEEDED")


def test_as_services(service):
    service.say("fan-1", "hi")
    context = get_memory_context(fan_id="fan-1", creator_id=CREATOR)
    assert context == service.context("fan-1")
    assert get_memories_for_fans(fan_ids=["fan-1", "fan-2"], creator_id=CREATOR) == {"fan-1": context}
    assert bulk_get_memories is get_memories_for_fans
    with pytest.raises(NotFound):
        get_memory_context(fan_id="fan-2", creator_id=CREATOR)
    with pytest.raises(InvalidInput):
        get_memories_for_fans(fan_ids=[f"fan-{n}" for n in range(101)], creator_id=CREATOR)
