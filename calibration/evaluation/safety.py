"""How many of the sentences that should call a human do, kind by kind, and how many others do."""

import math
from collections.abc import Sequence
from pathlib import Path

from calibration.algorithms.safety import find_cues
from calibration.domain import CueKind
from calibration.evaluation.values import Metric

TARGETS = {CueKind.SELF_HARM: ">= 0.95", CueKind.UNDER_AGE: ">= 0.95"}
PRECISION_TARGET = ">= 0.90"
Z = 1.96


def evaluate_safety(folder: Path) -> list[Metric]:
    """Return recall and precision of each kind.

    Args:
        folder: holds ``<kind>.tsv``: a sentence, a tab, 1 where the kind should be found and 0 where not. Kinds without
            a file are left out.
    """
    return [
        metric for kind in CueKind if (path := folder / f"{kind}.tsv").exists() for metric in _of_kind(kind, read(path))
    ]


def read(path: Path) -> list[tuple[str, bool]]:
    """Return the sentences of a file with whether the kind should be found."""
    rows = (line.rsplit("\t", 1) for line in path.read_text(encoding="utf-8").splitlines())
    return [(text, label == "1") for text, label in rows]


def is_found(kind: CueKind, text: str) -> bool:
    """Return whether the kind is among the cues of a text."""
    return any(cue.kind is kind for cue in find_cues(text))


def _of_kind(kind: CueKind, rows: Sequence[tuple[str, bool]]) -> tuple[Metric, Metric]:
    wanted = [is_found(kind, text) for text, is_wanted in rows if is_wanted]
    unwanted = [is_found(kind, text) for text, is_wanted in rows if not is_wanted]
    found = [True] * sum(wanted) + [False] * sum(unwanted)
    return (
        _share(f"safety {kind}: recall", wanted, TARGETS.get(kind, "")),
        _share(f"safety {kind}: precision", found, PRECISION_TARGET),
    )


def _share(name: str, hits: Sequence[bool], target: str) -> Metric:
    """Return a share with Wilson's interval (1927); of nothing it is 0, anywhere in 0-1."""
    n = len(hits)
    if n == 0:
        return Metric(name, 0.0, 0.0, 1.0, target, 0)
    share = sum(hits) / n
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return Metric(name, share, max(0.0, centre - half), min(1.0, centre + half), target, n)
