"""The step `pull`: whole exports only, retries, cursor, bad lines set aside without their words, erased tickets gone."""

from __future__ import annotations

import argparse
import gzip
import json
import random
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainer.reviews import Desk, decision_id
from trainer import pull
from trainer.__main__ import main
from trainer.download import ATTEMPTS, HistoryChanged, check_address, fetch_export
from trainer.export_lines import line_fault
from trainer.pull import read_snapshot
from trainer.runs import MANIFEST

Answer = tuple[int, dict[str, str], bytes]


class Server:
    """A real HTTP server of the test. `answers` are given one after the other; the last one stays."""

    def __init__(self) -> None:
        self.answers: list[Callable[[str], Answer]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/v1/me":
                    status, headers, body = 200, {}, json.dumps({"org": {"id": "org-1", "name": "One"}}).encode()
                else:
                    outer.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                    answer = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                    status, headers, body = answer(self.path)
                self.send_response(status)
                headers.setdefault("Content-Length", str(len(body)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.api = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def fetch(self, target: Path, after: str | None = None, **more: int) -> tuple[str, list[float]]:
        pauses: list[float] = []
        cursor = fetch_export(self.api, "key", after, target, sleep=pauses.append, chance=random.Random(1), **more)
        return cursor, pauses


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.server.shutdown()
    made.server.server_close()


def _desk() -> Desk:
    desk = Desk()
    desk.decide("A-1", "typed my password 😱 into\u2028the page", quote=("password 😱", "AttackPattern"))
    desk.decide("A-2", "printer is out of toner", tag=("benign", "low"), verdict="accept")
    return desk


def _options(**given: object) -> argparse.Namespace:
    return argparse.Namespace(**{"api": None, "from_file": None, "since": None, "key_file": None, "org": None, **given})


def _whole(desk: Desk) -> Callable[[str], Answer]:
    return lambda path: (200, {}, desk.ndjson(int(path.split("cursor-")[1]) if "after" in path else 0))


def test_a_snapshot_from_the_api_goes_on_from_its_cursor_and_drops_erased_tickets(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SECTAG_KEY", "sk_secret")
    desk = _desk()
    server.answers = [_whole(desk)]
    first = pull.run(tmp_path, _options(api=server.api))
    assert server.asked[0][1]["authorization"] == "Bearer sk_secret"
    snapshot, facts = read_snapshot(first)
    assert [row["seq"] for row in snapshot.rows] == [1, 2] and facts["next"] == "cursor-2" and facts["org"] == "org-1"
    assert pull.run(tmp_path, _options(api=server.api)) == first and "nothing to do" in capsys.readouterr().out
    before = {file: file.read_bytes() for file in first.iterdir()}

    desk.erase("A-1")
    desk.decide("A-1", "came late", tag=("malware", "high"))
    desk.decide("A-3", "all files end in .lokd", tag=("ransomware", "critical"))
    second = pull.run(tmp_path, _options(api=server.api, since=first))
    assert server.asked[-1][0] == "/v1/export?after=cursor-2"
    snapshot, facts = read_snapshot(second)
    assert [row["decision"]["ticket"]["key"] for row in snapshot.rows] == ["A-2", "A-3"]
    assert facts["erased"] == 1 and not [file for file in second.iterdir() if b"password" in file.read_bytes()]
    assert {file: file.read_bytes() for file in first.iterdir()} == before
    assert not list(tmp_path.glob("*.partial"))
    # The whole history in one go has the same content, and so the same name.
    assert pull.run(tmp_path, _options(api=server.api)) == second


def test_another_history_is_read_from_the_beginning(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECTAG_KEY", "k")
    desk = _desk()
    server.answers = [_whole(desk)]
    first = pull.run(tmp_path, _options(api=server.api))
    fresh = Desk()
    fresh.decide("B-1", "lost my badge", tag=("lost_stolen_asset", "low"))
    gone = json.dumps({"title": "History changed", "status": 410, "type": "t"}).encode()
    server.answers = [lambda _: (410, {}, gone), _whole(fresh)]
    snapshot, facts = read_snapshot(pull.run(tmp_path, _options(api=server.api, since=first)))
    assert [row["decision"]["ticket"]["key"] for row in snapshot.rows] == ["B-1"] and facts["since"] is None
    # A new key of another person reads by cursors of its own.
    other = json.dumps({"title": "No", "status": 400, "type": "urn:sectag:problem:invalid-cursor"}).encode()
    server.answers = [lambda _: (400, {}, other), _whole(fresh)]
    assert read_snapshot(pull.run(tmp_path, _options(api=server.api, since=first)))[0].rows == snapshot.rows


def test_gzip_is_asked_for_and_unpacked(tmp_path: Path, server: Server) -> None:
    packed = gzip.compress(_desk().ndjson())
    server.answers = [lambda _: (200, {"Content-Encoding": "gzip"}, packed)]
    assert server.fetch(tmp_path / "x") == ("cursor-2", [])
    assert "gzip" in server.asked[0][1]["accept-encoding"]
    assert (tmp_path / "x").read_bytes().count(b"\n") == 2


def test_broken_and_busy_servers_are_asked_again(tmp_path: Path, server: Server) -> None:
    whole = _desk().ndjson()
    lines = whole.split(b"\n")
    cut: list[Answer] = [
        (200, {}, whole[:-30]),
        (200, {}, b"\n".join(lines[:2]) + b"\n"),
        (200, {}, b"\n".join([lines[0], lines[2]]) + b"\n"),
        (200, {"Content-Length": "999999"}, whole[:100]),
        (503, {}, b"{}"),
        (429, {"Retry-After": "7"}, b"{}"),
        (200, {"Content-Encoding": "gzip"}, b"no gzip"),
        (200, {}, whole),
    ]
    assert len(cut) == ATTEMPTS
    server.answers = [lambda _, answer=answer: answer for answer in cut]
    cursor, pauses = server.fetch(tmp_path / "x")
    assert cursor == "cursor-2" and len(pauses) == 7 and pauses[5] == 7.0
    assert all(pause <= 2.0**attempt for attempt, pause in enumerate(pauses) if attempt != 5)
    assert (tmp_path / "x").read_bytes() == b"\n".join(lines[:2]) + b"\n"
    server.answers = [lambda _: (502, {}, b"")]
    with pytest.raises(ConnectionError, match="8 attempts"):
        server.fetch(tmp_path / "y")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 302])
def test_what_a_person_must_mend_is_said_at_once(tmp_path: Path, server: Server, status: int) -> None:
    body = json.dumps({"title": "Forbidden", "detail": "The key has no scope export."}).encode()
    server.answers = [lambda _: (status, {"Location": "/elsewhere"}, body)]
    with pytest.raises(ValueError, match="no scope export"):
        server.fetch(tmp_path / "x")
    assert len(server.asked) == 1


def test_endless_answers_are_cut(tmp_path: Path, server: Server) -> None:
    bomb = gzip.compress(b"0" * 5_000_000)
    server.answers = [lambda _: (200, {"Content-Encoding": "gzip"}, bomb)]
    with pytest.raises(ValueError, match="longer than"):
        server.fetch(tmp_path / "x")
    server.answers = [lambda _: (200, {}, b"{}\n" * 1000)]
    with pytest.raises(ValueError, match="longer than"):
        server.fetch(tmp_path / "x", max_bytes=2000)
    server.answers = [lambda _: (410, {}, b"not json")]
    with pytest.raises(HistoryChanged):
        server.fetch(tmp_path / "x", "old")


def test_keys_do_not_travel_in_the_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="https"):
        check_address("http://reviews.example")
    assert check_address("https://reviews.example/") == "https://reviews.example"
    monkeypatch.delenv("SECTAG_KEY", raising=False)
    with pytest.raises(ValueError, match="SECTAG_KEY"):
        pull.read_key(None)
    (tmp_path / "key").write_text("sk_file\n")
    assert pull.read_key(tmp_path / "key") == "sk_file"


def test_bad_lines_are_set_aside_with_reasons_that_hold_no_words(tmp_path: Path) -> None:
    secret = "hunter2horse"
    desk = Desk()
    desk.decide("A-1", f"good {secret}")
    broken = [
        json.loads(json.dumps(desk.decide(f"A-{n}", f"x {secret}", quote=(secret, "Tool")))) for n in range(2, 12)
    ]
    broken[0]["decision"]["final"]["spans"][0]["start"] += 1
    broken[1]["decision"]["final"]["spans"][0]["block"] = 9
    broken[2]["decision"]["final"]["threatType"] = secret
    broken[3]["decision"]["verdict"] = "accept"
    broken[4]["decision"]["blocks"][1]["text"] = secret + "y" * 30_000
    broken[5]["decision"][secret] = 1
    broken[6]["kind"] = secret
    broken[7]["decision"]["id"] = decision_id(1)
    broken[8]["seq"] = 1
    broken[9]["decision"]["final"]["severity"] = None
    lines = [desk.lines[0], *broken]
    raw = (
        b"\n".join(json.dumps(line).encode() for line in lines) + b'\n{"kind": NaN}\n\xff\xfe\n[1]\n\n' + b"[" * 100_000
    )
    file = tmp_path / "export.ndjson"
    file.write_bytes(raw + b"\n")
    folder = pull.run(tmp_path / "runs", _options(from_file=file))
    snapshot, _ = read_snapshot(folder)
    assert [row["seq"] for row in snapshot.rows] == [1]
    assert [row["reason"] for row in snapshot.rejected] == [
        "final/spans/0: span 3..14: the quote is not what the text has there",
        "final/spans/0: there is no block 9",
        "decision/final/threatType: enum",
        "final: an accepted tag is the suggested one",
        "decision/blocks/1/text: maxLength",
        "decision: additionalProperties",
        "kind: const",
        "decision/id: it was there before",
        "seq: it does not rise",
        "final: threatType and severity are both given, or both null",
        "not JSON",
        "not JSON",
        "line: type",
        "not JSON",
    ]
    for name in (pull.REJECTED, MANIFEST):
        assert secret not in (folder / name).read_text()


def test_a_changed_snapshot_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(_desk().ndjson())
    folder = pull.run(tmp_path / "runs", _options(from_file=tmp_path / "x"))
    read_snapshot(folder)
    with (folder / pull.ROWS).open("a") as stream:
        stream.write("{}\n")
    with pytest.raises(ValueError, match="changed"):
        read_snapshot(folder)


def test_the_command_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--runs", str(tmp_path), "pull"]) == 2
    assert "--api ADDRESS or --from-file" in capsys.readouterr().err
    assert main(["--runs", str(tmp_path), "pull", "--from-file", str(tmp_path / "none")]) == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(where=st.sampled_from(["kind", "seq", "reviewer", "decision"]), value=json_values)
def test_no_line_makes_the_judge_fall_over(where: str, value: object) -> None:
    line = {**_desk().lines[0], where: value}
    assert line_fault(line) is not None or where == "seq"
    line = {**_desk().lines[0]}
    field = {"kind": "final", "seq": "blocks", "reviewer": "verdict", "decision": "ticket"}[where]
    line["decision"] = {**line["decision"], field: value}
    assert line_fault(line) is not None
