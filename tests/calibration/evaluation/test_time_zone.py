from datetime import UTC, datetime, timedelta

import pytest

from calibration.algorithms.rhythm import DAILY_CURVE
from calibration.evaluation.time_zone import evaluate_time_zone, read_offsets


def _lines(person, offset, days=400):
    """One event a day, at the hours of the usual day in turn, in the local time of that offset."""
    hours = [hour for hour, share in enumerate(DAILY_CURVE) for _ in range(round(share * 400))]
    for day in range(days):
        hour = hours[day * 7 % len(hours)]
        at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=hour - offset)
        yield f"{person}\t{int(at.timestamp())}\t{offset:+03}00"


def _evaluated(folder, people):
    lines = [line for person, offset in people.items() for line in _lines(person, offset)]
    (folder / "activity-dev.tsv").write_text("\n".join(lines) + "\n")
    return {metric.name: metric for metric in evaluate_time_zone(folder)}


def test_people_who_live_by_the_usual_day_are_found(tmp_path):
    metrics = _evaluated(tmp_path, {f"p{number}": offset for number, offset in enumerate((-8, -5, 0, 1, 9, 2))})
    for kind in ("plain", "fitted"):
        assert (metrics[f"zone_answered_{kind}"].value, metrics[f"zone_answered_{kind}"].n) == (1.0, 6)
        assert metrics[f"zone_right_{kind}"].value == 1.0
        assert 0.5 < metrics[f"zone_right_{kind}"].low < 1.0


def test_with_nobody_answered_nothing_is_claimed(tmp_path):
    (tmp_path / "activity-dev.tsv").write_text("p\t1700000000\t-0330\n")
    assert [(m.value, m.low, m.high, m.n) for m in evaluate_time_zone(tmp_path)] == [(0.0, 0.0, 1.0, 0)] * 4
    ((_, offset),) = read_offsets(tmp_path / "activity-dev.tsv")["p"]
    assert offset == pytest.approx(-3.5)
