"""Whether a measured figure reaches what was asked for, as its target says in words: ">= 0.78", "within 0.05 of 0"."""

import operator
import re
from collections.abc import Callable

from calibration.evaluation.values import Metric

_COMPARISON = re.compile(r"(>=|<=|≥|≤|>|<)\s*([0-9]*\.?[0-9]+)")
_DISTANCE = re.compile(r"within ([0-9]*\.?[0-9]+) of ([0-9]*\.?[0-9]+)")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "≥": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "≤": operator.le,
    "<": operator.lt,
}


def is_met(metric: Metric) -> bool | None:
    """Return whether the target is reached; None where there is none that can be."""
    if found := _COMPARISON.fullmatch(metric.target):
        return _COMPARE[found[1]](metric.value, float(found[2]))
    margin = margin_of(metric)
    return None if margin is None else margin >= 0.0


def margin_of(metric: Metric) -> float | None:
    """Return by how much the target is reached, negative where it is missed; None where there is none."""
    if found := _COMPARISON.fullmatch(metric.target):
        ahead = metric.value - float(found[2])
        return ahead if found[1] in (">=", "≥", ">") else -ahead
    if found := _DISTANCE.fullmatch(metric.target):
        return float(found[1]) - abs(metric.value - float(found[2]))
    return None
