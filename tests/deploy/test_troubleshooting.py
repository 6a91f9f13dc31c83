"""What docs/troubleshooting.md tells people to run does run."""

import re
from pathlib import Path

import pytest
from django.db import connections

from tests.deploy.promql import exported, unknown_in

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "troubleshooting.md").read_text()
QUERIES = [
    (section.partition("\n")[0], keys, query)
    for section in PAGE.split("\n### ")
    for keys, query in re.findall(r"```sql( keys)?\n(.+?)```", section, re.DOTALL)
]


def test_all_queries_are_tried():
    assert len(QUERIES) == PAGE.count("```sql") > 10


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "of_keys", "query"), QUERIES, ids=[name for name, _, _ in QUERIES])
def test_a_query_runs(name, of_keys, query):
    with connections["keys" if of_keys else "default"].cursor() as cursor:
        cursor.execute(query)
        cursor.fetchall()


@pytest.mark.django_db
def test_queries_show_nothing_that_is_sealed(service):
    service.say("fan-1", "a very secret message")
    for _, of_keys, query in QUERIES:
        with connections["keys" if of_keys else "default"].cursor() as cursor:
            cursor.execute(query)
            assert "secret message" not in str(cursor.fetchall())


def test_expressions_name_what_is_exported(transactional_db):
    expressions = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", PAGE, re.MULTILINE)
    assert len(expressions) > 5
    known = exported()
    found = {expression: unknown_in(expression, known) for expression in expressions}
    assert {expression: problems for expression, problems in found.items() if problems} == {}


def test_links_inside_the_page_lead_somewhere():
    anchors = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= anchors
