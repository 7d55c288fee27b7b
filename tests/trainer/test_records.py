"""Bad lines are reported by number and the rest is used; run folders are written once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from trainer.records import read_records
from trainer.runs import make_run, require_run

GOOD = {"id": "a", "source": "x", "text": "hello 😱 pw", "threat_type": "benign", "severity": None}
TOKENS = {
    "id": "t",
    "source": "cyner",
    "tokens": ["Emotet", "ran"],
    "tags_unified": ["B-Malware", "O"],
    "label_space": ["Malware"],
}


def _lines(tmp_path: Path, *rows: object) -> Path:
    file = tmp_path / "records.jsonl"
    file.write_text(
        "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows) + "\n", encoding="utf-8"
    )
    return file


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ('{"id": ', "not JSON"),
        ("[1, 2]", "not a JSON object"),
        ({**GOOD, "id": "b", "threat_type": "virus"}, "threat_type"),
        ({**GOOD, "id": "b", "severity": "urgent"}, "severity"),
        ({**GOOD, "id": "b", "text": ""}, "text"),
        ({**GOOD, "id": "b", "text": " \n"}, "white space"),
        ({**GOOD, "id": "a"}, "used before"),
        ({**GOOD, "id": "b", "spans": [{"start": 6, "end": 7, "label": "System", "quote": "😱"}]}, "span 6..7"),
        ({**GOOD, "id": "b", "spans": [{"start": 9, "end": 11, "label": "Password", "quote": "pw"}]}, "label"),
        ({**GOOD, "id": "b", "spans": [{"start": 9, "end": 11, "label": "System", "quote": "no"}]}, "quote"),
        ({**TOKENS, "tags_unified": ["O"]}, "2 tokens but 1 tags"),
        ({**TOKENS, "tags_unified": ["B-Virus", "O"]}, "unknown tag"),
        ({**TOKENS, "tags_unified": ["B-Tool", "O"]}, "outside of label_space"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_is_used(tmp_path: Path, bad: object, says: str) -> None:
    records, problems = read_records(_lines(tmp_path, GOOD, bad, "", TOKENS if bad is not TOKENS else GOOD))
    assert records[0]["id"] == "a" and len(records) == 2
    assert [(problem.line, problem.file) for problem in problems] == [(2, "records.jsonl")]
    assert says in problems[0].message


def test_spans_beyond_the_basic_plane_are_utf16(tmp_path: Path) -> None:
    span = {"start": 9, "end": 11, "label": "System", "quote": "pw"}
    records, problems = read_records(_lines(tmp_path, {**GOOD, "spans": [span]}))
    assert len(records) == 1 and not problems


def test_packed_files_are_read_and_broken_ones_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(GOOD).encode()))
    assert len(read_records(file)[0]) == 1
    file.write_bytes(file.read_bytes()[:-12])
    with pytest.raises(ValueError, match="cannot be read"):
        read_records(file)


def test_a_run_folder_is_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = []

    def write(folder: Path) -> dict:
        calls.append(folder)
        (folder / "x").write_text("1")
        return {"n": 1}

    first = make_run(tmp_path, "data", {"a": 1}, write)
    assert make_run(tmp_path, "data", {"a": 1}, write) == first
    assert len(calls) == 1 and "nothing to do" in capsys.readouterr().out
    assert make_run(tmp_path, "data", {"a": 2}, write) != first
    assert require_run(first, "data")["facts"] == {"n": 1}
    with pytest.raises(ValueError, match="build"):
        require_run(first, "build")


def test_a_failed_step_leaves_no_finished_folder(tmp_path: Path) -> None:
    def fail(folder: Path) -> dict:
        (folder / "half").write_text("1")
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        make_run(tmp_path, "train", {}, fail)
    assert all(path.suffix in (".partial", ".lock") for path in tmp_path.iterdir())
    with pytest.raises(FileNotFoundError, match="python -m trainer"):
        require_run(tmp_path / "train-x", "train")
    seen = []
    make_run(tmp_path, "train", {}, lambda folder: {"n": seen.append((folder / "half").exists())}, keep_partial=True)
    assert seen == [True]
