"""UTF-16 code units <-> Python code points: the one place where offsets change their unit."""

from __future__ import annotations


def utf16_length(text: str) -> int:
    """Length of `text` in UTF-16 code units (JavaScript's `text.length`)."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def code_point_to_utf16(text: str) -> list[int]:
    """UTF-16 offset of each code-point offset 0..len(text) (one entry more than the text has code points)."""
    if max(text, default="") <= "\uffff":
        return list(range(len(text) + 1))
    offsets = [0]
    for character in text:
        offsets.append(offsets[-1] + (2 if ord(character) > 0xFFFF else 1))
    return offsets


def utf16_to_code_point(text: str) -> dict[int, int]:
    """Code-point offset of each UTF-16 offset that lies between two characters; offsets inside a pair are missing."""
    return {unit: point for point, unit in enumerate(code_point_to_utf16(text))}


def spans_to_code_points(text: str, spans: list[dict]) -> list[dict]:
    """Spans with code-point offsets instead of UTF-16 ones; `quote` must be the slice. Raises ValueError where not."""
    table = utf16_to_code_point(text)
    converted = []
    for span in spans:
        start, end = table.get(span["start"]), table.get(span["end"])
        if start is None or end is None or start >= end:
            raise ValueError(f"span {span['start']}..{span['end']} is not inside the text")
        if text[start:end] != span["quote"]:
            raise ValueError(f"span {span['start']}..{span['end']}: the quote is not what the text has there")
        converted.append({**span, "start": start, "end": end})
    return converted


def spans_to_utf16(text: str, spans: list[dict]) -> list[dict]:
    """The way back: code-point offsets become UTF-16 ones."""
    table = code_point_to_utf16(text)
    return [{**span, "start": table[span["start"]], "end": table[span["end"]]} for span in spans]
