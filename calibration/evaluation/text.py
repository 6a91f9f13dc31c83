"""How well messages are read: five figures on GoEmotions (dev) and TweetEval (val), with their spread.

The texts go through the same reader as a fan's messages (language, model, thresholds), so that what the language
detector or the abstention costs is in the figures. Nothing is fitted here.

Source: Demszky et al., "GoEmotions" (ACL 2020); Barbieri et al., "TweetEval" (Findings of EMNLP 2020); expected
calibration error after Guo et al., "On Calibration of Modern Neural Networks" (ICML 2017), 15 bins of equal width.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.domain import MessageReading
from calibration.evaluation.values import Metric
from calibration.services.reading import read_messages
from memory.domain import Sentiment

RESAMPLES = 1000
SEED = 7
BINS = 15
ANSWER_PRECISION = 0.85
Reader = Callable[[Sequence[str]], list[MessageReading]]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Read:
    """Texts with a known sentiment, read.

    Args:
        right: whether the likeliest sentiment was the known one.
        confidence: its probability.
        answered: whether the reader did not abstain.
    """

    right: Flags
    confidence: Floats
    answered: Flags


def evaluate_text(folder: Path, read: Reader = read_messages) -> list[Metric]:
    """Return the figures of a reader on a folder with ``goemotions/`` and ``tweeteval/``."""
    texts, emotions, groups = _go_emotions(folder / "goemotions")
    readings = read(texts)
    clear = [row for row, group in enumerate(groups) if group in {(name,) for name in Sentiment}]
    comments = _read([readings[row] for row in clear], [Sentiment(groups[row][0]) for row in clear])
    tweets = _tweets(folder / "tweeteval", read)
    found, known = _marks(readings, emotions)
    return [
        *of_sentiment(comments),
        _metric("emotions, 28 labels, macro-F1", lambda rows: macro_f1(found[rows], known[rows]), len(found), "≥ 0.55"),
        _metric(
            "sentiment of tweets, accuracy", lambda rows: float(tweets.right[rows].mean()), len(tweets.right), "≥ 0.60"
        ),
    ]


def of_sentiment(read: Read) -> list[Metric]:
    """Return accuracy, share answered, precision of the answers, and calibration error."""
    n = len(read.right)
    return [
        _metric("sentiment, accuracy", lambda rows: float(read.right[rows].mean()), n, "≥ 0.775"),
        _metric("sentiment, share answered", lambda rows: float(read.answered[rows].mean()), n, "≥ 0.76"),
        _metric("sentiment, precision of the answers", lambda rows: precision(read, rows), n, "≥ 0.85"),
        _metric(
            "sentiment, answered at 85 % precision (threshold of this data)",
            lambda rows: coverage_at(read, rows, ANSWER_PRECISION),
            n,
            "for comparison",
        ),
        _metric("sentiment, calibration error", lambda rows: calibration_error(read, rows), n, "≤ 0.03"),
    ]


def precision(read: Read, rows: Rows) -> float:
    """Return the share of right answers among the answers; 0 where there is none."""
    answers = read.right[rows][read.answered[rows]]
    return float(answers.mean()) if len(answers) else 0.0


def coverage_at(read: Read, rows: Rows, wanted: float) -> float:
    """Return the largest share that could be answered at a precision, had the threshold been chosen on these rows."""
    order = np.argsort(-read.confidence[rows], kind="stable")
    right = np.cumsum(read.right[rows][order])
    counts = np.arange(1, len(order) + 1)
    enough = np.flatnonzero(right / counts >= wanted)
    return float((enough[-1] + 1) / len(order)) if len(enough) else 0.0


def calibration_error(read: Read, rows: Rows) -> float:
    """Return the mean distance between confidence and accuracy over bins of confidence, weighted by their size."""
    confidence, right = read.confidence[rows], read.right[rows]
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    sizes = np.bincount(bins, minlength=BINS)
    gaps = np.bincount(bins, weights=confidence, minlength=BINS) - np.bincount(bins, weights=right, minlength=BINS)
    return float(np.abs(gaps).sum() / max(1, sizes.sum()))


def macro_f1(found: Flags, known: Flags) -> float:
    """Return the mean over labels of F1 = 2 TP / (2 TP + FP + FN); a label nobody has or finds counts 0."""
    true_positives = (found & known).sum(axis=0)
    marks = found.sum(axis=0) + known.sum(axis=0)
    return float(np.mean(2 * true_positives / np.maximum(marks, 1)))


def _metric(name: str, figure: Callable[[Rows], float], n: int, target: str) -> Metric:
    dice = np.random.default_rng(SEED)
    resampled = [figure(dice.integers(0, n, n)) for _ in range(RESAMPLES)]
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Metric(name, figure(np.arange(n)), float(low), float(high), target, n)


def _read(readings: Sequence[MessageReading], known: Sequence[Sentiment]) -> Read:
    likeliest = [max(reading.probabilities, key=reading.probabilities.__getitem__) for reading in readings]
    return Read(
        np.array([guess is sentiment for guess, sentiment in zip(likeliest, known, strict=True)]),
        np.array([reading.confidence for reading in readings]),
        np.array([reading.sentiment is not None for reading in readings]),
    )


def _tweets(folder: Path, read: Reader) -> Read:
    texts = (folder / "val_text.txt").read_text(encoding="utf-8").split("\n")
    labels = (folder / "val_labels.txt").read_text(encoding="utf-8").split()
    order = (Sentiment.NEGATIVE, Sentiment.NEUTRAL, Sentiment.POSITIVE)
    return _read(read(texts[: len(labels)]), [order[int(label)] for label in labels])


def _marks(readings: Sequence[MessageReading], known: Sequence[frozenset[str]]) -> tuple[Flags, Flags]:
    """Return (found, known), a row a text and a column a label."""
    found = [{emotion.name for emotion in reading.emotions} for reading in readings]
    names = sorted(frozenset[str]().union(*known))
    return _table(found, names), _table(known, names)


def _table(marks: Iterable[Iterable[str]], names: Sequence[str]) -> Flags:
    return np.array([[name in row for name in names] for row in map(set, marks)], dtype=np.bool_)


def _go_emotions(folder: Path) -> tuple[list[str], list[frozenset[str]], list[tuple[str, ...]]]:
    rows, groups = _labelled(folder / "original"), _labelled(folder / "group")
    return [text for text, _ in rows], [frozenset(labels) for _, labels in rows], [labels for _, labels in groups]


def _labelled(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    names = (folder / "labels.txt").read_text(encoding="utf-8").split()
    with (folder / "dev.tsv").open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row[0], tuple(names[int(label)] for label in row[1].split(","))) for row in rows]
