from pathlib import Path

import pytest

from calibration.domain import CueKind
from calibration.evaluation.safety import evaluate_safety, read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "safety"
HELD_OUT = FIXTURES / "held_out"


def _figures(folder):
    return {metric.name: metric for metric in evaluate_safety(folder)}


@pytest.mark.parametrize("kind", CueKind)
def test_each_kind_has_its_sentences(kind):
    labels = [is_wanted for _, is_wanted in read(FIXTURES / f"{kind}.tsv")]
    assert len(labels) >= 60
    assert min(sum(labels), len(labels) - sum(labels)) >= 25
    assert len(read(HELD_OUT / f"{kind}.tsv")) >= 30


@pytest.mark.parametrize("kind", CueKind)
@pytest.mark.parametrize("folder", [FIXTURES, HELD_OUT], ids=["tuned on", "held out"])
def test_the_rules_find_what_they_should(kind, folder):
    figures = _figures(folder)
    needed = 0.95 if kind in (CueKind.SELF_HARM, CueKind.UNDER_AGE) else 0.9
    assert figures[f"safety {kind}: recall"].value >= needed
    assert figures[f"safety {kind}: precision"].value >= 0.9


def test_shares_come_with_wilsons_interval(tmp_path):
    lines = ["I'm 16\t1", "I'm 15\t1", "she looked at me in class, born 2010\t1", "I'm 45\t0"]
    (tmp_path / "under_age.tsv").write_text("\n".join(lines), encoding="utf-8")
    recall, precision = evaluate_safety(tmp_path)
    assert (recall.name, recall.n, recall.target) == ("safety under_age: recall", 3, ">= 0.95")
    assert recall.value == pytest.approx(2 / 3)
    assert (recall.low, recall.high) == (pytest.approx(0.2077, abs=1e-3), pytest.approx(0.9385, abs=1e-3))
    assert (precision.value, precision.n) == (1.0, 2)


def test_of_nothing_found_nothing_can_be_said(tmp_path):
    (tmp_path / "meetup.tsv").write_text("good morning\t0\n", encoding="utf-8")
    recall, precision = evaluate_safety(tmp_path)
    assert (recall.n, recall.low, recall.high) == (0, 0.0, 1.0)
    assert (precision.n, precision.value) == (0, 0.0)
