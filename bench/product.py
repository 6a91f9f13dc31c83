"""Runs inside the product: fills it for the benchmark and notes the SQL that its operations send.

    python -m bench.product FANS MESSAGES ANSWER_FILE

Everything goes through the product's own functions, so that it is stored as the product stores it.
"""

import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

import django
import orjson

from bench import texts
from bench.facts import BULK_FANS, CREATOR, EXTERNAL_ID, Facts, fan_id

FANS_A_COMMIT: Final = 20
INTERACTIONS_A_FAN: Final = 6
EVERY: Final = timedelta(minutes=37)


def main(fan_count: int, message_count: int, answer: Path) -> None:
    django.setup()
    from accounts.models import Creator
    from accounts.services.keys import create_key

    Creator.objects.create(id=CREATOR, display_name="Benchmark")
    _, key = create_key(creator_id=CREATOR, name="benchmark")
    fill(fan_count, message_count)
    statements, context = capture(key, fan_count)
    answer.write_bytes(orjson.dumps(asdict(Facts(key, fan_count, context, statements))))


# ---- filling


def fill(fan_count: int, message_count: int) -> None:
    from django.db import connection
    from django.utils import timezone

    from calibration.services.learning import learn_pairs
    from memory.models import EngagementMetrics

    now = timezone.now()
    for first in range(0, fan_count, FANS_A_COMMIT):
        _fill_some(range(first, min(first + FANS_A_COMMIT, fan_count)), message_count, now)
    # Of what was said long ago nothing is left to learn: the worker learns from what is saved during a measurement.
    numbers = list(EngagementMetrics.objects.values_list("pk", flat=True))
    for first in range(0, fan_count, FANS_A_COMMIT):
        learn_pairs(numbers[first : first + FANS_A_COMMIT])
    with connection.cursor() as cursor:
        # What autovacuum would do sooner or later shall not happen in the middle of a measurement.
        cursor.execute("VACUUM ANALYZE")


def _fill_some(numbers: range, message_count: int, now: datetime) -> None:
    from accounts.gate import Gate
    from memory.services.writes import writing
    from privacy.domain import Pair

    pairs = {number: Pair(CREATOR, fan_id(number)) for number in numbers}
    with writing(list(pairs.values()), Gate(CREATOR)):
        for number, pair in pairs.items():
            _fill_one(number, pair, message_count, now)


def _fill_one(number: int, pair: Any, message_count: int, now: datetime) -> None:
    from memory.services.counters import Tally, count
    from memory.services.interactions import interaction_row, message_row
    from memory.services.personality import change_personality
    from memory.services.preferences import change_preferences
    from ofmemory.infra.db import insert_new

    said = [_message(number, place, now - EVERY * (message_count - place)) for place in range(message_count)]
    done = [_purchase(number, place, now - EVERY * place * 3) for place in range(1, INTERACTIONS_A_FAN + 1)]
    insert_new([_read(message_row(pair, event)) for event in said])
    insert_new([interaction_row(pair, event) for event in done])
    tallies = [Tally.of(event, event.timestamp) for event in (*said, *done) if event.timestamp]
    count(pair, sum(tallies[1:], start=tallies[0]))
    change_preferences(pair, PREFERENCES)
    change_personality(pair, traits={"tone": "playful", "preferred_emojis": ["😊", "❤️"]}, release=(), actor="bench")


def _read(row: Any) -> Any:
    """Return the row with what learning would read from it: a few sentences need not be read a thousand times."""
    if row.sender == "fan":
        row.sentiment, row.reading = _reading(row.message_content)
    return row


@cache
def _reading(text: str) -> tuple[str | None, dict[str, Any]]:
    import msgspec

    from calibration.services.events import VERSION
    from calibration.services.reading import read_messages, reader_version

    (found,) = read_messages([text])
    return found.sentiment, {**msgspec.to_builtins(found), VERSION: reader_version()}


def _message(number: int, place: int, at: datetime) -> Any:
    from memory.domain import Interaction, InteractionType, Sender

    return Interaction(
        type=InteractionType.MESSAGE,
        content=texts.message(number * 1000 + place),
        sender=Sender.FAN if place % 2 else Sender.CREATOR,
        timestamp=at,
        external_id=f"filled-{place}",
        metadata={"externalId": f"filled-{place}"},
    )


def _purchase(number: int, place: int, at: datetime) -> Any:
    from memory.domain import Interaction, InteractionType

    return Interaction(
        type=InteractionType.TIP if place % 3 else InteractionType.PURCHASE,
        amount=Decimal(5 + (number + place) % 40),
        currency="USD",
        timestamp=at,
        external_id=f"filled-{place}",
        metadata={"externalId": f"filled-{place}"},
    )


PREFERENCES: Final[dict[str, Any]] = {
    "contentPreferences": {"photos": 0.8, "videos": {"score": 0.6, "confidence": 0.4}, "audio": 0.2},
    "topicInterests": {"travel": 0.9, "dogs": 0.7, "work": 0.4, "music": 0.3},
    "communicationPreferences": {"language": "en", "nickname": "Sam"},
}


# ---- capturing


def capture(key: str, fan_count: int) -> tuple[dict[str, list[str]], str]:
    """Return the SQL of each operation, sent through the API as a client would, and the body of a context."""
    from django.test import Client

    client = Client(SERVER_NAME="localhost", HTTP_AUTHORIZATION=f"Bearer {key}")
    group = {"fanIds": [fan_id(number) for number in range(min(BULK_FANS, fan_count))]}
    bodies: list[bytes] = []

    def get_context() -> Any:
        answer = client.get("/api/of-memory/context", {"fanId": fan_id(0)})
        bodies.append(answer.content)
        return answer

    def post(path: str, body: dict[str, Any]) -> Any:
        return client.post(f"/api/of-memory/{path}", body, content_type="application/json")

    operations: dict[str, Callable[[], Any]] = {
        "save": lambda: post("interaction", _new_message(fan_id(0))),
        "miss": get_context,
        "hit": get_context,
        "bulk_miss": lambda: post("bulk", group),
        "score": lambda: client.get("/api/of-memory/engagement-score", {"fanId": fan_id(0)}),
        "messages": lambda: client.get("/api/of-memory/messages", {"fanId": fan_id(0)}),
        "stats": lambda: client.get("/api/of-memory/stats"),
    }
    operations["stats"]()  # the caller is known from now on
    return {name: _statements(operation) for name, operation in operations.items()}, bodies[-1].decode()


def _new_message(fan: str) -> dict[str, Any]:
    return {"fanId": fan, "type": "message", "content": texts.message(0), "metadata": {"externalId": EXTERNAL_ID}}


def _statements(operation: Callable[[], Any]) -> list[str]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from memory.services.interactions import stored_id
    from privacy.domain import Pair

    with CaptureQueriesContext(connection) as queries:
        answer = operation()
    if answer.status_code != 200:
        raise SystemExit(f"an operation to be measured failed: {answer.status_code} {answer.content[:300]!r}")
    # What is kept of an external id is a digest: the script puts a new one in its place for each save.
    kept = stored_id(Pair(CREATOR, fan_id(0)), EXTERNAL_ID)
    return [query["sql"].replace(kept, EXTERNAL_ID) for query in queries.captured_queries]


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
