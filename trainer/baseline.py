"""The linear baseline beside every figure: TF-IDF + logistic regression, fitted on the same training split."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from trainer.labels import SEVERITIES, THREAT_TYPES
from trainer.records import read_jsonl
from trainer.runs import MANIFEST, file_digest, make_run

_WORD = re.compile(r"\w+|[^\w\s]")
FILE = "baseline.joblib"
#: Training sources with entity labels; each gets a tagger of its own, which is the most favourable for a linear model.
TAGGED = ["cyner", "annoctr", "sectag"]
FORMAT = 1


def _shape(word: str) -> str:
    text = re.sub(r"[A-Z]", "X", re.sub(r"[a-z]", "x", re.sub(r"\d", "0", word)))
    return re.sub(r"(.)\1{2,}", r"\1\1", text)[:8]


def token_features(words: list[str], index: int) -> list[str]:
    """Word, shape, affixes, and the same of the neighbours."""
    word = words[index]
    features = ["bias", f"w={word.lower()}", f"s={_shape(word)}", f"n={min(len(word), 12)}"]
    features += [f"p{n}={word[:n].lower()}" for n in (2, 3, 4)] + [f"e{n}={word[-n:].lower()}" for n in (2, 3, 4)]
    for step in (-2, -1, 1, 2):
        place = index + step
        other = words[place] if 0 <= place < len(words) else "<edge>"
        features += [f"{step}w={other.lower()}", f"{step}s={_shape(other)}"]
    return features


def split_words(text: str) -> list[tuple[int, int]]:
    """[start, end) code points of each word or mark."""
    return [match.span() for match in _WORD.finditer(text)]


def word_tags(words: list[tuple[int, int]], spans: list[dict]) -> list[str]:
    """BIO tag of each word by the span that covers its start."""
    tags, previous = [], None
    for start, _ in words:
        span = next((s for s in spans if s["start"] <= start < s["end"]), None)
        tags.append("O" if span is None else f"{'I' if span is previous else 'B'}-{span['label']}")
        previous = span
    return tags


def tags_to_spans(words: list[tuple[int, int]], tags: list[str]) -> list[dict]:
    """Spans of BIO tags; `I-X` without an open X starts one."""
    spans: list[dict] = []
    opened = ""
    for (start, end), tag in zip(words, tags, strict=True):
        if tag != "O" and tag[0] == "I" and opened == tag[2:]:
            spans[-1]["end"] = end
        elif tag != "O":
            spans.append({"start": start, "end": end, "label": tag[2:]})
        opened = tag[2:] if tag != "O" else ""
    return spans


def _text_classifier() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union

    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, max_features=120_000)
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True, max_features=150_000
    )
    return make_pipeline(
        make_union(words, characters), LogisticRegression(C=4.0, class_weight="balanced", max_iter=150)
    )


def _tagger() -> Any:
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline

    learner = SGDClassifier(loss="log_loss", alpha=2e-6, max_iter=15, random_state=0, tol=None, average=True)
    return make_pipeline(FeatureHasher(n_features=2**18, input_type="string"), learner)


class Baseline:
    """Fitted linear models. `threat` and `severity` are text classifiers, `taggers` maps a source to its tagger."""

    def __init__(self, threat: Any, severity: Any, taggers: dict[str, Any], examples: int) -> None:
        self.threat, self.severity, self.taggers, self.examples = threat, severity, taggers, examples

    def threat_probabilities(self, texts: list[str]) -> np.ndarray:
        """[n, 13]; classes that training lacked have probability 0."""
        return self._probabilities(self.threat, texts, THREAT_TYPES)

    def severity_probabilities(self, texts: list[str]) -> np.ndarray:
        """[n, 4]."""
        return self._probabilities(self.severity, texts, SEVERITIES)

    @staticmethod
    def _probabilities(classifier: Any, texts: list[str], names: list[str]) -> np.ndarray:
        table = np.zeros((len(texts), len(names)))
        table[:, [names.index(name) for name in classifier.classes_]] = classifier.predict_proba(texts)
        return table

    def tags(self, source: str, words: list[str]) -> list[str]:
        """BIO tags of one text's words, by the tagger of its source (ours for an unknown source)."""
        tagger = self.taggers.get(source) or self.taggers.get("sectag")
        if tagger is None or not words:
            return ["O"] * len(words)
        return [str(tag) for tag in tagger.predict([token_features(words, i) for i in range(len(words))])]


def fit(examples: list[dict]) -> Baseline:
    """Fits all linear models on the training split of a build."""
    train = [example for example in examples if example["split"] == "train"]
    typed = [e for e in train if e["threat_type"] is not None]
    rated = [e for e in train if e["severity"] is not None]
    threat = _text_classifier().fit([e["text"] for e in typed], [e["threat_type"] for e in typed])
    severity = _text_classifier().fit([e["text"] for e in rated], [e["severity"] for e in rated])
    taggers = {}
    for source in TAGGED:
        features: list[list[str]] = []
        targets: list[str] = []
        for example in (e for e in train if e["source"] == source):
            spots = split_words(example["text"]) if source == "sectag" else _single_spaces(example["text"])
            words = [example["text"][start:end] for start, end in spots]
            features += [token_features(words, index) for index in range(len(words))]
            targets += word_tags(spots, example["spans"])
        if features:
            taggers[source] = _tagger().fit(features, targets)
    return Baseline(threat, severity, taggers, len(train))


def _single_spaces(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"[^ ]+", text)]


def load_or_fit(root: Path, build: Path) -> Baseline:
    """The baseline of a build, fitted on first use and kept in a run folder."""
    import joblib

    def write(folder: Path) -> dict:
        print("evaluate: fitting the linear baseline once (a few minutes)")
        fitted = fit(read_jsonl(build / "examples.jsonl"))
        joblib.dump(fitted, folder / FILE, compress=3)
        return {"examples": fitted.examples}

    folder = make_run(root, "baseline", {"build": file_digest(build / MANIFEST), "format": FORMAT}, write)
    fitted: Baseline = joblib.load(folder / FILE)
    return fitted
