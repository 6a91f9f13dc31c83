"""The record of processing activities says what the registry says, and the committed one is the current one."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.management import call_command

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "ropa.md"


def printed(kind: str) -> str:
    out = StringIO()
    call_command("ropa", format=kind, stdout=out)
    return out.getvalue()


def test_the_committed_record_is_the_current_one():
    assert COMMITTED.read_text() == printed("markdown"), "run 'make ropa'"


def test_every_table_and_column_is_in_it():
    record: Any = json.loads(printed("json"))
    said = {table["table"]: set(table["columns"]) for table in record["tables"]}
    assert said == {
        model._meta.db_table: {field.name for field in model._meta.concrete_fields}
        for model in apps.get_models(include_auto_created=True)
    }


def test_it_has_what_article_30_asks_for():
    record: Any = json.loads(printed("json"))
    for part in ("controller", "processor", "purposes", "subjects", "recipients", "thirdCountries", "security"):
        assert record[part], part
    for table in record["tables"]:
        assert table["retention"], table
        assert table["basis"], table


def test_it_says_what_is_sealed():
    record: Any = json.loads(printed("json"))
    columns = {table["table"]: table["columns"] for table in record["tables"]}
    assert columns["fan_memories"]["message_content"]["sealed"]
    assert not columns["fan_memories"]["sender"]["sealed"]
    assert columns["engagement_metrics"]["key_id"] == {"personal": False, "why": "Numbers a key."}


def test_a_bar_in_a_text_does_not_break_the_page():
    rows = [line for line in printed("markdown").splitlines() if line.startswith("| `")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {8}
