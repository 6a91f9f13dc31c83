"""Preferences set by hand: of one fan by both routes, and of many."""

import pytest

from memory.models import EngagementMetrics, FanPreferences
from tests.memory.support import QUERY, A, B, everything, fields_at_fault, refused

BOTH = pytest.mark.parametrize("family", ["A", "B"])


def patch(service, family, **body):
    if family == "A":
        return service.patch(f"{A}/preferences", body)
    return service.patch(f"{B}/preferences", {"fanId": "fan-1", **body})


@pytest.fixture
def fan(service):
    service.say("fan-1")


@BOTH
def test_sets_and_pins(service, fan, family):
    answer = patch(
        service,
        family,
        contentPreferences={"photos": 0.8, "videos": {"score": 0.4, "confidence": 0.6}},
        topicInterests={"cats": 1, "dogs": 0},
        communicationPreferences={"language": "fr", "emoji": True, "perDay": 3},
    )
    assert answer.status_code == 200
    assert set(answer.json()) == {"data", "correlationId", "timestamp"}
    data = answer.json()["data"]
    assert data["contentPreferences"] == {
        "photos": {"score": 0.8, "confidence": 1.0, "evidenceCount": 0, "lastInteraction": None},
        "videos": {"score": 0.4, "confidence": 0.6, "evidenceCount": 0, "lastInteraction": None},
    }
    assert data["topicInterests"] == {"cats": 1.0, "dogs": 0.0}
    assert data["communicationPreferences"] == {"language": "fr", "emoji": True, "perDay": 3}
    assert data["pinned"] == {
        "contentPreferences": ["photos", "videos"],
        "topicInterests": ["cats", "dogs"],
        "communicationPreferences": ["emoji", "language", "perDay"],
    }
    assert data["lastUpdated"].endswith("Z")
    assert service.get(f"{B}/preferences{QUERY}").json()["data"] == data
    assert service.context("fan-1")["preferences"] == data


@BOTH
def test_leaves_the_rest_alone(service, fan, family):
    patch(service, family, topicInterests={"cats": 0.5}, communicationPreferences={"a": 1})
    data = patch(service, family, topicInterests={"dogs": 0.7}).json()["data"]
    assert data["topicInterests"] == {"cats": 0.5, "dogs": 0.7}
    assert data["communicationPreferences"] == {"a": 1}


@BOTH
def test_null_removes_and_unpins(service, fan, family):
    patch(service, family, topicInterests={"cats": 0.5, "dogs": 0.7}, contentPreferences={"photos": 1})
    data = patch(service, family, topicInterests={"cats": None, "never": None}, contentPreferences={"photos": None})
    assert data.json()["data"]["topicInterests"] == {"dogs": 0.7}
    assert data.json()["data"]["contentPreferences"] == {}
    assert data.json()["data"]["pinned"]["topicInterests"] == ["dogs"]
    assert data.json()["data"]["pinned"]["contentPreferences"] == []


@BOTH
def test_release_unpins_and_keeps_the_value(service, fan, family):
    patch(service, family, topicInterests={"cats": 0.5, "dogs": 0.7})
    data = patch(service, family, release={"topicInterests": ["cats", "unknown"]}).json()["data"]
    assert data["topicInterests"] == {"cats": 0.5, "dogs": 0.7}
    assert data["pinned"]["topicInterests"] == ["dogs"]


def test_keeps_the_evidence_of_what_was_learnt(service, fan):
    learnt = {"score": 0.2, "confidence": 0.3, "evidence_count": 7, "last_interaction": "2026-01-01T00:00:00Z"}
    FanPreferences.objects.create(creator_id="creator-1", fan_id="fan-1", content_preferences={"photos": learnt})
    data = patch(service, "A", contentPreferences={"photos": 0.9}).json()["data"]
    assert data["contentPreferences"]["photos"] == {
        "score": 0.9,
        "confidence": 1.0,
        "evidenceCount": 7,
        "lastInteraction": "2026-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("part", "most"), [("contentPreferences", 20), ("topicInterests", 50), ("communicationPreferences", 20)]
)
def test_holds_a_bounded_number(service, fan, part, most):
    assert patch(service, "A", **{part: {f"name {n}": 0.5 for n in range(most)}}).status_code == 200
    before = everything()
    assert fields_at_fault(patch(service, "A", **{part: {"one more": 0.5}})) == {part}
    assert everything() == before
    swapped = patch(service, "A", **{part: {"one more": 0.5, "name 0": None}})
    assert len(swapped.json()["data"][part]) == most


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"contentPreferences": {"photos": 1.01}}, "contentPreferences"),
        ({"contentPreferences": {"photos": -0.1}}, "contentPreferences"),
        ({"contentPreferences": {"photos": True}}, "contentPreferences"),
        ({"contentPreferences": {"photos": "0.5"}}, "contentPreferences"),
        ({"contentPreferences": {"photos": {"confidence": 1}}}, "contentPreferences"),
        ({"contentPreferences": {"photos": {"score": "NaN"}}}, "contentPreferences"),
        ({"contentPreferences": {"photos": {"score": 0.5, "evidence_count": 9}}}, "contentPreferences"),
        ({"contentPreferences": {"photos": [0.5]}}, "contentPreferences"),
        ({"contentPreferences": []}, "contentPreferences"),
        ({"contentPreferences": None}, "contentPreferences"),
        ({"topicInterests": {"cats": {"score": 0.5}}}, "topicInterests"),
        ({"topicInterests": {"": 0.5}}, "topicInterests"),
        ({"topicInterests": {"   ": 0.5}}, "topicInterests"),
        ({"topicInterests": {"x" * 65: 0.5}}, "topicInterests"),
        ({"topicInterests": {" " * 65 + "x": 0.5}}, "topicInterests"),
        ({"communicationPreferences": {"a": []}}, "communicationPreferences"),
        ({"communicationPreferences": {"a": "x" * 256}}, "communicationPreferences"),
        ({"release": {"nothing": ["a"]}}, "release"),
        ({"release": {"topicInterests": [1]}}, "release"),
        ({"release": {"topicInterests": "cats"}}, "release"),
        ({"release": ["cats"]}, "release"),
        ({"purchasePatterns": []}, "purchasePatterns"),
        ({"pinned": {}}, "pinned"),
    ],
)
@BOTH
def test_refuses(service, fan, family, body, field):
    before = everything()
    assert fields_at_fault(patch(service, family, **body)) == {field}
    assert everything() == before


