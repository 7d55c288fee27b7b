"""Breaks the link between a source's style and its class: crops, lost punctuation, greetings, quoting, line noise.

A text travels with `marks`, one number per code point (0, or 1 + the index of the span that covers it), so that every edit
keeps the spans in place.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable

Marked = tuple[str, list[int]]
#: Mark of text whose spans are not known here: it gets no entity target.
UNKNOWN = -1

GREETINGS = [
    "Hi team,", "Hello,", "hi all", "Dear helpdesk,", "Good morning,", "hey,", "Hi,", "Team,", "Hello IT", "Please see below.", "FYI",
    "Hallo zusammen,", "Good afternoon colleagues,", "fyi, can someone look?", "Hi, not sure where to send this.", "see below pls",
    "Hello service desk,", "Ticket opened on behalf of the user.", "Forwarding as discussed.", "Update from site:", "Bonjour,",
    "quick one:", "From the mailbox:", "Note to queue:", "Morning all", "Raised by phone.", "Good evening,", "hi guys", "[EXTERNAL]",
]  # fmt: skip
SIGNATURES = [
    "Thanks", "Kind regards,\nM. Okafor", "thx", "Best,\nDana", "Regards\nFront Office", "Sent from my phone", "Mit freundlichen Gruessen",
    "Many thanks and have a nice day", "BR", "-- \nService Desk | ext. 555-0117", "Please advise.", "cheers", "Thank you in advance.",
    "This message is confidential. If you are not the intended recipient, please delete it.", "Cdlt,", "Ticket created automatically.",
    "Priority: normal", "Status: open", "Assigned to: queue L1", "-- end of message --", "Greetings from the second floor", "ty!",
]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Strength:
    """Probabilities of the edits."""

    crop: float
    drop_first_line: float
    lower: float
    punctuation: float
    greeting: float
    signature: float
    quote: float
    line_breaks: float


STRENGTHS = {
    "none": Strength(0, 0, 0, 0, 0, 0, 0, 0),
    "entity": Strength(0, 0, 0.1, 0, 0, 0, 0, 0),
    "ticket": Strength(0, 0.1, 0.1, 0.08, 0.06, 0.06, 0.04, 0.08),
    "public": Strength(0.45, 0.15, 0.2, 0.15, 0.15, 0.15, 0.06, 0.12),
}


def mark(text: str, spans: list[dict]) -> Marked:
    """A text with its spans (code points) as marks; where spans overlap the first stays."""
    marks = [0] * len(text)
    for index, span in enumerate(spans):
        for position in range(span["start"], span["end"]):
            marks[position] = marks[position] or index + 1
    return text, marks


def crop_sentences(example: dict, chance: random.Random) -> Marked:
    """One to three neighbouring sentences, more often from the start; the whole text when it has no more than that."""
    text, marks = mark(example["text"], example["spans"])
    sentences = example["sentences"]
    count = chance.randint(1, 3)
    if len(sentences) <= count:
        return text, marks
    first = 0 if chance.random() < 0.4 else chance.randrange(len(sentences) - count + 1)
    start, end = sentences[first][0], sentences[first + count - 1][1]
    return text[start:end], marks[start:end]


def _filter(value: Marked, keep: Callable[[str], bool]) -> Marked:
    kept = [(character, number) for character, number in zip(*value, strict=True) if keep(character)]
    return "".join(character for character, _ in kept), [number for _, number in kept]


def _drop_first_line(value: Marked) -> Marked:
    text, marks = value
    cut = text.find("\n") + 1
    return (text[cut:], marks[cut:]) if cut and len(text) - cut > 40 else value


def _lower(value: Marked) -> Marked:
    # One code point at a time: `İ`.lower() is two, and would move the marks.
    text = "".join(c.lower() if len(c.lower()) == 1 else c for c in value[0])
    return text, value[1]


def _break_lines(value: Marked, chance: random.Random) -> Marked:
    text = "".join("\n" if c == " " and chance.random() < 0.05 else c for c in value[0])
    return text, value[1]


def _quote(value: Marked) -> Marked:
    characters: list[str] = ["> "]
    marks: list[int] = [0, 0]
    for character, number in zip(*value, strict=True):
        characters.append(character)
        marks.append(number)
        if character == "\n":
            characters.append("> ")
            marks += [0, 0]
    return "".join(characters), marks


def join_passage(value: Marked, benign: list[dict], chance: random.Random) -> Marked:
    """Puts one to three sentences of another, benign, ticket before or after; their spans are not marked, nor taught."""
    other = chance.choice(benign)
    text, _ = crop_sentences({**other, "spans": []}, chance)
    gap = chance.choice(["\n", "\n\n", "\n---\n"])
    if chance.random() < 0.5:
        return text + gap + value[0], [UNKNOWN] * len(text) + [0] * len(gap) + value[1]
    return value[0] + gap + text, value[1] + [0] * len(gap) + [UNKNOWN] * len(text)


def augment(example: dict, strength: Strength, chance: random.Random) -> Marked:
    """One random variant of an example's text. The same `chance` state gives the same variant."""
    value = (
        crop_sentences(example, chance) if chance.random() < strength.crop else mark(example["text"], example["spans"])
    )
    if chance.random() < strength.drop_first_line:
        value = _drop_first_line(value)
    if chance.random() < strength.lower:
        value = _lower(value)
    if chance.random() < strength.punctuation:
        value = _filter(value, lambda character: character not in ".,;:!?'\"()")
    if chance.random() < strength.line_breaks:
        value = _break_lines(value, chance)
    if chance.random() < strength.greeting:
        head = chance.choice(GREETINGS) + chance.choice(["\n", "\n\n", " "])
        value = head + value[0], [0] * len(head) + value[1]
    if chance.random() < strength.signature:
        tail = chance.choice(["\n", "\n\n", " "]) + chance.choice(SIGNATURES)
        value = value[0] + tail, value[1] + [0] * len(tail)
    return _quote(value) if chance.random() < strength.quote else value
