"""Examples, augmentation, targets and masks."""

from __future__ import annotations

import dataclasses
import random
import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from trainer.augment import STRENGTHS, augment
from trainer.build import join_tokens
from trainer.clean import clean_text, read_texts
from trainer.dataset import (
    IGNORE,
    collate,
    draw,
    epoch_batches,
    make_item,
    soft_target,
    spread_spans,
    tag_pieces,
    whole_words,
)
from trainer.labels import BIO_INDEX, BIO_LABELS, ENTITIES, THREAT_INDEX, allowed_bio
from trainer.losses import entity_loss, severity_loss, threat_loss
from trainer.recipe import Part, Recipe, load_recipe
from trainer.tiny import tiny_tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return tiny_tokenizer()


def test_soft_targets_share_with_second_readings() -> None:
    target = soft_target("phishing", ["credential_attack", "malware", "phishing"], 0.75, 0.0)
    assert target[THREAT_INDEX["phishing"]] == pytest.approx(0.75)
    assert target[THREAT_INDEX["malware"]] == pytest.approx(0.125)
    assert soft_target("benign", [], 0.75, 0.0)[0] == 1.0
    assert soft_target("benign", ["malware"], 0.75, 0.1).sum() == pytest.approx(1.0)


def test_only_first_pieces_carry_labels(tokenizer: Tokenizer) -> None:
    text = "opened zxqvbn.exe on 203.0.113.7 today"
    start = text.index("203")
    marks = [0] * len(text)
    marks[start : start + 11] = [1] * 11
    encoding = tokenizer.encode(text, add_special_tokens=False)
    targets = tag_pieces(encoding.word_ids, encoding.offsets, marks, ["Indicator"])
    seen: set[int] = set()
    for word, target, (begin, _) in zip(encoding.word_ids, targets, encoding.offsets, strict=True):
        if word in seen:
            assert target == IGNORE
        elif begin < start or begin >= start + 11:
            assert target == BIO_INDEX["O"]
        else:
            assert BIO_LABELS[target] == ("B-Indicator" if begin == start else "I-Indicator")
        seen.add(word)


def test_neighbouring_spans_of_one_label_stay_two(tokenizer: Tokenizer) -> None:
    encoding = tokenizer.encode("alpha beta", add_special_tokens=False)
    marks = [1] * 5 + [0] + [2] * 4
    targets = tag_pieces(encoding.word_ids, encoding.offsets, marks, ["System", "System"])
    assert [BIO_LABELS[t] for t in targets if t != IGNORE] == ["B-System", "B-System"]


@pytest.mark.parametrize("name", sorted(STRENGTHS))
def test_augmentation_keeps_spans_on_their_words(name: str, examples: list[dict]) -> None:
    for seed in range(60):
        text, marks = augment(examples[0], STRENGTHS[name], random.Random(seed))
        assert len(text) == len(marks)
        covered = "".join(c for c, number in zip(text, marks, strict=True) if number)
        assert covered.replace("\n", " ").replace("> ", "") in ("typed the password", "")
        assert augment(examples[0], STRENGTHS[name], random.Random(seed)) == (text, marks)


def test_a_joined_harmless_passage_changes_no_label(examples: list[dict], recipe: Recipe, tokenizer: Tokenizer) -> None:
    benign = [{**examples[1], "threat_type": "benign"}]
    part = dataclasses.replace(recipe.mixture[0], join=1.0, augment="none", max_tokens=128)
    item = make_item(examples[0], part, recipe, tokenizer, random.Random(2), benign)
    plain = make_item(examples[0], dataclasses.replace(part, join=0.0), recipe, tokenizer, random.Random(2), benign)
    assert item is not None and plain is not None and len(item.ids) > len(plain.ids)
    assert item.threat is not None and plain.threat is not None and (item.threat == plain.threat).all()
    assert [tag for tag in item.tags if tag > 0] == [tag for tag in plain.tags if tag > 0]
    # Only the rule between both (`---`) may add known words; the joined passage has none.
    assert sum(tag >= 0 for tag in item.tags) - sum(tag >= 0 for tag in plain.tags) <= 3


def test_other_occurrences_of_a_name_are_marked_too() -> None:
    text = "FS-02 is slow. Rebooted FS-02, not FS-021."
    example = {"source": "sectag", "text": text, "spans": [{"start": 0, "end": 5, "label": "System"}]}
    spans = spread_spans(example)["spans"]
    assert [(s["start"], s["end"]) for s in spans] == [(0, 5), (24, 29)]
    assert spread_spans({**example, "source": "cyner"})["spans"] == example["spans"]


def test_masking_hides_about_its_share(examples: list[dict], recipe: Recipe, tokenizer: Tokenizer) -> None:
    part = dataclasses.replace(recipe.mixture[0], mask=0.2)
    items = [make_item(examples[n % 8], part, recipe, tokenizer, random.Random(n)) for n in range(80)]
    ids = [piece for item in items if item is not None for piece in item.ids]
    assert 0.14 < ids.count(tokenizer.token_to_id("[MASK]")) / len(ids) < 0.25


def test_public_text_is_really_changed(examples: list[dict]) -> None:
    texts = {augment(examples[0], STRENGTHS["public"], random.Random(seed))[0] for seed in range(60)}
    assert len(texts) > 25 and any(text.startswith("> ") for text in texts)


