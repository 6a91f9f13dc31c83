"""Recall: everything remembered about a fan, in one object."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, TypeVar

import orjson
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.gate import Gate
from memory import cache, selectors, shapes
from memory.services.reading import NEVER_SEEN, CacheState, look_up
from memory.services.reconnection import reconnection
from ofmemory.errors import DatabaseUnavailable, InvalidInput, NotFound
from ofmemory.infra.cache.limits import Quota
from ofmemory.infra.database.base import is_left_alone
from privacy.domain import Limit, Pair
from privacy.errors import Restricted, Unreadable

logger = logging.getLogger(__name__)
T = TypeVar("T")

MAX_BULK_FANS = 100
PART_COUNT = 6
ETAG_CHARS = 32


@dataclass(frozen=True, slots=True)
class Recalled:
    """A context as JSON, ready to be sent, and where it came from."""

    body: bytes
    etag: str
    cache: CacheState
    quota: Quota


@dataclass(frozen=True, slots=True)
class RecalledMany:
    """The contexts found, by fan; fans never seen are missing, and those whose data may only be stored."""

    bodies: dict[str, bytes]
    cache: CacheState
    quota: Quota


def get_memory_context(*, fan_id: str, creator_id: str) -> dict[str, Any]:
    """Return everything remembered about a fan.

    Returns:
        fanId, creatorId, recentMessages (last 50, oldest first), recentInteractions, personalityProfile, preferences,
        emotionalState, engagementMetrics, lastInteraction, learning, reconnection (None unless the fan was silent for
        30 days) and degraded (names of parts that could not be loaded and hold their default).

    Raises:
        NotFound: the fan was never seen.
        DatabaseUnavailable: nothing could be loaded.
    """
    gate = Gate(creator_id, action="context.read")
    return dict(orjson.loads(recall(Pair(creator_id, fan_id), gate).body))


def get_memories_for_fans(*, fan_ids: Sequence[str], creator_id: str) -> dict[str, dict[str, Any]]:
    """Return the contexts of up to 100 fans by fan id; fans never seen are left out.

    Raises:
        InvalidInput: more than 100 fans.
        DatabaseUnavailable: nothing could be loaded.
    """
    found = recall_many(creator_id, fan_ids, Gate(creator_id, action="contexts.read")).bodies
    return {fan_id: orjson.loads(body) for fan_id, body in found.items()}


bulk_get_memories = get_memories_for_fans


def recall(pair: Pair, gate: Gate) -> Recalled:
    """Return the context of one pair as JSON: from the cache, or from the database and into the cache.

    Raises:
        NotFound: the fan was never seen.
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut.
        Restricted: the data may only be stored.
        DatabaseUnavailable: nothing could be loaded.
    """
    quota, held, state = look_up([pair], "context", gate)
    if held[0].value is not None:
        return _recalled(held[0].value, state, quota)
    contexts = load_contexts(pair.creator_id, [pair.fan_id], now=timezone.now())
    if pair.fan_id not in contexts:
        raise NotFound(NEVER_SEEN)
    if contexts[pair.fan_id]["processing"]["restricted"]:
        raise Restricted
    value = _stored_form(contexts[pair.fan_id])
    _fill({pair: held[0]}, {pair.fan_id: value}, contexts)
    return _recalled(value, state, quota)


def recall_many(creator_id: str, fan_ids: Sequence[str], gate: Gate) -> RecalledMany:
    """Return the contexts of many fans as JSON: one cache round trip, and the same few queries for all misses.

    Raises:
        InvalidInput: more than ``MAX_BULK_FANS`` fans.
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut.
        DatabaseUnavailable: nothing could be loaded.
    """
    if len(fan_ids) > MAX_BULK_FANS:
        raise InvalidInput.field("fanIds", f"at most {MAX_BULK_FANS} fans in one call.")
    pairs = [Pair(creator_id, fan_id) for fan_id in dict.fromkeys(fan_ids)]
    quota, held, state = look_up(pairs, "context", gate)
    values = {p.fan_id: h.value for p, h in zip(pairs, held, strict=True) if h.value is not None}
    missing = {p: h for p, h in zip(pairs, held, strict=True) if h.value is None}
    if missing:
        contexts = load_contexts(creator_id, [pair.fan_id for pair in missing], now=timezone.now())
        usable = {fan: context for fan, context in contexts.items() if not context["processing"]["restricted"]}
        loaded = {fan_id: _stored_form(context) for fan_id, context in usable.items()}
        _fill(missing, loaded, contexts)
        values |= loaded
    bodies = {pair.fan_id: values[pair.fan_id][ETAG_CHARS:] for pair in pairs if pair.fan_id in values}
    return RecalledMany(bodies, state, quota)


def load_contexts(creator_id: str, fan_ids: Sequence[str], *, now: datetime) -> dict[str, dict[str, Any]]:
    """Load contexts from the database, past the cache: three queries, however many fans.

    Who asked for the use of their data to be restricted has a context of defaults; who objected to profiling has
    defaults for what was concluded.

    Raises:
        DatabaseUnavailable: no part could be loaded.
    """
    if not connection.in_atomic_block:
        return _load(_Parts(creator_id, fan_ids), now)
    try:
        with transaction.atomic():
            return _load(_Parts(creator_id, fan_ids, may_fail=False), now)
    except DatabaseError:
        # In a transaction one failed statement fails all after it: now each part gets a savepoint of its own.
        return _load(_Parts(creator_id, fan_ids, guard=transaction.atomic), now)


def _load(parts: "_Parts", now: datetime) -> dict[str, dict[str, Any]]:
    creator_id, fan_ids = parts.query
    rows = parts.load_rows()
    messages = parts.load("recentMessages", selectors.list_recent_messages)
    interactions = parts.load("recentInteractions", selectors.list_recent_interactions)
    if len(parts.degraded) == PART_COUNT:
        raise DatabaseUnavailable("The database did not answer.", retry_after_seconds=2)
    # Without the counters nobody can say who was never seen: then those count as seen of whom anything is left.
    known = messages if "engagementMetrics" in parts.degraded else rows.engagement
    default = rows.personalities.get("") or selectors.default_persona()
    contexts = {}
    for fan_id in (fan_id for fan_id in fan_ids if fan_id in known):
        row = rows.engagement.get(fan_id)
        limits = Limit(row.limits if row else 0)
        is_usable, is_profiled = Limit.RESTRICTED not in limits, not limits & (Limit.RESTRICTED | Limit.OBJECTED)
        row = row if is_usable else None
        contexts[fan_id] = {
            "fanId": fan_id,
            "creatorId": creator_id,
            "recentMessages": messages.get(fan_id, []) if is_usable else [],
            "recentInteractions": interactions.get(fan_id, []) if is_usable else [],
            "personalityProfile": rows.personalities.get(fan_id, default) if is_profiled else default,
            "preferences": (is_profiled and rows.preferences.get(fan_id)) or shapes.preferences(None),
            "emotionalState": (is_profiled and rows.emotions.get(fan_id)) or shapes.emotional_state(None),
            "engagementMetrics": shapes.engagement(row, is_profiled=is_profiled),
            "lastInteraction": row.last_interaction if row else None,
            "selling": shapes.selling(row),
            "learning": shapes.learning(row),
            "processing": {"restricted": not is_usable, "profiling": is_profiled},
            "degraded": parts.degraded,
        }
        contexts[fan_id]["reconnection"] = reconnection(contexts[fan_id], now)
    return contexts


class _Parts:
    """Loads the parts of contexts; one that fails becomes empty and is named."""

    def __init__(
        self,
        creator_id: str,
        fan_ids: Sequence[str],
        *,
        may_fail: bool = True,
        guard: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.query = (creator_id, fan_ids)
        self._may_fail = may_fail
        self._guard = guard
        self.degraded: list[str] = []

    def load_rows(self) -> selectors.Rows:
        """Load what has one row a fan in one query; if that fails in four, to find out which part it is."""
        try:
            with self._guard():
                return selectors.find_rows(*self.query)
        except DatabaseError as error:
            self._refuse_if_hopeless(error)
        except Unreadable:
            pass
        return selectors.Rows(
            self.load("engagementMetrics", selectors.find_engagement),
            self.load("personalityProfile", selectors.find_personalities),
            self.load("preferences", selectors.find_preferences),
            self.load("emotionalState", selectors.find_emotional_states),
        )

    def _refuse_if_hopeless(self, error: Exception) -> None:
        """Raise where asking for other parts, or for single ones, would lead to nothing."""
        if is_left_alone(error):
            raise DatabaseUnavailable("The database did not answer.", retry_after_seconds=2) from error
        if not self._may_fail and isinstance(error, DatabaseError):
            raise error

    def load(self, name: str, select: Callable[[str, Sequence[str]], Mapping[str, T]]) -> Mapping[str, T]:
        try:
            with self._guard():
                return select(*self.query)
        except (DatabaseError, Unreadable) as error:
            self._refuse_if_hopeless(error)
            logger.error("context_part_failed", exc_info=error, extra={"part": name})
            self.degraded.append(name)
            return {}


def _fill(missing: Mapping[Pair, cache.Held], loaded: Mapping[str, bytes], contexts: Mapping[str, Any]) -> None:
    values = [
        (pair, held.fill_token, loaded[pair.fan_id])
        for pair, held in missing.items()
        if held.fill_token and pair.fan_id in loaded and not contexts[pair.fan_id]["degraded"]
    ]
    if values:
        cache.try_fill("context", values)


def _stored_form(context: Mapping[str, Any]) -> bytes:
    body = shapes.dumps(context)
    return blake2b(body, digest_size=ETAG_CHARS // 2).hexdigest().encode() + body


def _recalled(value: bytes, state: CacheState, quota: Quota) -> Recalled:
    return Recalled(value[ETAG_CHARS:], f'"{value[:ETAG_CHARS].decode()}"', state, quota)
