// Figures: accuracy and correction rate are what people's newest decisions say, per model and type; no ids; nobody fills the page.
import { expect, test } from "vitest";
import type { Decision } from "../../shared/decisions.ts";
import { decision } from "./decisions.ts";
import { keyFor, openLab } from "./lab.ts";

async function openFigures() {
  const lab = await openLab();
  const text = async () => {
    lab.clock.ms += 60_000;
    const answer = await lab.call("/metrics");
    expect(answer.headers.get("content-type")).toContain("text/plain");
    return answer.text();
  };
  const value = async (line: string) => {
    const found = (await text()).split("\n").find((one) => one.startsWith(`${line} `));
    return found === undefined ? undefined : Number(found.slice(line.length + 1));
  };
  return { ...lab, text, value };
}

const share = (name: string, type = "phishing", model = "2026.48.1") => `sectag_${name}{model="${model}",threat_type="${type}"}`;
const accuracy = share("auto_tag_accuracy_ratio");
const corrections = share("human_correction_rate_ratio");
const malware: Partial<Decision> = { verdict: "correct", final: { threatType: "malware", severity: "high", spans: [] } };

test("accuracy and correction rate follow each person's newest standing decision about a ticket", async () => {
  const { db, orgId, push, value, analyst } = await openFigures();
  const other = await keyFor(db, orgId, "analyst", { name: "other" });
  expect(await value(accuracy)).toBeUndefined();
  await push(analyst.key, decision({ key: "A" }), decision({ key: "B" }), decision({ key: "C" }));
  expect([await value(accuracy), await value(corrections)]).toEqual([1, 0]);
  const wrong = decision({ ...malware, key: "C" });
  await push(analyst.key, wrong);
  await push(other.key, decision({ key: "C" }));
  expect([await value(accuracy), await value(corrections)]).toEqual([0.75, 0.25]);
  await push(analyst.key, decision({ verdict: "undo", supersedes: wrong.id, final: wrong.final, key: "C" }));
  expect([await value(accuracy), await value(corrections)]).toEqual([1, 0]);
  await push(analyst.key, decision({ key: "A", verdict: "reject", final: { threatType: null, severity: null, spans: [] } }));
  expect([await value(accuracy), await value(corrections)]).toEqual([0.75, 0.25]);
});

test("severity counts, other models and types are apart, and what the model was not sure of is left out", async () => {
  const { push, value, text, analyst } = await openFigures();
  const { suggestion } = decision();
  const lower: Partial<Decision> = { verdict: "correct", final: { threatType: "phishing", severity: "low", spans: [] } };
  await push(
    analyst.key,
    decision({ key: "A", ...lower }),
    decision({ key: "B", suggestion: { ...suggestion, modelVersion: "2026.50.0" } }),
    decision({
      key: "C",
      ...malware,
      suggestion: { ...suggestion, threatType: "denial_of_service", severity: "critical" },
    }),
    decision({ key: "D", ...malware, suggestion: { ...suggestion, abstained: true } }),
    decision({ key: "E", ...malware, suggestion: { ...suggestion, threatType: null, severity: null } }),
    decision({ key: "F", verdict: "add", final: { threatType: null, severity: null, spans: [] } }),
  );
  expect(await value(accuracy)).toBe(0);
  expect(await value(share("auto_tag_accuracy_ratio", "phishing", "2026.50.0"))).toBe(1);
  expect(await value(share("human_correction_rate_ratio", "denial_of_service"))).toBe(1);
  expect((await text()).match(/^sectag_auto_tag_accuracy_ratio\{/gm)).toHaveLength(3);
});

test("requests, rows, reviews and inference times are counted by template and result", async () => {
  const { push, call, value, analyst } = await openFigures();
  const one = decision();
  await push(analyst.key, one, decision({ ...malware }), 7);
  await push(analyst.key, one);
  await call(`/v1/tickets/${"a".repeat(64)}`, { key: analyst.key });
  await call("/secret-path");
  expect(await value('sectag_sync_rows_total{result="stored"}')).toBe(2);
  expect(await value('sectag_sync_rows_total{result="duplicate"}')).toBe(1);
  expect(await value('sectag_sync_rows_total{result="rejected"}')).toBe(1);
  expect(await value('sectag_reviews_total{verdict="accept"}')).toBe(1);
  expect(await value('sectag_inference_duration_seconds_bucket{le="0.25",backend="wasm"}')).toBe(2);
  expect(await value('sectag_inference_duration_seconds_bucket{le="0.1",backend="wasm"}')).toBe(0);
  expect(await value('sectag_http_requests_total{method="POST",route="/v1/events",status="200"}')).toBe(2);
  expect(await value('sectag_http_requests_total{method="GET",route="/v1/tickets/:ticketId",status="404"}')).toBe(1);
  expect(await value('sectag_http_requests_total{method="GET",route="none",status="404"}')).toBe(1);
  expect(await value('sectag_http_request_duration_seconds_count{method="POST",route="/v1/events"}')).toBe(2);
});

test("while the database does not answer the page stays, with what was counted last", async () => {
  const { db, push, value, analyst } = await openFigures();
  await push(analyst.key, decision());
  expect([await value(accuracy), await value("sectag_database_up")]).toEqual([1, 1]);
  db.$client.close();
  expect([await value(accuracy), await value("sectag_database_up")]).toEqual([1, 0]);
});

test("no id, name or text is on the page, and made-up models share one line", async () => {
  const { push, text, orgId, analyst } = await openFigures();
  const { suggestion } = decision();
  const models = ['x"} 1\nsectag_fake 1', "SEC-1", "2026.1'; DROP", "9".repeat(60)];
  await push(
    analyst.key,
    ...models.map((modelVersion, index) => decision({ key: `M-${index}`, suggestion: { ...suggestion, modelVersion } })),
  );
  const page = await text();
  for (const id of [orgId, analyst.userId, analyst.id, "SEC-1", "M-1", "analyst", "Blue team", "sectag_fake"])
    expect(page).not.toContain(id);
  expect(page).toContain(share("auto_tag_accuracy_ratio", "phishing", "other"));
  expect(page.match(/^sectag_auto_tag_accuracy_ratio\{/gm)).toHaveLength(1);
  for (const line of page.split("\n").filter(Boolean)) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .*|\w+(\{[^{}]*\})? [0-9.e+-]+)$/);
});
