"""GET context, by both routes: its shape, its defaults and its headers."""

from datetime import UTC, datetime

import pytest

from memory.models import CreatorPersona, EngagementMetrics
from tests.memory.support import QUERY, A, B, iso, minute, refused, talked

ROUTES = pytest.mark.parametrize("url", [A, f"{B}/context{QUERY}"], ids=["onlyfans", "of-memory"])


@ROUTES
def test_has_every_part(service, url):
    service.say("fan-1", "I have a dog", timestamp=iso(minute(0)))
    answer = service.get(url)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"data", "correlationId", "timestamp"}
    assert body["timestamp"].endswith("Z")
    data = body["data"]
    assert {name: data[name] for name in ("fanId", "creatorId", "degraded", "reconnection")} == {
        "fanId": "fan-1",
        "creatorId": "creator-1",
        "degraded": [],
        "reconnection": data["reconnection"],
    }
    assert data["lastInteraction"] == "2026-03-01T12:00:00Z"
    assert data["recentInteractions"] == []
    assert data["learning"] == {"pending": 1, "asOf": None}
    (message,) = data["recentMessages"]
    assert message == {
        "id": message["id"],
        "sender": "fan",
        "content": "I have a dog",
        "sentiment": None,
        "topics": [],
        "timestamp": "2026-03-01T12:00:00Z",
        "metadata": {},
    }


def test_defaults_of_a_fan_about_whom_nothing_was_learnt(service):
    service.say("fan-1", timestamp=iso(minute(0)))
    data = service.context("fan-1")
    assert data["personalityProfile"] == {
        "tone": "friendly",
        "emojiFrequency": 0.5,
        "messageLengthPreference": "medium",
        "punctuationStyle": "casual",
        "preferredEmojis": [],
        "responseSpeed": "moderate",
        "confidenceScore": 0.0,
        "interactionCount": 0,
        "lockedTraits": [],
        "lastCalibrated": None,
    }
    assert data["preferences"] == {
        "contentPreferences": {},
        "topicInterests": {},
        "purchasePatterns": [],
        "communicationPreferences": {},
        "pinned": {},
        "lastUpdated": None,
    }
    assert data["emotionalState"] == {
        "currentSentiment": "neutral",
        "sentimentHistory": [],
        "dominantEmotions": [],
        "engagementLevel": "medium",
        "lastPositiveInteraction": None,
        "lastNegativeInteraction": None,
        "updatedAt": None,
    }
    assert data["engagementMetrics"] == {
        "engagementScore": 0.5,
        "totalMessages": 1,
        "totalPurchases": 0,
        "totalTips": 0,
        "totalInteractions": 1,
        "totalRevenue": 0.0,
        "avgResponseTimeSeconds": None,
        "firstInteraction": "2026-03-01T12:00:00Z",
        "lastInteraction": "2026-03-01T12:00:00Z",
        "lastFanInteraction": "2026-03-01T12:00:00Z",
    }


def test_new_fan_starts_from_the_creators_persona(service):
    CreatorPersona.objects.create(creator_id="creator-1", tone="flirty", emoji_frequency=0.9, preferred_emojis=["🔥"])
    CreatorPersona.objects.create(creator_id="creator-2", tone="dominant")
    service.say("fan-1")
    persona = service.context("fan-1")["personalityProfile"]
    assert (persona["tone"], persona["emojiFrequency"], persona["preferredEmojis"]) == ("flirty", 0.9, ["🔥"])
    assert persona["confidenceScore"] == 0


@ROUTES
def test_fan_never_seen(service, url):
    refused(service.get(url), 404, "NOT_FOUND")


@ROUTES
def test_creator_may_be_named_or_left_out(service, url):
    service.say("fan-1")
    named = f"{url}{'&' if '?' in url else '?'}creatorId=creator-1"
    assert service.get(named).json()["data"] == service.get(url).json()["data"]


@ROUTES
@pytest.mark.parametrize("other", ["creator-2", "no-such-creator"])
def test_another_creator_is_refused_whether_there_is_one_or_not(service, creator_2, url, other):
    refused(service.get(f"{url}{'&' if '?' in url else '?'}creatorId={other}"), 403, "FORBIDDEN")


