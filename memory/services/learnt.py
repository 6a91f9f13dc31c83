"""Storing what was learnt. What was set by hand stays as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from memory.domain import ChangeReason, Sender, Sentiment
from memory.models import EmotionalState, EngagementMetrics, FanMemory, FanPreferences
from memory.selectors import find_preferences_row
from memory.services.personality import find_profile, record_change, traits_of
from memory.services.preferences import PARTS
from ofmemory.infra.db import upsert
from privacy.domain import Pair

LEARNER = "system:learning"
_PAIR = ("creator_id", "fan_id")
_COUNTERS = EngagementMetrics._meta.db_table
_READ = f"""
UPDATE {FanMemory._meta.db_table} AS kept
SET sentiment = new.sentiment, reading = new.reading, topics = new.topics
FROM unnest(%s::uuid[], %s::text[], %s::bytea[], %s::bytea[]) AS new(id, sentiment, reading, topics)
WHERE kept.id = new.id AND kept.creator_id = %s AND kept.fan_id = %s
"""  # noqa: S608 - names from the model


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """What was read from one message.

    Args:
        sentiment: None where none was found.
        reading: as learning keeps it, to take up again without reading anew.
        topics: names, best known first.
    """

    sentiment: Sentiment | None
    reading: Mapping[str, Any]
    topics: Sequence[str]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What is known about a pair now. None: not learnt, because it may not be; what is there is left alone.

    Args:
        messages: by id, those read for the first time.
        content_preferences, topic_interests, communication_preferences: name → value, as in ``FanPreferences``.
        traits: of ``shapes.PERSONA_FIELDS`` and ``confidence_score``, ``interaction_count``, ``last_calibrated``.
        why: for each trait that differs from the default, the rule, its numbers and the messages behind it.
        mood: of ``EmotionalState``, column → value.
        avg_response_time_seconds, ppv_hold, selling_stopped: of the pair's counters.
    """

    messages: Mapping[UUID, ReadMessage] = field(default_factory=dict)
    content_preferences: Mapping[str, Any] | None = None
    topic_interests: Mapping[str, float] | None = None
    communication_preferences: Mapping[str, Any] | None = None
    purchase_patterns: Sequence[Mapping[str, Any]] | None = None
    traits: Mapping[str, Any] | None = None
    why: Sequence[Mapping[str, Any]] = ()
    mood: Mapping[str, Any] | None = None
    avg_response_time_seconds: float | None = None
    ppv_hold: int | None = None
    selling_stopped: bool | None = None


def store_learnt(pair: Pair, learnt: Learnt, *, learnt_interactions: int, at: datetime | None) -> None:
    """Store what was learnt, inside a ``writing`` block that has locked the pair.

    Args:
        learnt_interactions: how many of the pair's interactions are in it.
        at: when it was learnt.
    """
    _store_messages(pair, learnt.messages)
    _store_preferences(pair, learnt)
    if learnt.traits is not None:
        _store_profile(pair, learnt.traits, learnt.why)
    if learnt.mood is not None:
        upsert(EmotionalState(creator_id=pair.creator_id, fan_id=pair.fan_id, **learnt.mood), unique=_PAIR)
    counters: dict[str, Any] = {"learnt_interactions": learnt_interactions, "learnt_at": at}
    for name in ("avg_response_time_seconds", "ppv_hold", "selling_stopped"):
        if (value := getattr(learnt, name)) is not None:
            counters[name] = value
    _store_counters(pair, counters)


def _store_counters(pair: Pair, counters: Mapping[str, Any]) -> None:
    assigned = ", ".join(f"{name} = %s" for name in counters)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_COUNTERS} SET {assigned} WHERE creator_id = %s AND fan_id = %s",  # noqa: S608 - our own names
            [*counters.values(), pair.creator_id, pair.fan_id],
        )


def _store_messages(pair: Pair, messages: Mapping[UUID, ReadMessage]) -> None:
    if not messages:
        return
    reading, topics = _sealed_field("reading"), _sealed_field("topics")
    rows = [FanMemory(id=key, creator_id=pair.creator_id, fan_id=pair.fan_id) for key in messages]
    with connection.cursor() as cursor:
        cursor.execute(
            _READ,
            (
                list(messages),
                [read.sentiment for read in messages.values()],
                [bytes(reading.sealed(row, messages[row.id].reading)) for row in rows],
                [bytes(topics.sealed(row, list(messages[row.id].topics))) for row in rows],
                pair.creator_id,
                pair.fan_id,
            ),
        )


def _sealed_field(name: str) -> Any:
    return FanMemory._meta.get_field(name)


def _store_preferences(pair: Pair, learnt: Learnt) -> None:
    parts = {
        "contentPreferences": ("content_preferences", learnt.content_preferences),
        "topicInterests": ("topic_interests", learnt.topic_interests),
        "communicationPreferences": ("communication_preferences", learnt.communication_preferences),
    }
    held = find_preferences_row(pair)
    row = FanPreferences(**held._asdict()) if held else FanPreferences(creator_id=pair.creator_id, fan_id=pair.fan_id)
    before = _learnt_columns(row)
    for part, (column, values) in parts.items():
        if values is not None:
            setattr(row, column, _with_pinned(getattr(row, column), values, row.pinned.get(part, []), PARTS[part][1]))
    if learnt.purchase_patterns is not None:
        row.purchase_patterns = list(learnt.purchase_patterns)
    if held is None or _learnt_columns(row) != before:
        row.last_updated = timezone.now()
        upsert(row, unique=_PAIR)


def _learnt_columns(row: FanPreferences) -> list[Any]:
    columns = ("content_preferences", "topic_interests", "communication_preferences", "purchase_patterns")
    return [getattr(row, column) for column in columns]


def _with_pinned(
    held: Mapping[str, Any], learnt: Mapping[str, Any], pinned: Sequence[str], most: int
) -> dict[str, Any]:
    """Return what was learnt, with what was set by hand as it is; within the part's bound the first learnt stay."""
    by_hand = {name: held[name] for name in pinned if name in held}
    free = [(name, value) for name, value in learnt.items() if name not in by_hand]
    return {**by_hand, **dict(free[: max(most - len(by_hand), 0)])}


def _store_profile(pair: Pair, learnt: Mapping[str, Any], why: Sequence[Mapping[str, Any]]) -> None:
    row = find_profile(pair)
    before = traits_of(row)
    for name, value in learnt.items():
        if name not in row.locked_traits:
            setattr(row, name, value)
    row.save()
    record_change(row, before, reason=ChangeReason.LEARNT, actor=LEARNER, why=why)


def store_correction(pair: Pair, message_id: UUID, sentiment: Sentiment) -> bool:
    """Inside a ``writing`` block: put a person's word about a message in the place of what was read.

    Returns:
        Whether there is such a message of the fan.
    """
    row = FanMemory.objects.filter(pk=message_id, creator_id=pair.creator_id, fan_id=pair.fan_id, sender=Sender.FAN)
    found = row.first()
    if found is None:
        return False
    corrected = {**found.reading, "correction": sentiment.value}
    return bool(row.update(sentiment=sentiment, reading=_sealed_field("reading").sealed(found, corrected)))
