"""How much is remembered. One pass over the counters of the pairs; of very many, over a sample of them."""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from memory.models import EngagementMetrics
from ofmemory.infra.observability.requests import Kind, declare
from ofmemory.infra.observability.state import Reading, register_state

# More pairs than this are estimated, from about as many of them.
SAMPLE_PAIRS = 200_000
_TABLE = EngagementMetrics._meta.db_table

_A, _B = "api/onlyfans/memory/", "api/of-memory/"
_FAN = f"{_A}<str:fan_id>"
RETRIEVALS = {
    "context": [f"GET {_B}context", f"GET {_FAN}"],
    "bulk": [f"POST {_B}bulk"],
    "engagement-score": [f"GET {_B}engagement-score"],
    "preferences": [f"GET {_B}preferences"],
    "personality": [f"GET {_B}personality"],
    "personality-history": [f"GET {_B}personality/history"],
    "messages": [f"GET {_B}messages", f"GET {_FAN}/messages"],
    "consents": [f"GET {_B}consents"],
    "stats": [f"GET {_B}stats", f"GET {_A}stats"],
    "export": [f"POST {_B}export", f"POST {_FAN}/export"],
}
SAVES = {
    "interaction": [f"POST {_B}interaction", f"POST {_FAN}"],
    "preferences": [f"PATCH {_B}preferences", f"PATCH {_FAN}/preferences"],
    "preferences-bulk": [f"PATCH {_B}preferences/bulk"],
    "personality": [f"PATCH {_B}personality"],
    "consents": [f"POST {_B}consents"],
    "clear": [f"DELETE {_B}clear", f"DELETE {_FAN}"],
}


def register() -> None:
    declare(Kind.RETRIEVAL, RETRIEVALS)
    declare(Kind.SAVE, SAVES)
    register_state("memory", read)


def read() -> Iterator[Reading]:
    """Return how many fans there are, and how many interactions they have."""
    share = _share()
    fans, interactions, most = _one(
        "SELECT count(*), coalesce(sum(total_interactions), 0), coalesce(max(total_interactions), 0)"  # noqa: S608
        f" FROM {_TABLE}{'' if share == 1 else f' TABLESAMPLE SYSTEM ({share * 100:.6f})'}"
    )
    yield Reading("ofmemory_fans", "Fans with memory; very many are estimated.", fans / share)
    yield Reading("ofmemory_interactions", "Interactions remembered; likewise.", float(interactions) / share)
    yield Reading("ofmemory_interactions_per_fan_avg", "Interactions of a fan.", float(interactions) / max(fans, 1))
    yield Reading("ofmemory_interactions_per_fan_max", "Of the fan with most; of very many, in a sample.", most)


def _share() -> float:
    """Return which part of the pairs to look at. How many there are, PostgreSQL knows roughly without counting."""
    (roughly,) = _one("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [_TABLE])
    return float(min(SAMPLE_PAIRS / max(roughly, 1), 1))


def _one(sql: str, params: Any = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()
