import pytest

from calibration.algorithms.lengths import base_words, length_of, max_characters
from memory.domain import MessageLength


@pytest.mark.parametrize("length", list(MessageLength))
def test_what_a_length_aims_at_is_of_that_length(length):
    assert length_of(base_words(length)) is length


@pytest.mark.parametrize(("words", "length"), [(16.0, "short"), (16.1, "medium"), (23.9, "medium"), (24.0, "long")])
def test_a_fifth_more_or_less_than_medium_is_the_next_length(words, length):
    assert length_of(words) == length


def test_characters_leave_headroom():
    assert [max_characters(words) for words in (10, 16, 20, 24, 35)] == [90, 140, 180, 220, 320]
