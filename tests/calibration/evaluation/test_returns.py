import numpy as np
import pytest

from calibration.evaluation.returns import BINS, FILE, auc, brier, evaluate_returns, foretell
from calibration.evaluation.simulated import simulate_fans, weekly_days


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """Of invented fans, each with a creator of their own, and of somebody who writes to themselves."""
    lines = ["7\t7\t1767225600"]
    for number, events in enumerate(simulate_fans(150, 5)):
        ids = (number, 1000 + number)
        lines += ["\t".join(map(str, (*_in_order(ids, event), int(event.at.timestamp())))) for event in events]
    folder = tmp_path_factory.mktemp("rhythms")
    (folder / FILE).write_text("from\tto\tunix_seconds\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return {metric.name: metric for metric in evaluate_returns(folder)}


def _in_order(ids, event):
    return ids if event.is_by_fan else ids[::-1]


def test_all_figures_are_told_with_their_spread(figures):
    assert len(figures) == 2 * (8 + BINS)
    assert all(metric.low <= metric.high and metric.n > 100 for metric in figures.values())
    assert figures["returns per sender: AUC"].target == ">= 0.78"


@pytest.mark.parametrize("unit", ["sender", "pair"])
def test_the_fit_knows_more_than_chance(figures, unit):
    assert figures[f"returns per {unit}: AUC"].value > 0.6
    assert figures[f"returns per {unit}: Brier"].value < figures[f"returns per {unit}: Brier of the base rate"].value


def test_of_invented_fans_the_second_half_is_foretold():
    days = weekly_days()
    foretold = foretell(simulate_fans(60, 2), days)
    assert len(foretold.returned) == len(foretold.chance) == len(foretold.person)
    assert auc(foretold.returned, foretold.fixed) > auc(foretold.returned, -foretold.silence)


def test_auc_counts_ties_as_half():
    returned = np.array([1.0, 0.0, 1.0, 0.0])
    assert auc(returned, np.array([0.9, 0.1, 0.8, 0.2])) == 1.0
    assert auc(returned, np.array([0.5, 0.5, 0.5, 0.5])) == 0.5
    assert auc(returned, np.array([0.9, 0.9, 0.1, 0.0])) == pytest.approx(0.625)


def test_brier_is_the_mean_squared_error():
    assert brier(np.array([1.0, 0.0]), np.array([0.8, 0.4])) == pytest.approx(0.1)
