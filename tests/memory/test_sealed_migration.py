"""What was stored in the clear before there were keys is sealed by a migration, and reads as before."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
CANARY = "canary-in-the-clear"
OLD_ROWS = """
INSERT INTO fan_memories (id, creator_id, fan_id, message_content, sender, topics, metadata, external_id, created_at)
SELECT gen_random_uuid(), 'creator-1', 'fan-1', 'canary-in-the-clear ' || n, 'fan', '["canary-in-the-clear"]',
    '{"note": "canary-in-the-clear"}',
    CASE WHEN n = 1 THEN 'canary-in-the-clear' ELSE '' END, '2026-01-01'::timestamptz + n * interval '1 minute'
FROM generate_series(1, 2500) AS n;
INSERT INTO interactions (id, creator_id, fan_id, type, sender, currency, content, metadata, external_id,
    created_at)
VALUES (gen_random_uuid(), 'creator-1', 'fan-1', 'like', 'fan', '', 'canary-in-the-clear',
    '{"note": "canary-in-the-clear"}', '', '2026-01-01');
INSERT INTO fan_preferences (creator_id, fan_id, content_preferences, topic_interests, purchase_patterns,
    communication_preferences, pinned)
VALUES ('creator-1', 'fan-1', '{}', '{"canary-in-the-clear": 1}', '[]', '{}', '{}');
INSERT INTO engagement_metrics (creator_id, fan_id, total_messages, total_interactions)
VALUES ('creator-1', 'fan-1', 2500, 2501);
"""
READ = """
import json
from memory.models import FanMemory
from memory.services.context import get_memory_context
from memory.services.interactions import save_interaction
save_interaction(fan_id="fan-1", creator_id="creator-1", type="message", content="new")
again = save_interaction(
    fan_id="fan-1", creator_id="creator-1", type="message", content="again",
    metadata={"externalId": "canary-in-the-clear"},
)
context = get_memory_context(fan_id="fan-1", creator_id="creator-1")
first = FanMemory.objects.order_by("created_at").first()
print(json.dumps({
    "duplicate": again.duplicate, "first": [first.message_content, first.topics, first.metadata],
    "messages": [m["content"] for m in context["recentMessages"]], "degraded": context["degraded"],
    "like": context["recentInteractions"][0]["content"], "interests": context["preferences"]["topicInterests"],
}))
"""


@pytest.fixture
def manage(db: None) -> Iterator[Callable[..., str]]:
    """Run manage.py on two empty databases of this test alone."""
    names = {"DATABASE_URL": f"old_main_{os.getpid()}", "KEYS_DATABASE_URL": f"old_keys_{os.getpid()}"}
    with connection._nodb_cursor() as cursor:
        for name in names.values():
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
    urls = {key: urlunsplit(urlsplit(os.environ[key])._replace(path=f"/{name}")) for key, name in names.items()}
    environment = {**os.environ, **urls, "DJANGO_SETTINGS_MODULE": "ofmemory.settings.test"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    run.url = urlunsplit(urlsplit(urls["DATABASE_URL"])._replace(scheme="postgresql"))  # type: ignore[attr-defined]
    yield run
    with connection._nodb_cursor() as cursor:
        for name in names.values():
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def tables_with(canary: bytes, url: str) -> list[str]:
    """Return the tables and indexes in whose files the canary stands, everything written out."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("CHECKPOINT")
        found = database.execute(
            """SELECT relname FROM pg_class CROSS JOIN LATERAL (SELECT pg_read_binary_file(
                   pg_relation_filepath(pg_class.oid)) AS content) AS file
               WHERE relkind IN ('r', 't', 'i') AND pg_relation_filepath(pg_class.oid) LIKE 'base/%%'
               AND position(%s::bytea IN content) > 0""",
            [canary],
        ).fetchall()
        return [name for (name,) in found]


def planned_with(canary: str, url: str) -> list[str]:
    """Return the tables of whose columns the planner keeps samples with the canary.

    The files of the statistics are not searched after the change: until no transaction of PostgreSQL's own can still
    see the samples of columns that are gone, not even a full vacuum removes them.
    """
    with psycopg.connect(url, autocommit=True) as database:
        found = database.execute(
            """SELECT DISTINCT tablename FROM pg_stats WHERE position(%s IN
                   concat(most_common_vals::text, histogram_bounds::text, most_common_elems::text)) > 0""",
            [canary],
        ).fetchall()
        return [name for (name,) in found]


def test_rows_in_the_clear_are_sealed_and_read_as_before(manage):
    manage("migrate", "--database", "keys", "--verbosity=0")
    manage("migrate", "memory", "0001", "--verbosity=0")
    with psycopg.connect(manage.url, autocommit=True) as database:
        for table in ("fan_memories", "interactions", "fan_preferences", "engagement_metrics"):
            # Who analyses them in the background while we look would leave old samples that can't be removed yet.
            database.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
        database.execute(OLD_ROWS)
        database.execute("ANALYZE")
    assert {"fan_memories", "pg_statistic"} <= set(tables_with(CANARY.encode(), manage.url))
    assert "fan_memories" in planned_with(CANARY, manage.url)
    manage("migrate", "--verbosity=0")
    assert set(tables_with(CANARY.encode(), manage.url)) <= {"pg_statistic"}
    assert planned_with(CANARY, manage.url) == []
    found = json.loads(manage("shell", "--verbosity=0", "-c", READ).strip().splitlines()[-1])
    assert found["first"] == [f"{CANARY} 1", [CANARY], {"note": CANARY}]
    assert found["messages"] == [f"{CANARY} {n}" for n in range(2452, 2501)] + ["new"]
    assert found["like"] == CANARY
    assert found["interests"] == {CANARY: 1}
    assert found["duplicate"]
    assert found["degraded"] == []
