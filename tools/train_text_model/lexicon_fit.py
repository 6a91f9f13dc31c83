"""How sure the English word list may be: `CALIBRATION` of calibration/algorithms/lexicon.py, fitted on GoEmotions."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from calibration.algorithms.lexicon import tally
from ofmemory.infra.text.language import ENGLISH
from tools.train_text_model.data import SENTIMENTS, Example


def fit_lexicon(examples: list[Example]) -> dict[str, tuple[float, float, float]]:
    """Return (bias, weight of praise, weight of blame) of each sentiment, fitted on examples with just one."""
    clear = [example for example in examples if example.sentiment and max(example.sentiment) == 1.0]
    features = np.array([_features(example.text) for example in clear])
    known = np.array([int(np.argmax(example.sentiment or ())) for example in clear])
    fitted = LogisticRegression(C=1.0, max_iter=500).fit(features, known)
    rows = zip(SENTIMENTS, fitted.intercept_, fitted.coef_, strict=True)
    return {name: (float(bias), float(weights[0]), float(weights[1])) for name, bias, weights in rows}


def _features(text: str) -> tuple[float, float]:
    found = tally(text, ENGLISH)
    return float(np.log1p(found.positive)), float(np.log1p(found.negative))
