// npm run tag: answers for text, plain refusals for everything else, exit code 1 when a file was not tagged.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Suggestion } from "../../../shared/contract.ts";

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "sectag-tag-"));
afterAll(() => rmSync(folder, { recursive: true }));
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
function tag(args: string[], input?: string) {
  const all = ["scripts/tag.ts", "--model", "models/tiny", ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { cwd: root, encoding: "utf8", input, timeout: 60_000 });
  return { status, stdout, stderr };
}

describe("npm run tag", { timeout: 60_000 }, () => {
  it("tags files and standard input, and quotes what it found", () => {
    const { status, stdout, stderr } = tag([file("a.txt", "\nWeird mail\nfrom hxxp://evil[.]example/x\n"), "-"], "CVE-2021-44228 on FS-02");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toContain("hxxp://evil[.]example/x = http://evil.example/x");
    expect(stdout).toMatch(/standard input: .+ · \d+ ms\n(?:.*\n)*.*CVE-2021-44228/);
  });

  it("prints one line of JSON a file", () => {
    const { stdout, status } = tag(["--json", file("b.txt", "Title\n\nBody 203.0.113.7")]);
    const { file: name, tag: combined, ...suggestion } = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(name).toContain("b.txt");
    expect([null, `${suggestion.threatType}_${suggestion.severity}`]).toContain(combined);
    expect(Suggestion.parse(suggestion).blocks.map(({ id }) => id)).toEqual(["title", "description"]);
  });

  it("refuses what is no text, and goes on with the rest", () => {
    const files = [
      file("empty.txt", ""),
      file("blank.txt", " \n\t\n"),
      file(
        "binary.bin",
        Uint8Array.from({ length: 3000 }, (_, index) => (index * 7919) % 256),
      ),
      file("utf16.txt", Buffer.from("hello", "utf16le")),
      file("huge.txt", "a".repeat(10_000_001)),
      join(folder, "nowhere.txt"),
      folder,
      file("good.txt", "fine"),
    ];
    const { status, stdout, stderr } = tag(files);
    expect(status).toBe(1);
    for (const reason of ["no text to tag", "not UTF-8 text", "UTF-16", "larger than 10 MB", "no such file", "not a file"])
      expect(stderr).toContain(reason);
    expect(stdout).toContain("good.txt: ");
  });

  it("reads 5 MB and says that the model did not read all", () => {
    const { status, stdout } = tag([file("long.txt", `start\n${"word ".repeat(1_000_000)}`)]);
    expect(status).toBe(0);
    expect(stdout).toContain("longer than the model reads");
  });

  it("says in one line when the model is not there", () => {
    const { status, stderr } = spawnSync(process.execPath, ["scripts/tag.ts", "--model", folder], {
      cwd: root,
      encoding: "utf8",
      input: "x",
    });
    expect(status).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain("manifest.json is missing");
  });
});
