"""The engagement score and the creator's statistics."""

from datetime import datetime
from typing import Any

import orjson

from accounts.gate import Gate
from memory import cache, selectors, shapes
from memory.domain import DEFAULT_ENGAGEMENT_SCORE
from memory.services.reading import look_up
from ofmemory.infra.cache.limits import Quota
from privacy.domain import Limit, Pair
from privacy.errors import Restricted


def get_engagement_score(*, fan_id: str, creator_id: str) -> float:
    """Return how engaged the fan is, 0-1; 0.5 for a fan never seen."""
    body, _ = recall_score(Pair(creator_id, fan_id), Gate(creator_id, action="score.read"))
    return float(orjson.loads(body)["score"])


def recall_score(pair: Pair, gate: Gate) -> tuple[bytes, Quota]:
    """Return {fanId, creatorId, score, lastUpdated} as JSON, cached like the context.

    Raises:
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut.
        Restricted: the data may only be stored.
    """
    quota, held, _ = look_up([pair], "score", gate)
    if held[0].value is not None:
        return held[0].value, quota
    body = _load_score(pair)
    if held[0].fill_token:
        cache.try_fill("score", [(pair, held[0].fill_token, body)])
    return body, quota


def _load_score(pair: Pair) -> bytes:
    row = selectors.find_engagement(pair.creator_id, [pair.fan_id]).get(pair.fan_id)
    if row and row.limits & Limit.RESTRICTED:
        raise Restricted
    value = row.engagement_score if row and not row.limits & Limit.OBJECTED else DEFAULT_ENGAGEMENT_SCORE
    return shapes.dumps(shapes.score(pair.creator_id, pair.fan_id, value, row.updated_at if row else None))


def get_memory_stats(
    *,
    creator_id: str,
    since: datetime | None = None,
    until: datetime | None = None,
    min_engagement: float | None = None,
) -> dict[str, Any]:
    """Return a creator's statistics over the fans whose last interaction lies in [since, until).

    Returns:
        creatorId, totalFans, fansWithMemory, totalMessages, totalInteractions, totalPurchases, totalTips, totalRevenue,
        avgEngagementScore (None without fans), calibratedProfiles, pendingLearning, lastUpdated.
    """
    return selectors.summarise_creator(creator_id, since=since, until=until, min_engagement=min_engagement)
