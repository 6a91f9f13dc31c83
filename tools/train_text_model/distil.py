"""Targets with an opinion: what people said, mixed with what earlier runs and a bag of words make of the text.

Source: Furlanello et al., "Born-Again Neural Networks" (ICML 2018); labels of GoEmotions are noisy, as
raters often disagree, which softer targets take into account.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import FeatureUnion, make_union

from ofmemory.infra.text.bag import terms
from tools.train_text_model.data import Example, clean
from tools.train_text_model.training import Recipe

Floats = NDArray[np.floating]
BAG_SHARE = 0.2
FOLDS = 4
FEATURES = 2**16


@dataclass(frozen=True, slots=True)
class Opinion:
    """Probabilities, a row an example."""

    emotions: Floats
    sentiment: Floats


def opinion(logits: Sequence[tuple[Floats, Floats]], bag: Floats) -> Opinion:
    """Return the mean opinion of several runs (in logits) with a share of the bag of words in the sentiment."""
    emotions = np.mean([of_emotions for of_emotions, _ in logits], axis=0)
    sentiment = np.mean([_log_softmax(of_sentiment) for _, of_sentiment in logits], axis=0)
    joined = (1 - BAG_SHARE) * sentiment + BAG_SHARE * np.log(bag + 1e-6)
    return Opinion(1.0 / (1.0 + np.exp(-emotions)), np.exp(_log_softmax(joined)))


def taught(examples: Sequence[Example], said: Opinion, recipe: Recipe) -> list[Example]:
    """Return the examples with the opinion mixed into their targets; a sentiment nobody gave stays none."""
    return [
        replace(
            example,
            emotions=_mixed(example.emotions, emotions, recipe.emotions_share),
            sentiment=_three(_mixed(example.sentiment, sentiment, recipe.sentiment_share))
            if example.sentiment
            else None,
        )
        for example, emotions, sentiment in zip(examples, said.emotions, said.sentiment, strict=True)
    ]


def bag_of_words(examples: Sequence[Example]) -> Floats:
    """Return the sentiments a logistic regression on words and letters gives texts it was not trained on."""
    features = TfidfTransformer(sublinear_tf=True).fit_transform(
        _vectoriser().transform([clean(example.text) for example in examples])
    )
    known = np.array([_only(example) for example in examples])
    said = np.zeros((len(examples), 3))
    for train, test in KFold(FOLDS, shuffle=True, random_state=0).split(known):
        clear = train[known[train] >= 0]
        said[test] = (
            LogisticRegression(C=1.5, max_iter=30).fit(features[clear], known[clear]).predict_proba(features[test])
        )
    return said


def _vectoriser() -> FeatureUnion:
    shared = {"n_features": FEATURES, "alternate_sign": False, "norm": None, "binary": True}
    return make_union(
        HashingVectorizer(analyzer=terms, **shared),
        HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), **shared),
    )


def _only(example: Example) -> int:
    clear = example.sentiment is not None and max(example.sentiment) == 1.0
    return int(np.argmax(example.sentiment or ())) if clear else -1


def _mixed(said: Sequence[float], thought: Floats, share: float) -> tuple[float, ...]:
    return tuple(float((1 - share) * a + share * b) for a, b in zip(said, thought, strict=True))


def _three(shares: tuple[float, ...]) -> tuple[float, float, float]:
    negative, neutral, positive = shares
    return negative, neutral, positive


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
