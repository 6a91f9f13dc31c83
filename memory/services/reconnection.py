"""What to pick up again with a fan who was away for a long time."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

MAX_TOPICS = 5
MAX_FACTS = 3
MIN_WORDS = 4


def reconnection(context: Mapping[str, Any], now: datetime) -> dict[str, Any] | None:
    """Return hints for a fan who is silent, or has come back within the last day, after 30 days or more.

    Returns:
        silentDays, lastSeen, topics (earlier topics, most recent first) and facts (the fan's own words and last
        purchase from before the silence, each with its source), or None.
    """
    done_by_fan = [
        item for item in [*context["recentMessages"], *context["recentInteractions"]] if item["sender"] == "fan"
    ]
    # We may have written so much since that nothing of the fan's own is among what is recent.
    last = context["engagementMetrics"]["lastFanInteraction"]
    silence = _silence([*(item["timestamp"] for item in done_by_fan), *filter(None, [last])], now)
    if silence is None:
        return None
    last_seen, length = silence
    before = [item for item in done_by_fan if item["timestamp"] <= last_seen]
    return {
        "silentDays": length.days,
        "lastSeen": last_seen,
        "topics": _topics(before, context["preferences"]["topicInterests"]),
        "facts": [*_own_words(before), *_last_purchase(before)],
    }


def _silence(instants: list[datetime], now: datetime) -> tuple[datetime, timedelta] | None:
    later = now
    for instant in sorted(instants, reverse=True):
        if later - instant >= settings.RECONNECTION_AFTER:
            return instant, later - instant
        if now - instant > timedelta(days=1):
            return None
        later = instant
    return None


def _topics(before: list[dict[str, Any]], interests: Mapping[str, Any]) -> list[str]:
    newest_first = sorted(before, key=lambda item: item["timestamp"], reverse=True)
    mentioned = [topic for item in newest_first for topic in item.get("topics", [])]
    liked = sorted(interests, key=lambda topic: _weight(interests[topic]), reverse=True)
    return list(dict.fromkeys([*mentioned, *liked]))[:MAX_TOPICS]


def _weight(interest: Any) -> float:
    return float(interest["score"] if isinstance(interest, Mapping) else interest)


def _own_words(before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the last things the fan said at some length; 'ok' and 'haha' are nothing to come back to."""
    said = [item for item in before if "type" not in item and len(item["content"].split()) >= MIN_WORDS]
    said.sort(key=lambda item: item["timestamp"])
    return [
        {"kind": "said", "text": item["content"], "at": item["timestamp"], "sourceId": item["id"]}
        for item in said[-MAX_FACTS:]
    ]


def _last_purchase(before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    bought = [item for item in before if item.get("type") == "purchase"]
    if not bought:
        return []
    last = max(bought, key=lambda item: item["timestamp"])
    text = last["content"] or last["metadata"].get("category", "")
    return [{"kind": "bought", "text": str(text), "at": last["timestamp"], "sourceId": last["id"]}]
