"""GoEmotions as examples: checked, cleaned, split apart from its own dev part."""

import csv
import hashlib
import random
import re
from dataclasses import dataclass
from pathlib import Path

from ofmemory.infra.text import emoji

CHECKSUMS = {
    "original/train.tsv": "1c254a142be5c00e80d819b9ae1bbd36d94b2eeb8f4b1271846508d57e57d9c5",
    "group/train.tsv": "f6e6059e336d17ae31496857cd5883a41934df50261ef74bc3eedc2ef9f701c8",
}
SENTIMENTS = ("negative", "neutral", "positive")
HELD_OUT_SHARE = 0.1
HELD_OUT_SEED = 20
_PLACEHOLDER = re.compile(r"\[(NAME|RELIGION)\]")
_NAMES = ("Alex", "Sam", "Maria", "John", "Emma", "Chris", "Lena", "Tom", "Kate", "Leo", "Anna", "Mike", "Sofia", "Ben")


@dataclass(frozen=True, slots=True)
class Example:
    """One text and what people said of it.

    Args:
        emotions: probability of each of the 28 labels, 0-1.
        sentiment: probabilities of negative, neutral, positive; None where the labels say none of them.
        weight: how much the example counts in the loss.
    """

    text: str
    emotions: tuple[float, ...]
    sentiment: tuple[float, float, float] | None
    weight: float = 1.0


def verify(folder: Path) -> None:
    """Raise ValueError where a file is not the one the figures were measured on."""
    for name, expected in CHECKSUMS.items():
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            raise ValueError(f"{name} is not the file this was trained on")


def load_labels(folder: Path) -> list[str]:
    """Return the names of the labels in the order of their ids."""
    return (folder / "labels.txt").read_text(encoding="utf-8").split()


def load(folder: Path, part: str) -> list[Example]:
    """Return the examples of one part ("train" or "dev") of GoEmotions in its original order."""
    names = load_labels(folder / "original")
    groups = load_labels(folder / "group")
    rows = zip(_rows(folder / "original" / f"{part}.tsv"), _rows(folder / "group" / f"{part}.tsv"), strict=True)
    return [_example(text, labels, group, names, groups) for (text, labels), (_, group) in rows]


def split(examples: list[Example]) -> tuple[list[Example], list[Example]]:
    """Return (to train on, held out for stopping, calibration and thresholds); always the same."""
    order = list(range(len(examples)))
    random.Random(HELD_OUT_SEED).shuffle(order)  # noqa: S311  a split, not a secret
    cut = round(len(order) * HELD_OUT_SHARE)
    return [examples[i] for i in order[cut:]], [examples[i] for i in order[:cut]]


def clean(text: str) -> str:
    """Return the text as the model gets it, in training and in the product alike."""
    return emoji.spell_out(text.replace("\x00", " ")).strip()


def with_names(text: str, dice: random.Random) -> str:
    """Return the text with GoEmotions' placeholders replaced by first names, which chats are full of."""
    return _PLACEHOLDER.sub(lambda _match: dice.choice(_NAMES), text)


def _rows(path: Path) -> list[tuple[str, list[int]]]:
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row[0], [int(label) for label in row[1].split(",")]) for row in reader]


def _example(text: str, labels: list[int], group: list[int], names: list[str], groups: list[str]) -> Example:
    emotions = tuple(float(index in labels) for index in range(len(names)))
    said = [float(groups.index(name) in group) for name in SENTIMENTS]
    total = sum(said)
    sentiment = (said[0] / total, said[1] / total, said[2] / total) if total else None
    return Example(text, emotions, sentiment)
