"""Confident learning (cleanlab): labels that a model fitted on all the others finds unlikely, as questions for people. Nothing is changed."""

from __future__ import annotations

import numpy as np

#: Of all rows this share is asked about, but a handful at least.
ASKED_SHARE, ASKED_LEAST = 0.01, 5
FOLDS = 5


def doubtful(texts: list[str], labels: list[str], groups: list[int], own: list[bool]) -> list[tuple[int, str]]:
    """(row, type that the others suggest) of the most doubtful rows that are `own` (not base data), the worst first.

    Probabilities come from folds that never hold a row's near-duplicates. Too few rows to cross-validate: no questions.
    """
    from cleanlab.filter import find_label_issues
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline

    counts = {name: labels.count(name) for name in set(labels)}
    # A type that one fold may lack altogether has no probability there.
    chosen = [index for index, name in enumerate(labels) if counts[name] >= 2 * FOLDS]
    names = sorted({labels[index] for index in chosen})
    if len(names) < 2 or len({groups[index] for index in chosen}) < FOLDS:
        return []
    gold = np.array([names.index(labels[index]) for index in chosen])
    words = np.array([texts[index] for index in chosen], dtype=object)
    said = np.full((len(chosen), len(names)), 1e-6)
    for fit, held in GroupKFold(FOLDS).split(words, gold, [groups[index] for index in chosen]):
        model = make_pipeline(
            TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, max_features=40_000),
            LogisticRegression(C=10.0, max_iter=300, class_weight="balanced"),
        )
        model.fit(words[fit], gold[fit])
        said[np.ix_(held, model.classes_)] += model.predict_proba(words[held])
    said /= said.sum(1, keepdims=True)
    issues = find_label_issues(gold, said, return_indices_ranked_by="self_confidence", n_jobs=1)
    found = [(chosen[i], names[int(said[i].argmax())]) for i in issues if own[chosen[i]]]
    return found[: max(ASKED_LEAST, int(ASKED_SHARE * len(texts)))]
