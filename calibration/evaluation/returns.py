"""How well "returns within 7 days" is foretold: AUC, Brier, reliability, against plain rules.

The first half of the weekly days is learnt from, the second half is foretold. "Recalibrated weekly": before each day
level and steepness are moved to what came of the weeks before it, as the product does each night; the order of the fans
on a day stays. Intervals are 95 % bootstrap over people, not over examples, for those of one person hang together.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from calibration.algorithms.returns import (
    DEFAULT_MODEL,
    FEATURES,
    ReturnExample,
    ReturnModel,
    fit_return_model,
    probability_of_return,
    recalibrated,
    return_examples,
)
from calibration.domain import Event
from calibration.evaluation.values import Metric
from memory.domain import InteractionType, Sender

FILE = "messages-dev.tsv"
WEEK = timedelta(days=7)
LEVEL_WEEKS = 2
RESAMPLES = 200
BINS = 6
TARGETS = {
    "sender": {"AUC": ">= 0.78", "Brier": "< 0.171"},
    "pair": {"AUC": ">= 0.81", "Brier": "< 0.171"},
}
_NAMES = [feature.name for feature in FEATURES]
_SILENCE, _GAP = _NAMES.index("log_silence"), _NAMES.index("log_typical_gap")

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Foretold:
    """What was said and what came, one entry an example of the second half.

    Args:
        person: whose example; what the bootstrap draws.
        chance: foretold recalibrated weekly; ``fixed``: by the fit alone; ``prior``: by what is shipped.
        silence: days since the last sign, log scale.
        ratio: silence over the usual gap, log scale.
    """

    person: Ints
    returned: Floats
    chance: Floats
    fixed: Floats
    prior: Floats
    silence: Floats
    ratio: Floats


def evaluate_returns(folder: Path) -> list[Metric]:
    """Return the figures per sender and per pair.

    Args:
        folder: holds ``messages-dev.tsv``: from, to, Unix seconds.
    """
    sent = _read(folder / FILE)
    metrics = []
    for unit, histories in (("sender", _by_sender(sent)), ("pair", _by_pair(sent))):
        days = _weekly(sent[0][2], sent[-1][2])
        metrics += _metrics(unit, foretell(list(histories), days))
    return metrics


def foretell(histories: Sequence[Sequence[Event]], days: Sequence[datetime]) -> Foretold:
    """Return what a fit on the first half of the days says of the second half."""
    by_day: dict[datetime, list[tuple[int, ReturnExample]]] = defaultdict(list)
    for person, events in enumerate(histories):
        for example in return_examples(events, days):
            by_day[example.at].append((person, example))
    first = days[: len(days) // 2]
    model = fit_return_model([example for day in first for _, example in by_day[day]])
    later = [_foretell_day(by_day, day, model) for day in days[len(first) :]]
    return Foretold(*(np.concatenate(column) for column in zip(*later, strict=True)))


def _foretell_day(
    by_day: Mapping[datetime, Sequence[tuple[int, ReturnExample]]], day: datetime, model: ReturnModel
) -> tuple[Ints | Floats, ...]:
    """Return the columns of ``Foretold`` for one day; what came of a day is known seven days later, not before."""
    known = [day - WEEK * back for back in range(1, LEVEL_WEEKS + 1)]
    level = recalibrated(model, [example for at in known for _, example in by_day.get(at, ())])
    examples = [example for _, example in by_day.get(day, ())]
    silences = np.array([example.features[_SILENCE] for example in examples])
    gaps = np.array([example.features[_GAP] for example in examples])
    return (
        np.array([person for person, _ in by_day.get(day, ())], dtype=np.int64),
        np.array([example.returned for example in examples], dtype=np.float64),
        np.array([probability_of_return(level, example.features) for example in examples]),
        np.array([probability_of_return(model, example.features) for example in examples]),
        np.array([probability_of_return(DEFAULT_MODEL, example.features) for example in examples]),
        silences,
        silences - gaps,
    )


def _metrics(unit: str, foretold: Foretold) -> list[Metric]:
    targets = TARGETS[unit]
    named: list[tuple[str, str, Callable[[Foretold], float]]] = [
        ("AUC", targets["AUC"], lambda f: auc(f.returned, f.fixed)),
        ("AUC, recalibrated weekly", "", lambda f: auc(f.returned, f.chance)),
        ("AUC of the shipped prior, not fitted", "", lambda f: auc(f.returned, f.prior)),
        ("AUC of silence alone", "", lambda f: auc(f.returned, -f.silence)),
        ("AUC of silence / usual gap", "", lambda f: auc(f.returned, -f.ratio)),
        ("Brier", targets["Brier"], lambda f: brier(f.returned, f.fixed)),
        ("Brier, recalibrated weekly", "", lambda f: brier(f.returned, f.chance)),
        ("Brier of the base rate", "", lambda f: brier(f.returned, np.full_like(f.chance, f.returned.mean()))),
        *(
            (f"reliability, recalibrated weekly, sixth {k + 1}", "within 0.05 of 0", _gap_in_bin(k))
            for k in range(BINS)
        ),
    ]
    return [_measured(f"returns per {unit}: {name}", target, figure, foretold) for name, target, figure in named]


def _gap_in_bin(number: int) -> Callable[[Foretold], float]:
    """Return the figure "share that returned minus mean chance", among one sixth by chance."""

    def gap(foretold: Foretold) -> float:
        ranked = np.argsort(foretold.chance, kind="stable")
        chosen = np.array_split(ranked, BINS)[number]
        return float(foretold.returned[chosen].mean() - foretold.chance[chosen].mean())

    return gap


def _measured(name: str, target: str, figure: Callable[[Foretold], float], foretold: Foretold) -> Metric:
    spread = [figure(_resampled(foretold, np.random.default_rng(seed))) for seed in range(RESAMPLES)]
    low, high = np.percentile(spread, [2.5, 97.5])
    return Metric(name, figure(foretold), float(low), float(high), target, len(foretold.returned))


def _resampled(foretold: Foretold, random: np.random.Generator) -> Foretold:
    order = np.argsort(foretold.person, kind="stable")
    people, starts = np.unique(foretold.person[order], return_index=True)
    rows = np.split(order, starts[1:])
    drawn = np.concatenate([rows[index] for index in random.integers(0, len(people), len(people))])
    return Foretold(*(getattr(foretold, column.name)[drawn] for column in fields(Foretold)))


def auc(returned: Floats, score: Floats) -> float:
    """Return the probability that who returned scores higher than who did not; ties count half."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = float(returned.sum())
    negatives = len(returned) - positives
    return float((ranks[returned == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def brier(returned: Floats, chance: Floats) -> float:
    """Return the mean squared difference of what was said and what came."""
    return float(np.mean((chance - returned) ** 2))


def _read(path: Path) -> list[tuple[int, int, datetime]]:
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    messages = [
        (int(row[0]), int(row[1]), datetime.fromtimestamp(int(row[2]), UTC)) for row in rows if row[0].isdigit()
    ]
    return sorted(messages, key=lambda message: message[2])


def _weekly(first: datetime, last: datetime) -> list[datetime]:
    count = int((last - first) / WEEK)
    return [first + WEEK * week for week in range(1, count)]


def _by_sender(sent: Sequence[tuple[int, int, datetime]]) -> Iterable[list[Event]]:
    histories: dict[int, list[Event]] = defaultdict(list)
    for number, (writer, reader, at) in enumerate(sent):
        histories[writer].append(_message(number, at, Sender.FAN))
        if reader != writer:
            histories[reader].append(_message(number, at, Sender.CREATOR))
    return histories.values()


def _by_pair(sent: Sequence[tuple[int, int, datetime]]) -> Iterable[list[Event]]:
    histories: dict[tuple[int, int], list[Event]] = defaultdict(list)
    for number, (writer, reader, at) in enumerate(sent):
        histories[writer, reader].append(_message(number, at, Sender.FAN))
        if reader != writer:
            histories[reader, writer].append(_message(number, at, Sender.CREATOR))
    return histories.values()


def _message(number: int, at: datetime, sender: Sender) -> Event:
    return Event(UUID(int=number), at, InteractionType.MESSAGE, sender)
