// The command that makes, signs and publishes selector packs: by a key that no part of the trainer made, taken by the API and believed as an installation believes.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { keyOfPem } from "../../scripts/sign-release.ts";
import { signSelectors } from "../../scripts/sign-selectors.ts";
import { packKind } from "../../shared/selector-pack.ts";
import { openEnvelope } from "../../shared/signed-envelope.ts";
import { testFolder } from "../worker-api/lab.ts";
import { openReleaseLab } from "../worker-api/release-lab.ts";

const run = async (...args: string[]) => {
  let stderr = "";
  const say = (sentence: string) => {
    stderr += sentence;
  };
  return signSelectors(args, {}, say)
    .then((stdout) => ({ code: 0, stdout, stderr }))
    .catch((error: unknown) => ({ code: 1, stdout: "", stderr: error instanceof Error ? error.message : String(error) }));
};

async function given(sites: unknown) {
  const folder = testFolder();
  const [lists, pem] = [join(folder, "selectors.json"), join(folder, "key.pem")];
  writeFileSync(lists, typeof sites === "string" ? sites : JSON.stringify(sites));
  writeFileSync(pem, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
  const { publicKey } = await keyOfPem(String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" })));
  return { folder, lists, pem, stranger: publicKey };
}
const open = (envelope: string, key: string) => openEnvelope(new TextEncoder().encode(envelope), [key], packKind);

test("lists become a signed pack, which is believed by its key alone", async () => {
  const { lists, pem, stranger } = await given({ "jira-cloud": { comments: ["article.comment"] } });
  const { code, stdout, stderr } = await run(lists, "--sign-with", pem, "--counter", "7", "--days", "2");
  expect([code, stderr]).toEqual([0, expect.stringContaining("Selector pack 7 for jira-cloud, valid until ")]);
  const { publicKey } = await keyOfPem(readFileSync(pem, "utf8"));
  const opened = await open(stdout.trim(), publicKey);
  expect(opened).toMatchObject({
    ok: true,
    payload: { counter: 7, minApp: "0.1.0", sites: { "jira-cloud": { comments: ["article.comment"] } } },
  });
  if (opened.ok) expect(Date.parse(opened.payload.expires) - Date.parse(opened.payload.created)).toBe(2 * 86_400_000);
  expect(await open(stdout.trim(), stranger)).toMatchObject({ ok: false, code: "unknown-key" });
});

test("what no installation would take is not signed, and one sentence says why", async () => {
  for (const [sites, said] of [
    [{ "jira-server": { comments: ["p"] } }, "There is no adapter jira-server"],
    [{ "jira-cloud": { containers: ["p"] } }, "jira-cloud has no list containers"],
    [{ "jira-cloud": { comments: ["p", "p["] } }, "jira-cloud, comments: p["],
    [{ "jira-cloud": { comments: [] } }, "jira-cloud"],
    ["{", "JSON"],
  ] as const) {
    const { lists, pem } = await given(sites);
    const { code, stdout, stderr } = await run(lists, "--sign-with", pem, "--counter", "7");
    expect([code, stdout], stderr).toEqual([1, ""]);
    expect(stderr).toContain(said);
  }
  const { lists, pem } = await given({});
  expect((await run(lists, "--counter", "1")).stderr).toContain("--sign-with FILE");
  expect((await run(lists, "--sign-with", pem)).stderr).toContain("--counter");
  expect((await run(lists, "--sign-with", lists, "--counter", "1")).code).toBe(1);
  expect((await run("--sign-with", pem, "--counter", "1")).stderr).toContain("Name one file");
});

test("published to a server, each next one has the next number; a server that does not trust the key refuses", async () => {
  const { folder, lists, pem, stranger } = await given({ "request-tracker": { texts: [".stanza"] } });
  const { publicKey } = await keyOfPem(readFileSync(pem, "utf8"));
  const keyFile = join(folder, "api.key");
  const connect = async (trusted: string) => {
    const lab = await openReleaseLab({ keys: [trusted] });
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => lab.app.request(new URL(url).pathname, init));
    onTestFinished(() => void vi.unstubAllGlobals());
    writeFileSync(keyFile, `${lab.service.key}\n`);
    return lab;
  };
  const send = () => run(lists, "--sign-with", pem, "--api", "https://sectag.example/", "--key-file", keyFile);
  const { call, analyst } = await connect(publicKey);
  for (const counter of [1, 2]) expect((await send()).stderr).toContain(`Selector pack ${counter} for request-tracker`);
  const answer = await call("/v1/selectors/stable", { key: analyst.key });
  expect(await open(await answer.text(), publicKey)).toMatchObject({ ok: true, payload: { counter: 2 } });
  await connect(stranger);
  expect(await send()).toMatchObject({ code: 1, stderr: expect.stringContaining("signed by no key that is trusted here") });
});
