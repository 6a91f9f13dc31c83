"""Targets in words, as the evaluations spell them."""

import pytest

from calibration.evaluation.targets import is_met, margin_of
from calibration.evaluation.values import Metric


@pytest.mark.parametrize(
    ("target", "value", "met", "margin"),
    [
        (">= 0.78", 0.80, True, 0.02),
        (">= 0.78", 0.78, True, 0.0),
        ("≥ 0.775", 0.75, False, -0.025),
        (">= .20", 0.19, False, -0.01),
        ("> 0.5", 0.5, False, 0.0),
        ("< 0.171", 0.171, False, 0.0),
        ("≤ 0.03", 0.02, True, 0.01),
        ("<= 0.155", 0.2, False, -0.045),
        ("within 0.05 of 0", -0.04, True, 0.01),
        ("within 0.05 of 0", 0.06, False, -0.01),
    ],
)
def test_a_target_is_met_or_missed_by_so_much(target, value, met, margin):
    metric = Metric("x", value, value, value, target, 1)
    assert is_met(metric) is met
    assert margin_of(metric) == pytest.approx(margin)


@pytest.mark.parametrize("target", ["", "for comparison"])
def test_without_a_target_there_is_nothing_to_meet(target):
    metric = Metric("x", 1.0, 1.0, 1.0, target, 1)
    assert is_met(metric) is None
    assert margin_of(metric) is None
