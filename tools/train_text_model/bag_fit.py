"""Fitting the bag of words that stands beside the model."""

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from ofmemory.infra.text.bag import pack, terms
from tools.train_text_model.data import Example, clean

LEAST_DOCUMENTS = 4
STRENGTH = 3.0
SENTIMENT_STRENGTH = 1.5


def fit_bag(examples: Sequence[Example]) -> bytes:
    """Return the packed bag: three sentiments, then 28 emotions, fitted on the examples."""
    vectoriser = TfidfVectorizer(analyzer=terms, min_df=LEAST_DOCUMENTS, sublinear_tf=True)
    features = vectoriser.fit_transform([clean(example.text) for example in examples])
    weight = np.array([example.weight for example in examples])
    clear = [row for row, example in enumerate(examples) if example.sentiment and max(example.sentiment) == 1.0]
    known = np.array([int(np.argmax(examples[row].sentiment or ())) for row in clear])
    sentiment = LogisticRegression(C=SENTIMENT_STRENGTH, max_iter=60).fit(features[clear], known, weight[clear])
    marks = np.array([example.emotions for example in examples]) > 0.5
    emotions = [
        LogisticRegression(C=STRENGTH, class_weight="balanced", solver="liblinear").fit(
            features, marks[:, label], weight
        )
        for label in range(marks.shape[1])
    ]
    weights = np.vstack([sentiment.coef_, *(fitted.coef_ for fitted in emotions)]).T
    offsets = np.concatenate([sentiment.intercept_, *(fitted.intercept_ for fitted in emotions)])
    return pack(list(vectoriser.get_feature_names_out()), vectoriser.idf_, weights, offsets)
