from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.algorithms.sketch import BINS, GROWTH, Sketch, add, quantile, total
from tests.calibration.algorithms.chats import START


def _sketch(durations):
    sketch = Sketch()
    for seconds in durations:
        sketch = add(sketch, seconds, START, 90.0)
    return sketch


@given(st.lists(st.floats(1.0, 21_600.0), min_size=1, max_size=60), st.sampled_from([0.25, 0.5, 0.75, 1.0]))
def test_a_quantile_is_within_a_bin_of_the_true_one(durations, share):
    ordered = sorted(durations)
    rank = share * len(ordered)
    true = ordered[min(max(int(-(-rank // 1)) - 1, 0), len(ordered) - 1)]
    found = quantile(_sketch(durations), share)
    assert true / (GROWTH * 1.000001) <= found <= true * GROWTH * 1.000001


def test_an_empty_sketch_has_a_quantile_that_divides():
    assert quantile(Sketch(), 0.5) == 1.0


def test_it_is_bounded():
    sketch = _sketch([0.0, 1e12])
    assert len(sketch.bins) == BINS
    assert sketch.bins[0] == 1.0
    assert sketch.bins[-1] == 1.0


def test_old_durations_fade():
    sketch = add(_sketch([60.0, 60.0]), 600.0, START + timedelta(days=90), 90.0)
    assert total(sketch) == pytest.approx(2.0)
