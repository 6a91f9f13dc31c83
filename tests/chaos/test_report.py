"""What came of it is told as it was."""

from typing import Any

import pytest

from tests.chaos.check import Finding
from tests.chaos.figures import Round, summary
from tests.chaos.report import BEGIN, END, as_table, as_text, verdict, write_table
from tests.chaos.run import Result

FIGURES: dict[str, Any] = {
    "attempts": 1200,
    "acknowledged_saves": 300,
    "failed": 4,
    "faults": 2,
    "by_status": {"200": 1196, "503": 4},
    "recovery_seconds": [0.5, 2.25],
    "slowest_seconds": {"context": 0.4},
}


def result(*findings: Finding, skipped: str = "") -> dict[str, Any]:
    made = Result("F04", 7, 42.0, (1.0, 1.0, 1.0), [], FIGURES, findings, skipped=skipped, caught_up_seconds=3.2)
    return made.as_json() | {"findings": [{"rule": one.rule, "what": one.what} for one in findings]}


def test_a_result_passed_failed_or_was_skipped():
    assert verdict(result()) == "passed"
    assert verdict(result(Finding("lost", "k1 is not there"))) == "FAILED"
    assert verdict(result(skipped="no root")) == "skipped (no root)"


def test_says_what_was_found():
    text = as_text([result(Finding("lost", "k1 is not there"))])
    assert "lost: 1" in text
    assert "k1 is not there" in text
    row = as_table([result(Finding("lost", "k1"), Finding("lost", "k2"))]).splitlines()[-1]
    assert row.startswith("| F04 | kill -9 of the postmaster | 7 | 2 | 300 | lost 2 | 4 of 1,200 | 2.2 s | 3 s |")


def test_replaces_the_table_of_a_document_and_nothing_else(tmp_path):
    document = tmp_path / "page.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for _ in range(2):
        write_table([result()], document)
    text = document.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert text.count("| F04 |") == 1
    document.write_text("no markers")
    with pytest.raises(ValueError, match="no place"):
        write_table([result()], document)


def sample(per_second: float, *, p95_ms: float = 5.0, errors: int = 0) -> Any:
    from bench.drivers import Sample

    return Sample(round(per_second), 1.0, errors, 0, 1.0, p95_ms, 9.0, {"hit": 1})


@pytest.mark.parametrize(
    ("redis", "postgres", "reached"),
    [
        ((40.0, 0), (600.0, 0), True),
        ((240.0, 0), (600.0, 0), False),
        ((40.0, 1), (600.0, 0), False),
        ((40.0, 0), (450.0, 0), False),
        ((40.0, 0), (600.0, 1), False),
    ],
)
def test_the_figures_are_reached_or_not(redis, postgres, reached):
    slow = Round(sample(100), sample(100, p95_ms=900.0), sample(100, p95_ms=redis[0], errors=redis[1]))
    stale = Round(sample(1000), sample(300), sample(postgres[0], errors=postgres[1]))
    assert summary([slow], [stale])["reached"] is reached
