"""What this room lends to privacy: its pairs, their locks, and what Redis and the broker hold about them."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import orjson
from django.db import connection, models

from accounts.gate import Gate
from memory import cache, selectors
from memory.events import memory_cleared
from memory.models import EngagementMetrics, FanMemory, FanPreferences, Interaction
from memory.services.locking import find_locked_pair
from memory.services.writes import announce, writing
from ofmemory.infra.queues import Message, find_messages, remove_messages
from privacy.domain import Limit, Pair, Purpose
from privacy.fields import Sealed

_CLEAR_CACHE = "memory.tasks.clear_cache"
_BATCH = 1000
_MAKE = f"""
INSERT INTO {EngagementMetrics._meta.db_table} (creator_id, fan_id) VALUES (%s, %s) ON CONFLICT DO NOTHING
"""  # noqa: S608 - the name comes from the model
_PAIRS = f"""
SELECT creator_id, fan_id FROM {EngagementMetrics._meta.db_table}
WHERE (creator_id, fan_id) > (%s, %s) ORDER BY creator_id, fan_id LIMIT {_BATCH}
"""  # noqa: S608 - the name comes from the model

_RECOUNT = f"""
WITH said AS (
    SELECT 'message' AS type, sender, NULL::numeric AS amount, created_at
    FROM {FanMemory._meta.db_table} WHERE creator_id = %(creator)s AND fan_id = %(fan)s
    UNION ALL
    SELECT type, sender, amount, created_at
    FROM {Interaction._meta.db_table} WHERE creator_id = %(creator)s AND fan_id = %(fan)s
)
INSERT INTO {EngagementMetrics._meta.db_table} (creator_id, fan_id, limits, total_messages, total_purchases, total_tips,
    total_interactions, total_revenue, first_interaction, last_interaction, last_fan_interaction)
SELECT %(creator)s, %(fan)s, %(limits)s, count(*) FILTER (WHERE type = 'message'),
    count(*) FILTER (WHERE type = 'purchase'), count(*) FILTER (WHERE type = 'tip'), count(*),
    COALESCE(sum(amount) FILTER (WHERE type IN ('purchase', 'tip')), 0), min(created_at), max(created_at),
    max(created_at) FILTER (WHERE sender = 'fan')
FROM said
"""  # noqa: S608 - names from models

# What was inferred for a purpose and lies beside other data. Tables that hold nothing else are emptied by privacy.
_INFERRED: dict[Purpose, list[tuple[type[models.Model], dict[str, Any]]]] = {
    Purpose.MEMORY: [],
    Purpose.EMOTION_ANALYSIS: [(FanMemory, {"sentiment": None, "reading": Sealed()})],
    Purpose.PERSONALISATION: [
        (FanMemory, {"topics": Sealed()}),
        (
            FanPreferences,
            dict.fromkeys(("content_preferences", "topic_interests", "communication_preferences", "pinned"), Sealed()),
        ),
        (EngagementMetrics, {"engagement_score": 0.5}),
    ],
    Purpose.PURCHASE_PROFILING: [(FanPreferences, {"purchase_patterns": Sealed()})],
}


class MemoryStore:
    """See ``privacy.registry.PairStore``."""

    def writing(self, pair: Pair) -> AbstractContextManager[Any]:
        return writing([pair], Gate(pair.creator_id))

    def lock(self, pair: Pair, *, create: bool = False) -> bool:
        while find_locked_pair(pair) is None:
            if not create:
                return False
            with connection.cursor() as cursor:
                cursor.execute(_MAKE, (pair.creator_id, pair.fan_id))
        return True

    def forgotten(self, pair: Pair) -> None:
        announce(memory_cleared, creator_id=pair.creator_id, fan_id=pair.fan_id)

    def set_limits(self, pair: Pair, limits: Limit) -> None:
        _rows(EngagementMetrics, pair).update(limits=int(limits))

    def set_key(self, pair: Pair, key_id: int) -> None:
        _rows(EngagementMetrics, pair).update(key_id=key_id)

    def iterate_pairs(self, *, after: Pair | None = None) -> Iterator[Pair]:
        last = ("", "") if after is None else (after.creator_id, after.fan_id)
        while found := _pairs_after(last):
            yield from (Pair(*ids) for ids in found)
            last = found[-1]

    def list_inactive_pairs(self, before: datetime) -> Sequence[Pair]:
        return selectors.list_inactive_pairs(before)

    def is_inactive(self, pair: Pair, before: datetime) -> bool:
        return selectors.is_inactive(pair, before)

    def purge_caches(self, pair: Pair) -> dict[str, int]:
        return cache.purge(pair)

    def purge_queues(self, pair: Pair) -> dict[str, int]:
        messages = _messages_about(pair)
        for message in messages:
            # Its work is done here, for the pairs of others that it may name as well.
            if message.task == _CLEAR_CACHE:
                for key in _keys_in(message):
                    cache.end_write_of([key])
        remove_messages(messages)
        return _by_queue(messages)

    def find_leftovers(self, pair: Pair) -> dict[str, int]:
        keys = {f"redis:{kind}": len(found) for kind, found in cache.find_keys(pair).items()}
        queues = {f"queue:{queue}": count for queue, count in _by_queue(_messages_about(pair)).items()}
        return {"redis:memory:context": 0, "queue:celery": 0, **keys, **queues}

    def recount(self, pair: Pair) -> None:
        limits = _rows(EngagementMetrics, pair).values_list("limits", flat=True).first()
        _rows(EngagementMetrics, pair).delete()
        with connection.cursor() as cursor:
            cursor.execute(_RECOUNT, {"creator": pair.creator_id, "fan": pair.fan_id, "limits": limits or 0})

    def forget_inferred(self, pair: Pair, purpose: Purpose) -> None:
        for model, nothing in _INFERRED[purpose]:
            _rows(model, pair).update(**nothing)
        # What may still be learnt is learnt anew, without what was withdrawn.
        _rows(EngagementMetrics, pair).update(learnt_interactions=0)


def _rows(model: type[models.Model], pair: Pair) -> Any:
    return model._default_manager.filter(creator_id=pair.creator_id, fan_id=pair.fan_id)


def _pairs_after(last: tuple[str, str]) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, last)
        return list(cursor.fetchall())


def _messages_about(pair: Pair) -> list[Message]:
    """Return messages that name the pair: by its key in Redis, or, as older code wrote them, by both its ids."""
    key = cache.pair_key(pair).encode()
    ids = [orjson.dumps(pair.creator_id), orjson.dumps(pair.fan_id)]
    return find_messages(lambda message: key in message.body or all(one in message.body for one in ids))


def _keys_in(message: Message) -> list[str]:
    (keys, *_), *_ = orjson.loads(message.body)
    return [key for key in keys if isinstance(key, str)]


def _by_queue(messages: Sequence[Message]) -> dict[str, int]:
    return {queue: sum(m.queue == queue for m in messages) for queue in {m.queue for m in messages}}
