"""The figures of the text reader, on texts whose readings are known."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from calibration.domain import Emotion, MessageReading
from calibration.evaluation.text import Read, calibration_error, coverage_at, evaluate_text, macro_f1, precision
from memory.domain import Sentiment

EMOTIONS = ("joy", "anger", "neutral")
GROUPS = ("ambiguous", "negative", "neutral", "positive")
# text, emotions, groups
COMMENTS = (
    ("yay", "0", "3"),
    ("grr", "1", "1"),
    ("table", "2", "2"),
    ("yay and grr", "0,1", "1,3"),
)


def read(texts: Sequence[str]) -> list[MessageReading]:
    """Read "yay" as joy, "grr" as anger, and abstain from the rest, which it takes for neutral."""
    return [_reading(text) for text in texts]


def _reading(text: str) -> MessageReading:
    found = {"yay": Sentiment.POSITIVE, "grr": Sentiment.NEGATIVE}.get(text)
    likeliest = found or Sentiment.NEUTRAL
    probabilities = {sentiment: 0.8 if sentiment is likeliest else 0.1 for sentiment in Sentiment}
    emotions = tuple(Emotion(name, 0.9) for name, word in (("joy", "yay"), ("anger", "grr")) if word in text)
    return MessageReading(found, 0.8, probabilities, emotions)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, labels, column in (("original", EMOTIONS, 1), ("group", GROUPS, 2)):
        part = tmp_path / "goemotions" / name
        part.mkdir(parents=True)
        (part / "labels.txt").write_text("\n".join(labels))
        (part / "dev.tsv").write_text("".join(f"{row[0]}\t{row[column]}\tx\n" for row in COMMENTS))
    (tmp_path / "tweeteval").mkdir()
    (tmp_path / "tweeteval" / "val_text.txt").write_text("yay\ngrr\n")
    (tmp_path / "tweeteval" / "val_labels.txt").write_text("2\n1\n")
    return tmp_path


def test_the_figures_of_a_folder(folder: Path) -> None:
    figures = {metric.name: metric for metric in evaluate_text(folder, read)}
    assert figures["sentiment, accuracy"].value == 1.0
    assert figures["sentiment, accuracy"].n == 3  # the text with two groups says nothing clear
    assert figures["sentiment, share answered"].value == pytest.approx(2 / 3)
    assert figures["sentiment, precision of the answers"].value == 1.0
    assert figures["sentiment, calibration error"].value == pytest.approx(0.2)
    assert figures["emotions, 28 labels, macro-F1"].value == pytest.approx(2 / 3)  # neutral is never found
    assert figures["sentiment of tweets, accuracy"].value == 0.5
    assert all(metric.low <= metric.value <= metric.high for metric in figures.values())


def test_precision_is_that_of_the_answers() -> None:
    known = Read(np.array([True, False, False]), np.array([0.9, 0.8, 0.5]), np.array([True, True, False]))
    assert precision(known, np.arange(3)) == 0.5
    assert precision(known, np.array([2])) == 0.0


def test_coverage_is_the_largest_share_at_the_precision() -> None:
    known = Read(np.array([True, True, False, True]), np.array([0.9, 0.8, 0.7, 0.6]), np.ones(4, dtype=np.bool_))
    assert coverage_at(known, np.arange(4), 1.0) == 0.5
    assert coverage_at(known, np.arange(4), 0.75) == 1.0
    assert coverage_at(known, np.array([2]), 0.75) == 0.0


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    known = Read(np.array([True, False]), np.array([1.0, 1.0]), np.ones(2, dtype=np.bool_))
    assert calibration_error(known, np.arange(2)) == pytest.approx(0.5)


def test_a_label_that_nobody_has_counts_nothing() -> None:
    found = np.array([[True, False], [False, False]])
    assert macro_f1(found, found) == 0.5
