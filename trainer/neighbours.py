"""Texts of the base data that lie next to what is taught: a training that gets them wrong pulls them along with it first."""

from __future__ import annotations

from trainer.records import Record

#: Of each text: a template's words stand at its beginning, and a log of a megabyte says nothing more of its kind.
_UNITS = 2000
#: So many of its nearest texts does each taught text name.
_NAMED = 30


def neighbours(pool: list[Record], taught: list[Record], most: int) -> list[Record]:
    """The texts of the pool that share most words with taught ones (cosine of TF-IDF of words and word pairs).

    Each taught text names its nearest one, then each its second nearest, and so on until there are `most`.
    """
    if most == 0 or not pool or not taught:
        return []
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), max_features=200_000)
    index = words.fit_transform(record["text"][:_UNITS] for record in pool)
    alike = (words.transform(record["text"][:_UNITS] for record in taught) @ index.T).toarray()
    ranked = (-alike).argsort(axis=1, kind="stable")[:, :_NAMED]
    # In the order of their naming, each once.
    named = dict.fromkeys(int(number) for column in ranked.T for number in column)
    return [pool[number] for number in list(named)[:most]]
