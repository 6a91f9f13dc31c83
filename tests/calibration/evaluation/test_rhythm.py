from datetime import UTC, datetime, timedelta

import pytest

from calibration.evaluation.rhythm import FOLDS, HISTORY_SIZES, evaluate_rhythm, folds_of, read_activity


@pytest.fixture
def folder(tmp_path):
    """Ten people with 80 events each, half of them at 9, half at 21; and one with a single event."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    lines = []
    for number in range(10):
        times = (start + timedelta(days=day, hours=9 if number % 2 else 21) for day in range(80))
        lines += [f"p{number}\t{int(at.timestamp())}\t+0000" for at in times]
    lines.append(f"seldom\t{int(start.timestamp())}\t+0100")
    (tmp_path / "activity-dev.tsv").write_text("\n".join(reversed(lines)) + "\n")
    return tmp_path


def test_people_are_foretold_from_others(folder):
    metrics = {metric.name: metric for metric in evaluate_rhythm(folder)}
    assert set(metrics) == {f"hour_{what}_{size}" for what in ("bits", "window") for size in HISTORY_SIZES}
    assert metrics["hour_bits_40"].value > metrics["hour_bits_5"].value > 1.0
    assert metrics["hour_window_40"].value == 1.0
    assert all(metric.low <= metric.value <= metric.high and metric.n == 10 for metric in metrics.values())
    assert metrics["hour_bits_5"].target == ">= 0.2"


def test_nobody_is_in_two_folds(folder):
    people = read_activity(folder / "activity-dev.tsv")
    folds = folds_of(people)
    assert len(folds) == FOLDS
    assert sorted(person for fold in folds for person in fold) == [f"p{number}" for number in range(10)]
    assert people["p0"] == sorted(people["p0"])
