"""Write extension/inference/wordpiece-unicode.ts: the character classes that the reference tokenizer really uses, read from it.

The Rust `tokenizers` library classifies characters by tables of an old Unicode version; a browser's `\\p{...}` follows its own
newer one. So the classes are read out of the reference, character by character, and kept as ranges in a TypeScript file.

    python tests/extension/inference/make_wordpiece_tables.py
"""

from collections.abc import Iterable
from pathlib import Path

import tokenizers
from tokenizers.normalizers import NFD, BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

TARGET = Path(__file__).parents[3] / "extension/inference/wordpiece-unicode.ts"
LINE = 130
# A starter blocks the reordering of marks; these two have the highest and the lowest combining class.
HIGHEST, LOWEST = "\u0345", "\u0334"


def bert(**options: bool) -> BertNormalizer:
    off = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    return BertNormalizer(**{**off, **options})


def ranges(points: Iterable[int]) -> str:
    found: list[list[int]] = []
    for point in points:
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    return " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in found)


def constant(name: str, comment: str, text: str) -> str:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= LINE:
            lines[-1] += " " + word
        else:
            lines.append(word)
    body = " +\n  ".join(f'"{line}{"" if i == len(lines) - 1 else " "}"' for i, line in enumerate(lines))
    one_line = len(lines) == 1 and len(f"export const {name} = {body};") <= 140
    return f"/** {comment} */\nexport const {name} ={' ' if one_line else chr(10) + '  '}{body};\n"


def main() -> None:
    clean, chinese, strip, lower = (
        bert(clean_text=True),
        bert(handle_chinese_chars=True),
        bert(strip_accents=True),
        bert(lowercase=True),
    )
    nfd, split = NFD(), BertPreTokenizer()
    found: dict[str, list[int]] = {
        k: [] for k in "removed spaces ideographs marks white punctuation nonstarters decomposed".split()
    }
    lowered: list[str] = []
    for point in range(0x110000):
        if 0xD800 <= point < 0xE000:
            continue
        char = chr(point)
        cleaned = clean.normalize_str(char)
        found["removed"] += [point] if cleaned == "" else []
        found["spaces"] += [point] if cleaned == " " and char != " " else []
        found["ideographs"] += [point] if chinese.normalize_str(char) != char else []
        found["marks"] += [point] if strip.normalize_str(char) == "" else []
        parts = len(split.pre_tokenize_str(f"a{char}b"))
        found["white"] += [point] if parts == 2 else []
        found["punctuation"] += [point] if parts == 3 else []
        decomposed = nfd.normalize_str(char)
        alone = decomposed == char
        moved = nfd.normalize_str(HIGHEST + char) != HIGHEST + decomposed
        moved |= nfd.normalize_str(char + LOWEST) != decomposed + LOWEST
        found["nonstarters"] += [point] if alone and moved and char not in (HIGHEST, LOWEST) else []
        found["nonstarters"] += [point] if char in (HIGHEST, LOWEST) else []
        found["decomposed"] += [point] if not alone else []
        low = lower.normalize_str(char)
        if low != char.lower():
            assert len(low) == 1
            lowered.append(f"{point:x}-{ord(low):x}")
    kept = set(found["nonstarters"]) - set(found["marks"])
    composed = {p for p in found["decomposed"] if kept & set(map(ord, nfd.normalize_str(chr(p))))}
    text = (
        "// Character classes of the reference tokenizer, as ranges of code points in hexadecimal; generated, do not edit.\n"
        f"// Made by tests/extension/inference/make_wordpiece_tables.py from `tokenizers` {tokenizers.__version__}.\n\n"
        + constant("removedRanges", "`clean_text` deletes these.", ranges(found["removed"]))
        + constant("spaceRanges", "`clean_text` makes these a space.", ranges(found["spaces"]))
        + constant("ideographRanges", "`handle_chinese_chars` puts spaces around these.", ranges(found["ideographs"]))
        + constant("markRanges", "`strip_accents` deletes these.", ranges(found["marks"]))
        + constant("whiteRanges", "The pre-tokenizer splits at these and drops them.", ranges(found["white"]))
        + constant("punctuationRanges", "The pre-tokenizer makes each of these a word.", ranges(found["punctuation"]))
        + constant(
            "nonstarterRanges",
            "Their combining class is not 0, so that NFD may reorder them.",
            ranges(found["nonstarters"]),
        )
        + constant(
            "reorderingRanges", "Those that `strip_accents` keeps, alone or composed.", ranges(sorted(kept | composed))
        )
        + constant(
            "decomposedRanges",
            "NFD takes these apart; a newer Unicode version takes more.",
            ranges(found["decomposed"]),
        )
        + constant(
            "newLowercase",
            "Lower-case pairs `from-to` newer than Unicode 14, which an older browser lacks.",
            " ".join(lowered),
        )
    )
    TARGET.write_text(text, encoding="utf-8")
    print(
        f"{TARGET.name}: {len(text)} bytes; {', '.join(f'{k} {len(v)}' for k, v in found.items())}, lower {len(lowered)}"
    )


if __name__ == "__main__":
    main()
