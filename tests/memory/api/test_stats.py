"""A creator's statistics, and the engagement score."""

from decimal import Decimal

import pytest

from memory.models import EngagementMetrics, PersonalityProfile
from memory.services.engagement import get_engagement_score, get_memory_stats
from tests.memory.support import CREATOR, QUERY, B, fields_at_fault, iso, minute, refused

ROUTES = pytest.mark.parametrize("url", ["/api/onlyfans/memory/stats", f"{B}/stats"], ids=["onlyfans", "of-memory"])


@pytest.fixture
def fans(service, charlie):
    """fan-1 talks and buys, fan-2 talks, fan-3 only likes; and one of another creator."""
    service.say("fan-1", timestamp=iso(minute(0)))
    service.say("fan-1", "more", timestamp=iso(minute(1)))
    for body in ({"type": "purchase", "amount": 10.25}, {"type": "tip", "amount": 2}):
        service.post(f"{B}/interaction", {"fanId": "fan-1", "timestamp": iso(minute(2)), **body})
    service.say("fan-2", timestamp=iso(minute(60)))
    service.post(f"{B}/interaction", {"fanId": "fan-3", "type": "like", "timestamp": iso(minute(120))})
    charlie.say("fan-1")
    for fan, score in (("fan-1", 0.9), ("fan-2", 0.5), ("fan-3", 0.1)):
        EngagementMetrics.objects.filter(creator_id=CREATOR, fan_id=fan).update(engagement_score=score)
    PersonalityProfile.objects.create(creator_id=CREATOR, fan_id="fan-1", last_calibrated=minute(3))
    PersonalityProfile.objects.create(creator_id=CREATOR, fan_id="fan-2")
    PersonalityProfile.objects.create(creator_id="creator-2", fan_id="fan-1", last_calibrated=minute(3))


@ROUTES
def test_sums_up(service, fans, url):
    answer = service.get(url)
    assert answer.status_code == 200
    data = answer.json()["data"]
    updated = data.pop("lastUpdated")
    assert updated.endswith("Z")
    assert data.pop("avgEngagementScore") == pytest.approx(0.5)
    assert data == {
        "creatorId": CREATOR,
        "totalFans": 3,
        "fansWithMemory": 2,
        "totalMessages": 3,
        "totalInteractions": 6,
        "totalPurchases": 1,
        "totalTips": 1,
        "totalRevenue": 12.25,
        "calibratedProfiles": 1,
        "pendingLearning": 6,
    }


@ROUTES
def test_creator_without_fans(service, url):
    data = service.get(url).json()["data"]
    assert (data["totalFans"], data["totalRevenue"], data["avgEngagementScore"], data["lastUpdated"]) == (
        0,
        0,
        None,
        None,
    )


@ROUTES
@pytest.mark.parametrize(
    ("query", "fans_left", "calibrated"),
    [
        (f"since={iso(minute(60))}", 2, 0),
        (f"until={iso(minute(60))}", 1, 1),
        (f"since={iso(minute(2))}&until={iso(minute(61))}", 2, 1),
        (f"since={iso(minute(200))}", 0, 0),
        ("minEngagement=0.5", 2, 1),
        ("minEngagement=1", 0, 0),
        (f"minEngagement=0&until={iso(minute(61))}&creatorId=creator-1", 2, 1),
        ("since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z", 3, 1),
    ],
)
def test_filters(service, fans, url, query, fans_left, calibrated):
    data = service.get(f"{url}?{query}").json()["data"]
    assert (data["totalFans"], data["calibratedProfiles"]) == (fans_left, calibrated)


@ROUTES
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=yesterday", "since"),
        ("until=0", "until"),
        ("minEngagement=NaN", "minEngagement"),
        ("minEngagement=inf", "minEngagement"),
        ("minEngagement=1.1", "minEngagement"),
        ("minEngagement=", "minEngagement"),
        ("minEngagement=true", "minEngagement"),
        ("fanId=fan-1", "fanId"),
        ("creatorId=", "creatorId"),
        ("creatorId=a&creatorId=b", "creatorId"),
    ],
)
def test_refuses(service, url, query, field):
    assert fields_at_fault(service.get(f"{url}?{query}")) == {field}


@ROUTES
def test_another_creator(service, creator_2, url):
    refused(service.get(f"{url}?creatorId=creator-2"), 403, "FORBIDDEN")


def test_numbers_equal_those_of_the_tables(service, fans):
    stats = get_memory_stats(creator_id=CREATOR)
    rows = EngagementMetrics.objects.filter(creator_id=CREATOR)
    assert stats["totalInteractions"] == sum(row.total_interactions for row in rows)
    assert Decimal(str(stats["totalRevenue"])) == sum(row.total_revenue for row in rows)
    assert stats["lastUpdated"] == max(row.updated_at for row in rows)


class TestScore:
    url = f"{B}/engagement-score{QUERY}"

    def test_half_for_a_fan_never_seen(self, service):
        data = service.get(self.url).json()["data"]
        assert data == {"fanId": "fan-1", "creatorId": CREATOR, "score": 0.5, "lastUpdated": None}
        assert get_engagement_score(fan_id="fan-1", creator_id=CREATOR) == 0.5
        assert not EngagementMetrics.objects.exists()

    def test_of_a_known_fan(self, service):
        service.say("fan-1")
        EngagementMetrics.objects.update(engagement_score=0.875)
        data = service.get(self.url).json()["data"]
        assert data["score"] == 0.875
        assert data["lastUpdated"].endswith("Z")

    def test_another_creator(self, service, creator_2):
        refused(service.get(f"{self.url}&creatorId=creator-2"), 403, "FORBIDDEN")

    def test_needs_a_fan(self, service):
        assert fields_at_fault(service.get(f"{B}/engagement-score")) == {"fanId"}
