"""A linear reader beside the model: single words and pairs of them, which tell rare emotions better than any context.

Source: TF-IDF as in Manning, Raghavan and Schütze, "Introduction to Information Retrieval" (2008), section 6.2, with
sublinear term frequencies; the weights are those of logistic regressions.
"""

import io
import math
import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_TOKEN = re.compile(r"\w+|[^\w\s]")
Array = NDArray[np.float32]


class Bag:
    """Weights of words and pairs of words, eight bits each."""

    def __init__(self, content: bytes) -> None:
        """Read what `pack` wrote."""
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            terms = arrays["terms"].tobytes().decode().split("\n")
            self._rows: Mapping[str, int] = {term: row for row, term in enumerate(terms)}
            self._rarity: Array = arrays["rarity"].astype(np.float32)
            self._weights: NDArray[np.int8] = arrays["weights"]
            self._scales: Array = arrays["scales"]
            self._offsets: Array = arrays["offsets"]

    def logits(self, text: str) -> Array:
        """Return one number a label: offsets + weights · (TF-IDF of length 1)."""
        counts = Counter(row for term in terms(text) if (row := self._rows.get(term)) is not None)
        if not counts:
            return self._offsets
        rows = np.fromiter(counts, np.int64, len(counts))
        often = np.array([1.0 + math.log(count) for count in counts.values()], np.float32)
        values = often * self._rarity[rows]
        values /= np.float32(np.linalg.norm(values))
        found: Array = (self._offsets + (values @ self._weights[rows]) * self._scales).astype(np.float32)
        return found


def terms(text: str) -> list[str]:
    """Return the lower-cased words and marks of a text, and each two in a row."""
    tokens: list[str] = _TOKEN.findall(text.lower())
    return tokens + [f"{first} {second}" for first, second in pairwise(tokens)]


def pack(vocabulary: list[str], rarity: Array, weights: Array, offsets: Array) -> bytes:
    """Return the file of a bag.

    Args:
        vocabulary: the terms, in the order of their rows.
        rarity: (terms,), inverse document frequencies.
        weights: (terms, labels); kept to 1/127 of the largest of its label.
        offsets: (labels,).
    """
    scales = np.abs(weights).max(axis=0) / 127.0
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        terms=np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
        rarity=rarity.astype(np.float16),
        weights=np.round(weights / scales).astype(np.int8),
        scales=scales.astype(np.float32),
        offsets=offsets.astype(np.float32),
    )
    return stream.getvalue()
