"""Handing out all that is stored about a pair."""

from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from memory import selectors, shapes
from memory.models import FanMemory, Interaction, PersonalityChange
from ofmemory.errors import NotFound
from privacy.domain import Pair


def export_memory(*, fan_id: str, creator_id: str) -> dict[str, Any]:
    """Return everything stored about a pair, whole, as of one instant.

    Returns:
        fanId, creatorId, exportedAt, the parts of a context, all messages, all interactions, the personality's history,
        and counts to check completeness by.

    Raises:
        NotFound: the fan was never seen.
    """
    pair = Pair(creator_id, fan_id)
    with transaction.atomic():
        with connection.cursor() as cursor:
            # One snapshot for all tables: a write meanwhile is in all of them or in none.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return _collect(pair)


def _collect(pair: Pair) -> dict[str, Any]:
    of_pair = {"creator_id": pair.creator_id, "fan_id": pair.fan_id}
    rows = selectors.find_rows(pair.creator_id, [pair.fan_id])
    if pair.fan_id not in rows.engagement:
        raise NotFound("Nothing is known about this fan.")
    messages = [shapes.message(row) for row in FanMemory.objects.filter(**of_pair).order_by("created_at")]
    others = [shapes.interaction(row) for row in Interaction.objects.filter(**of_pair).order_by("created_at", "id")]
    history = [
        shapes.personality_change(row) for row in PersonalityChange.objects.filter(**of_pair).order_by("created_at")
    ]
    return {
        "fanId": pair.fan_id,
        "creatorId": pair.creator_id,
        "exportedAt": timezone.now(),
        "messages": messages,
        "interactions": others,
        "personalityProfile": rows.personalities.get(pair.fan_id, rows.personalities[""]),
        "personalityHistory": history,
        "preferences": rows.preferences.get(pair.fan_id) or shapes.preferences(None),
        "emotionalState": rows.emotions.get(pair.fan_id) or shapes.emotional_state(None),
        "engagementMetrics": shapes.engagement(rows.engagement[pair.fan_id]),
        "counts": {"messages": len(messages), "interactions": len(others), "personalityHistory": len(history)},
    }