@BOTH
def test_fan_never_seen(service, family):
    refused(patch(service, family, topicInterests={"cats": 0.5}), 404, "NOT_FOUND")
    refused(service.get(f"{B}/preferences{QUERY}"), 404, "NOT_FOUND")
    assert not FanPreferences.objects.exists()


def test_before_anything_is_known(service, fan):
    data = service.get(f"{B}/preferences{QUERY}").json()["data"]
    assert (data["contentPreferences"], data["pinned"], data["lastUpdated"]) == ({}, {}, None)


class TestOfMany:
    url = f"{B}/preferences/bulk"

    @pytest.fixture
    def fans(self, service):
        for number in range(1, 4):
            service.say(f"fan-{number}")

    def test_sets_all(self, service, fans):
        updates = [{"fanId": f"fan-{n}", "topicInterests": {"cats": n / 10}} for n in (3, 1, 2)]
        answer = service.patch(self.url, {"updates": updates})
        assert answer.status_code == 200
        body = answer.json()
        assert set(body) == {"success", "count", "correlationId", "timestamp"}
        assert (body["success"], body["count"]) == (True, 3)
        held = [row.topic_interests for row in FanPreferences.objects.order_by("fan_id")]
        assert list(held) == [{"cats": 0.1}, {"cats": 0.2}, {"cats": 0.3}]

    @pytest.mark.parametrize(
        ("last", "status"),
        [
            ({"fanId": "stranger", "topicInterests": {"cats": 0.5}}, 404),
            ({"fanId": "fan-2", "topicInterests": {"cats": 5}}, 400),
            ({"fanId": "fan-2", "topicInterests": {f"t{n}": 0.5 for n in range(51)}}, 400),
            ({"fanId": "fan-1"}, 400),
            ({"topicInterests": {}}, 400),
            ("fan-2", 400),
        ],
    )
    def test_all_or_none(self, service, fans, last, status):
        before = everything()
        answer = service.patch(self.url, {"updates": [{"fanId": "fan-1", "topicInterests": {"cats": 1}}, last]})
        assert answer.status_code == status
        assert everything() == before

    @pytest.mark.parametrize("updates", [[], [{"fanId": f"fan-{n}"} for n in range(101)], None, {}])
    def test_one_to_a_hundred(self, service, fans, updates):
        assert fields_at_fault(service.patch(self.url, {"updates": updates})) == {"updates"}

    def test_hundred(self, service):
        EngagementMetrics.objects.bulk_create(
            EngagementMetrics(creator_id="creator-1", fan_id=f"fan-{n}") for n in range(100)
        )
        updates = [{"fanId": f"fan-{n}", "topicInterests": {"cats": 1}} for n in range(100)]
        assert service.patch(self.url, {"updates": updates}).json()["count"] == 100

    def test_another_creator(self, service, fans, creator_2):
        body = {"creatorId": "creator-2", "updates": [{"fanId": "fan-1"}]}
        refused(service.patch(self.url, body), 403, "FORBIDDEN")


def test_a_number_beyond_64_bits_survives_the_database(service):
    """PostgreSQL hands the 1e20 that a client sent back as a whole number, which JSON writers refuse."""
    service.say("fan-1")
    for name in ("n", "m"):
        answer = service.patch(
            "/api/of-memory/preferences", {"fanId": "fan-1", "communicationPreferences": {name: 1e20}}
        )
        assert answer.status_code == 200, answer.content
    assert answer.json()["data"]["communicationPreferences"] == {"n": 1e20, "m": 1e20}
    assert service.context("fan-1")["preferences"]["communicationPreferences"] == {"n": 1e20, "m": 1e20}
