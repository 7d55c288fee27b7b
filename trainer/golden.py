"""golden.json: texts with the answers of each shipped file, so that every runtime can prove that it computes the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from trainer.contract import require
from trainer.offsets import code_point_to_utf16
from trainer.onnx_model import WEBGPU_FILE, OnnxModel, open_session, session_forward
from trainer.windows import window_ids

#: Largest difference of a logit that still counts as the same answer. Dynamic int8 rounds activations, and two runtimes
#: may round a tie differently (0.14 is the most on 2026.48.1 between native and WebAssembly); 4-bit weights are exact, but a GPU
#: adds in another order.
TOLERANCE = {"wasm": 0.25, "webgpu": 0.05}

_NOTE = (
    "Timeline as kept by the duty desk. At {h}:05 the proxy showed a host on floor {f} asking for update-{f}.example every "
    "{s} seconds. At {h}:20 we isolated PC-{f}{s} and told the user by phone. At {h}:45 the antivirus team found setup_{s}.exe in "
    "the profile folder and took a copy for analysis. Nothing else on that floor spoke to the same address. "
)


def golden_texts() -> list[tuple[str, str]]:
    """(name, text) of each case: the shapes of text on which tokenizers and windows go wrong."""
    long_text = "".join(_NOTE.format(h=hour, f=hour * 2 + 1, s=hour * 7 + 13) for hour in range(7, 23))
    return [
        ("one word", "ransomware"),
        ("one mark", "?"),
        ("plain benign", "Printer on the second floor is out of toner again, please bring two cartridges. Thanks, Mia"),
        ("scary but benign", "Virus scan finished OK on all 40 workstations, 0 threats found. No action needed, closing."),
        ("phishing", "Got a mail from 'IT support' asking to confirm my mailbox at hxxps://login-portal[.]example/verify, I typed my password"),
        ("edr alert", "[EDR] Threat blocked on FIN-PC-031\nDetected: Trojan:Win32/Emotet\nFile: C:\\Users\\ana\\Downloads\\invoice.scr\nAction: quarantined"),
        ("ransom note", "all files on the share end in .lokd now and there is a README_RESTORE.txt asking for 2 BTC"),
        ("siem line", "2026-03-04T02:11:07Z src=203.0.113.81 user=m.dravec app=vpn result=FAIL reason=bad_password count=438"),
        ("cve", "CVE-2024-3400 (PAN-OS) still open on edge-fw-02, CVSS 10.0, internet-facing; patch window tonight?"),
        ("lost laptop", "left my laptop bag in the tram this morning, bitlocker is on, badge was in there too :("),
        ("skimmer", "Found a thin plastic overlay with wires on the card reader of till 4. Camera shows two men at 21:14."),
        ("emoji", "help 😱😱 my mouse 🖱️ moves by itself 👩🏽‍💻 since 10:32 🇩🇪"),
        ("combining marks", "Cafe\u0301 Zoe\u0308 re\u0301sume\u0301 na\u00efve A\u030angstro\u0308m \u1e69\u0323"),
        ("crlf and tabs", "Host:\tWS-14\r\nUser:\tj.doe\r\n\r\nStatus:\r\n- cleaned\r\n- rebooted"),
        ("no-break spaces", "Konto\u00a0gesperrt\u00a0nach\u202f12\u202fVersuchen\u2009(RDP)\u3000Ende"),
        ("right to left", "\u202bקיבלתי מייל חשוד עם קישור\u202c ثم فتحت الملف invoice.pdf"),
        ("cjk", "请重置密码 パスワードを入力しました 이메일 의심"),
        ("german", "Guten Morgen, seit heute früh lassen sich die Dateien auf dem Laufwerk G: nicht mehr öffnen, überall steht .crypt dahinter. Grüße, Jörg"),
        ("zero width", "pass\u200bword re\u00adset\ufeff for svc_back\u200dup"),
        ("control characters", "beep\x07 bell\x00 null \x1b[31mred\x1b[0m end"),
        ("long word", "x" * 140 + " and then " + "y" * 100 + "z"),
        ("punctuation run", "!!!???---___===***///\\\\\\|||~~~###$$$%%%^^^&&&((()))[[[]]]{{{}}}"),
        ("mathematical letters", "𝓕𝓻𝓮𝓮 𝔾𝕚𝕗𝕥 ｆｕｌｌｗｉｄｔｈ ①②③ ﬁle Ⅷ"),
        ("many windows", long_text),
        ("quoted mail", "> From: Accounts <billing@payments.example>\n> Subject: overdue\n> Open the attached Invoice_8841.html\n\nIs this real? I did not open it."),
    ]  # fmt: skip


def write_golden(folder: Path) -> None:
    """Runs both shipped files of a model directory on the golden texts and writes golden.json beside them."""
    model = OnnxModel(folder)
    forwards = {"wasm": model.forward, "webgpu": session_forward(open_session(folder / WEBGPU_FILE))}
    cases = []
    for name, text in golden_texts():
        answer = model.answer(text)
        first = answer.tokens.ids[: model.rule.length - 2]
        units = code_point_to_utf16(text)
        ids = window_ids(model.tokenizer, first)
        expected = {}
        for backend, forward in forwards.items():
            threat, severity, entity = forward(ids)
            expected[backend] = {
                "logits": [round(float(value), 5) for value in threat],
                "severityLogits": [round(float(value), 5) for value in severity],
                "entityLabels": [int(label) for label in np.argmax(entity, axis=1)],
            }
        cases.append(
            {
                "name": name,
                "text": text,
                "inputIds": ids[0].tolist(),
                "offsets": [[units[start], units[end]] for start, end in answer.tokens.offsets[: len(first)]],
                "expected": expected,
                "answer": {
                    "threatType": answer.threat_type,
                    "severity": answer.severity_name,
                    "confidence": round(float(answer.threat.max()), 5),
                },
            }
        )
    golden = {"tolerance": TOLERANCE, "cases": cases}
    require(golden, "GoldenFile", "golden.json")
    # One case a line: readable in a diff, and a tenth of the lines of a fully indented file.
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (folder / "golden.json").write_text(
        f'{{"tolerance": {json.dumps(TOLERANCE)}, "cases": [\n{lines}\n]}}\n', encoding="utf-8"
    )


def read_golden(folder: Path) -> dict:
    """golden.json of a model directory, checked against the contract."""
    golden: dict = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
    require(golden, "GoldenFile", str(folder / "golden.json"))
    return golden


def golden_faults(model: OnnxModel) -> list[str]:
    """Cases and backends whose answers are not those of golden.json, in words; empty when all hold."""
    golden = read_golden(model.folder)
    forwards = {"wasm": model.forward, "webgpu": session_forward(open_session(model.folder / WEBGPU_FILE))}
    faults = (
        [] if [case["name"] for case in golden["cases"]] == [name for name, _ in golden_texts()] else ["other cases"]
    )
    for case in golden["cases"]:
        answer = model.answer(case["text"])
        if case["answer"]["threatType"] != answer.threat_type or case["answer"]["severity"] != answer.severity_name:
            faults.append(f"{case['name']}: another tag")
        for backend, forward in forwards.items():
            threat, severity, _ = forward(np.array([case["inputIds"]], dtype=np.int64))
            expected = case["expected"][backend]
            gaps = np.concatenate([threat - expected["logits"], severity - expected["severityLogits"]])
            # Written this way round, NaN is a fault.
            if not np.abs(gaps).max() <= min(golden["tolerance"][backend], TOLERANCE[backend]):
                faults.append(f"{case['name']}: other logits on {backend}")
    return faults
