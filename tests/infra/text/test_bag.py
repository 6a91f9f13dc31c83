"""The bag of words beside the model."""

import math

import numpy as np
import pytest

from ofmemory.infra.text.bag import Bag, pack, terms

RARITY = np.array([1.0, 2.0, 3.0])
WEIGHTS = np.array([[1.0, 0.0], [0.0, -2.0], [0.5, 0.5]])
BAG = Bag(pack(["nice", "day", "nice day"], RARITY, WEIGHTS, np.array([0.1, 0.2])))


def test_terms_are_words_marks_and_pairs() -> None:
    assert terms("Nice day!") == ["nice", "day", "!", "nice day", "day !"]


def test_no_known_word_leaves_the_offsets() -> None:
    assert BAG.logits("bonsoir") == pytest.approx([0.1, 0.2])


def test_one_word_counts_in_full() -> None:
    assert BAG.logits("nice") == pytest.approx([1.1, 0.2])


def test_words_share_a_length_of_one() -> None:
    length = math.sqrt(1.0 + 4.0 + 9.0)
    expected = [0.1 + (1.0 + 3.0 * 0.5) / length, 0.2 + (2.0 * -2.0 + 3.0 * 0.5) / length]
    assert BAG.logits("nice day") == pytest.approx(expected, abs=0.01)  # eight bits a weight


def test_repetition_counts_less_each_time() -> None:
    once, twice = (1.0, 2.0), (1.0 + math.log(2), 2.0)
    assert BAG.logits("day nice")[0] == pytest.approx(0.1 + once[0] / math.hypot(*once), abs=0.01)
    assert BAG.logits("nice nice... day")[0] == pytest.approx(0.1 + twice[0] / math.hypot(*twice), abs=0.01)
