"""What is there at the end: by the API as a client sees it, and by SQL past the product."""

import http.client
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson
import psutil
from psycopg import sql

from tests.chaos import client as ask
from tests.chaos.check import Pair, State, writes_of
from tests.chaos.client import Client
from tests.chaos.log import Attempt
from tests.chaos.proxy import HOST
from tests.chaos.stack import Stack, wait_for

CATCH_UP_SECONDS: Final = 120.0
STEP_SECONDS: Final = 0.25
EXPORT_TRIES: Final = 300
BREAKERS_SECONDS: Final = 70.0
CIRCUITS: Final = "/api/of-memory/health/circuits"
# Counters beside what they count, of all pairs whose fans begin with a prefix.
ROWS: Final = """
SELECT pair.creator_id, pair.fan_id, pair.total_messages, coalesce(said.count, 0), pair.total_interactions,
       coalesce(said.count, 0) + coalesce(done.count, 0), (pair.total_revenue * 100)::int, coalesce(done.paid, 0)::int,
       learnt.folded_count
FROM engagement_metrics pair
LEFT JOIN (SELECT creator_id, fan_id, count(*) FROM fan_memories GROUP BY 1, 2) said USING (creator_id, fan_id)
LEFT JOIN (SELECT creator_id, fan_id, count(*), sum(amount) * 100 AS paid FROM interactions GROUP BY 1, 2) done
       USING (creator_id, fan_id)
LEFT JOIN learnt_states learnt USING (creator_id, fan_id)
WHERE pair.fan_id LIKE %s
"""
PENDING: Final = """
SELECT coalesce(sum(total_interactions - learnt_interactions), 0)::int FROM engagement_metrics WHERE fan_id LIKE %s
"""
TABLES: Final = (
    "SELECT table_name FROM information_schema.columns WHERE column_name = 'fan_id' AND table_schema = 'public'"
)


def collect(stack: Stack, client: Client, attempts: Sequence[Attempt], prefix: str) -> State:
    """Wait until learning has caught up, two minutes at most, and look at everything."""
    started = time.monotonic()
    while (left := pending(stack, prefix)) and time.monotonic() < started + CATCH_UP_SECONDS:
        time.sleep(STEP_SECONDS)
    caught_up_seconds = time.monotonic() - started
    pairs = sorted({attempt.pair for attempt in attempts})
    exports = {pair: client.insist(ask.export(*pair), times=EXPORT_TRIES) for pair in pairs}
    erased = {write.pair for write in writes_of(attempts) if write.op == "erase" and write.acked_at < float("inf")}
    return State(
        listed={pair: None if export.status == 404 else export.seen for pair, export in exports.items()},
        nicknames={pair: export.facts.get("nickname", "") for pair, export in exports.items() if export.status == 200},
        rows=_rows(stack, prefix),
        erased_rows=_erased_rows(stack, erased),
        pending=left,
        caught_up_seconds=round(caught_up_seconds, 1),
        open_breakers=open_breakers(stack),
    )


def pending(stack: Stack, prefix: str) -> int:
    """How many interactions are not yet learnt from."""
    with stack.sql() as database:
        (found,) = database.execute(PENDING, (f"{prefix}%",)).fetchone() or (0,)
    return int(found)


def _rows(stack: Stack, prefix: str) -> dict[Pair, dict[str, int]]:
    with stack.sql() as database:
        rows = database.execute(ROWS, (f"{prefix}%",)).fetchall()
    return {(row[0], row[1]): _counted(row) for row in rows}


def _counted(row: Sequence[Any]) -> dict[str, int]:
    names = ("total_messages", "messages", "total_interactions", "interactions", "total_revenue", "revenue")
    counted = dict(zip(names, row[2:8], strict=True))
    # Each interaction is folded into what is learnt exactly once.
    return counted if row[8] is None else counted | {"total_learnt_state": row[4], "learnt_state": row[8]}


def _erased_rows(stack: Stack, erased: Iterable[Pair]) -> list[str]:
    fans = sorted({fan for _, fan in erased})
    found = []
    with stack.sql() as database:
        for (table,) in database.execute(TABLES).fetchall():
            query = sql.SQL("SELECT DISTINCT fan_id FROM {} WHERE fan_id = ANY(%s)").format(sql.Identifier(table))
            found += [f"{table} {fan}" for (fan,) in database.execute(query, (fans,)).fetchall()]
    return found


def open_breakers(stack: Stack) -> list[str]:
    """Wait until the breakers of every process are closed, and return those that are not."""
    found: list[str] = []

    def are_closed() -> bool:
        found[:] = [state for port in stack.ports for state in _not_closed(stack, port)]
        return not found

    wait_for(are_closed, BREAKERS_SECONDS)
    return sorted(set(found))


def _not_closed(stack: Stack, port: int) -> list[str]:
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    try:
        connection.request("GET", CIRCUITS, headers={"Authorization": f"Bearer {stack.keys[min(stack.keys)]}"})
        answer = connection.getresponse()
        if answer.status != 200:
            return [f"the circuits were answered {answer.status}"]
        data = orjson.loads(answer.read())["data"]
    except (OSError, http.client.HTTPException) as error:
        return [f"the circuits were not answered: {type(error).__name__}"]
    finally:
        connection.close()
    return [
        f"{process['service']} {process['process']}: {name} {state}"
        for process in data["processes"]
        for name, state in process["states"].items()
        if state != "closed" and psutil.pid_exists(process["process"])
    ]