def test_unknown_parts_are_masked(examples: list[dict], recipe: Recipe, tokenizer: Tokenizer) -> None:
    bare = {**examples[8], "threat_type": None, "severity": None}
    item = make_item(bare, recipe.mixture[1], recipe, tokenizer, random.Random(1))
    assert item is not None and item.threat is None and item.severity == IGNORE and set(item.tags) == {IGNORE}
    batch = collate([item])
    logits = torch.randn(1, 13, requires_grad=True)
    threat_loss(logits, batch["threat"], torch.ones(13)).backward()
    assert logits.grad is not None and not logits.grad.any()
    levels = torch.randn(1, 4, requires_grad=True)
    severity_loss(levels, batch["severity"], torch.ones(4), 0.0).backward()
    assert levels.grad is not None and not levels.grad.any()


def test_labels_outside_the_label_space_get_no_gradient() -> None:
    space = ["Malware", "System"]
    logits = torch.randn(2, 5, 19, requires_grad=True)
    tags = torch.full((2, 5), IGNORE)
    tags[0, 1], tags[0, 2], tags[1, 3] = BIO_INDEX["O"], BIO_INDEX["B-Malware"], BIO_INDEX["O"]
    allowed = torch.tensor([allowed_bio(space), allowed_bio(ENTITIES)])
    entity_loss(logits, tags, allowed).backward()
    assert logits.grad is not None and torch.isfinite(logits.grad).all()
    outside = ~torch.tensor(allowed_bio(space))
    assert not logits.grad[0][:, outside].any()
    assert logits.grad[0, 1][~outside].all() and logits.grad[1, 3].all()
    assert not logits.grad[0, 0].any() and not logits.grad[1, 0].any()


def test_severity_loss_knows_the_order() -> None:
    near, far = torch.tensor([[0.0, 0.0, 4.0, 0.0]]), torch.tensor([[4.0, 0.0, 0.0, 0.0]])
    target = torch.tensor([3])
    assert severity_loss(near, target, torch.ones(4), 0.0) < severity_loss(far, target, torch.ones(4), 0.0)


def test_drawing_walks_through_all_before_repeating() -> None:
    pool = [{"id": n} for n in range(10)]
    part = Part(source="x", per_epoch=4, max_tokens=8, augment="none")
    drawn = [item["id"] for epoch in range(5) for item in draw(pool, part, epoch, 3)]
    assert sorted(drawn) == sorted(list(range(10)) * 2) and sorted(drawn[:10]) == list(range(10))


def test_batches_are_bounded_grouped_and_repeatable(examples: list[dict], recipe: Recipe, tokenizer: Tokenizer) -> None:
    batches = epoch_batches(examples, recipe, tokenizer, 0)
    assert sum(len(batch) for batch in batches) == 18
    for batch in batches:
        assert len(batch) <= 4 and (len(batch) == 1 or len(batch) * max(len(i.ids) for i in batch) <= 400)
        assert len({bool(any(t >= 0 for t in item.tags)) for item in batch}) == 1
    again = epoch_batches(examples, recipe, tokenizer, 0)
    assert [[item.ids for item in batch] for batch in batches] == [[item.ids for item in batch] for batch in again]
    other = epoch_batches(examples, recipe, tokenizer, 1)
    assert [[item.ids for item in batch] for batch in batches] != [[item.ids for item in batch] for batch in other]
    assert all(collate(batch)["input_ids"].shape == collate(batch)["tags"].shape for batch in batches)


def test_joined_tokens_keep_their_spans() -> None:
    text, spans = join_tokens(
        ["The", "Agent", "Tesla", "RAT", "x"], ["O", "B-Malware", "I-Malware", "B-Malware", "I-Tool"]
    )
    assert text == "The Agent Tesla RAT x"
    assert [(text[s["start"] : s["end"]], s["label"]) for s in spans] == [
        ("Agent Tesla", "Malware"),
        ("RAT", "Malware"),
        ("x", "Tool"),
    ]


def test_cleaning_sentences_and_hints() -> None:
    assert clean_text("a\r\nb\x07\n\n\n\n\n\nc ") == "a\nb \n\n\nc"
    text = "We saw password spraying. It stopped!\nSecond line without a mark"
    [(sentences, hints)] = list(read_texts([text]))
    pieces = [text[start:end] for start, end in sentences]
    assert pieces == ["We saw password spraying.", "It stopped!", "Second line without a mark"]
    assert hints == ["credential_attack"]


def test_recipes_are_checked(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from trainer.labels import REPO
    from trainer.train_from import DEFAULT_PLAN, load_plan

    assert load_plan(DEFAULT_PLAN).type_rate
    for file in set((REPO / "trainer" / "recipes").glob("*.toml")) - {DEFAULT_PLAN}:
        assert dataclasses.asdict(load_recipe(file))["mixture"]
    bad = tmp_path / "bad.toml"
    bad.write_text((REPO / "trainer" / "recipes" / "public.toml").read_text() + "\nspeed = 3\n")
    with pytest.raises(ValueError, match=r"bad\.toml"):
        load_recipe(bad)


@given(st.text(alphabet="ab_é1 -", max_size=30), st.text(alphabet="ab_é1 -", min_size=1, max_size=3))
def test_whole_words_are_those_of_the_pattern(text: str, name: str) -> None:
    expected = [match.start() for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
    assert list(whole_words(text, name)) == expected