def test_shows_the_last_fifty_messages_oldest_first(service):
    talked(53)
    service.say("fan-1", "said long before", timestamp=iso(minute(-1)))
    data = service.context("fan-1")
    assert [m["content"] for m in data["recentMessages"]] == [f"message {number}" for number in range(3, 53)]
    assert data["engagementMetrics"]["totalMessages"] == 54


def test_shows_the_last_ten_other_interactions_oldest_first(service):
    for number in range(12):
        body = {"fanId": "fan-1", "type": "view", "content": f"photo {number}", "timestamp": iso(minute(number))}
        assert service.post(f"{B}/interaction", body).status_code == 200
    shown = service.context("fan-1")["recentInteractions"]
    assert [i["content"] for i in shown] == [f"photo {number}" for number in range(2, 12)]
    assert set(shown[0]) == {"id", "type", "sender", "amount", "currency", "content", "timestamp", "metadata"}


def test_interactions_of_one_instant_keep_their_order(service):
    for _ in range(4):
        service.post(f"{B}/interaction", {"fanId": "fan-1", "type": "like", "timestamp": iso(minute(0))})
    readings = {tuple(i["id"] for i in service.context("fan-1")["recentInteractions"]) for _ in range(3)}
    assert len(readings) == 1


@pytest.mark.django_db(transaction=True)
@ROUTES
def test_says_where_it_came_from(service, url):
    service.say("fan-1")
    first, second = service.get(url), service.get(url)
    assert (first.headers["X-Memory-Cache"], second.headers["X-Memory-Cache"]) == ("miss", "hit")
    assert first.json()["data"] == second.json()["data"]
    service.say("fan-1", "and again")
    assert service.get(url).headers["X-Memory-Cache"] == "miss"


@pytest.mark.django_db(transaction=True)
@ROUTES
def test_unchanged_context_is_not_sent_again(service, url):
    service.say("fan-1")
    etag = service.get(url).headers["ETag"]
    assert etag.startswith('"')
    answer = service.get(url, if_none_match=etag)
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == etag
    assert answer.headers["X-Memory-Cache"] == "hit"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    service.say("fan-1", "something new")
    changed = service.get(url, if_none_match=etag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_if_none_match_takes_lists_weak_tags_and_a_star(service):
    service.say("fan-1")
    etag = service.get(A).headers["ETag"]
    for offered in (f"W/{etag}", f'"other", {etag}', f'"other",W/{etag} , "third"', "*"):
        assert service.get(A, if_none_match=offered).status_code == 304, offered
    for offered in ('"other"', "", etag.strip('"'), f"{etag}x"):
        assert service.get(A, if_none_match=offered).status_code == 200, offered
    assert service.get("/api/onlyfans/memory/stranger", if_none_match="*").status_code == 404


@ROUTES
def test_head_is_get_without_the_body(service, url):
    service.say("fan-1")
    head, get = service("HEAD", url), service.get(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == get.headers["ETag"]
    assert service("HEAD", "/api/onlyfans/memory/stranger").status_code == 404


def test_answers_are_not_kept_by_anybody(service):
    service.say("fan-1")
    assert service.get(A).headers["Cache-Control"] == "private, no-cache"
    assert service.get("/api/onlyfans/memory/stranger").headers["Cache-Control"] == "private, no-cache"


def test_learning_lag(service):
    for number in range(3):
        service.say("fan-1", f"message {number}")
    learnt_at = datetime(2026, 3, 2, tzinfo=UTC)
    EngagementMetrics.objects.update(learnt_interactions=2, learnt_at=learnt_at)
    assert service.context("fan-1")["learning"] == {"pending": 1, "asOf": "2026-03-02T00:00:00Z"}


def test_limits_are_told_and_kept(service, settings):
    service.say("fan-1")
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "reads_per_creator": 10, "reads_per_fan": 2}
    first = service.get(A)
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("2", "1")
    assert 1 <= int(first.headers["RateLimit-Reset"]) <= 60
    assert service.get(A, if_none_match="*").headers["RateLimit-Remaining"] == "0"
    answer = service.get(A)
    body = refused(answer, 429, "RATE_LIMIT_EXCEEDED")
    assert body["details"] == {"limit": 2, "windowSeconds": 60}
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
