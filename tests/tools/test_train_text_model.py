"""What of the training needs no torch: the data and our own texts."""

from pathlib import Path

import pytest

from tools.train_text_model import data, written

LABELS = [
    "admiration",
    "amusement",
    "anger",
    "annoyance",
    "approval",
    "caring",
    "confusion",
    "curiosity",
    "desire",
    "disappointment",
    "disapproval",
    "disgust",
    "embarrassment",
    "excitement",
    "fear",
    "gratitude",
    "grief",
    "joy",
    "love",
    "nervousness",
    "optimism",
    "pride",
    "realization",
    "relief",
    "remorse",
    "sadness",
    "surprise",
    "neutral",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, labels, lines in (
        ("original", LABELS, "hi [NAME]\t0,2\ta\nwell\t27\tb\nhm\t7\tc\n"),
        ("group", ["ambiguous", "negative", "neutral", "positive"], "hi [NAME]\t1,3\ta\nwell\t2\tb\nhm\t0\tc\n"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "labels.txt").write_text("\n".join(labels))
        (tmp_path / name / "train.tsv").write_text(lines)
    return tmp_path


def test_examples_have_soft_sentiments_where_people_disagree(folder: Path) -> None:
    both, neutral, ambiguous = data.load(folder, "train")
    assert both.sentiment == (0.5, 0.0, 0.5)
    assert neutral.sentiment == (0.0, 1.0, 0.0)
    assert ambiguous.sentiment is None
    assert [name for name, given in zip(LABELS, both.emotions, strict=True) if given] == ["admiration", "anger"]


def test_other_data_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="not the file"):
        data.verify(folder)


def test_a_tenth_is_held_out_and_always_the_same(folder: Path) -> None:
    examples = data.load(folder, "train") * 100
    train, held_out = data.split(examples)
    assert (len(train), len(held_out)) == (270, 30)
    assert data.split(examples) == (train, held_out)


def test_our_texts_are_always_the_same_and_labelled() -> None:
    texts = written.load(LABELS)
    assert texts == written.load(LABELS)
    assert len(texts) > 500
    assert all(example.text.strip() and sum(example.emotions) for example in texts)


def test_an_unknown_emotion_is_refused() -> None:
    with pytest.raises(ValueError, match="no such emotions"):
        written.load([label for label in LABELS if label != "grief"])
