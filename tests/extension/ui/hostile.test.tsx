// @vitest-environment jsdom
// Text of a ticket, a server or a person, however hostile, is text: wherever it is drawn, the elements are those of harmless text of the same shape.
import fc from "fast-check";
import type { ReactNode } from "react";
import { expect, test } from "vitest";
import { Card } from "../../../extension/ui/card.tsx";
import { Options } from "../../../extension/ui/options.tsx";
import { SidePanel } from "../../../extension/ui/side-panel.tsx";
import type { Span } from "../../../shared/contract.ts";
import type { Decision } from "../../../shared/decisions.ts";
import { defaultKeys, type ReviewMenu } from "../../../shared/review.ts";
import { draw, settle } from "./draw.tsx";
import { at, decision, mine, modelView, state, suggestion, tagged } from "./states.ts";

const nothing = () => undefined;

const nasty = fc.constantFrom(
  "<img src=x onerror=alert(1)>",
  "<script>alert(1)</script>",
  "</p><style>*{display:none}</style>",
  '" onmouseover="alert(1)',
  "javascript:alert(1)",
  "<svg/onload=alert(1)>",
  "{n}{tag}$1 | ",
  "\u202Egnp.exe\u2066\u2069\u200F",
  "&lt;b&gt;&#60;i&#62;",
  "]]><!--",
  "\u0000\uFFFE\uD800",
  "[email]",
);
/** Not empty, and not trimmed to nothing: the shape that harmless text has, too. */
const text = fc
  .tuple(fc.string({ unit: "binary", maxLength: 30 }), nasty, fc.string({ unit: "grapheme", maxLength: 30 }))
  .map((pieces) => pieces.join("x"));

/** Elements with their attributes, without texts; of attributes that hold text by right (words for screen readers, tooltips, values) the names only. */
function structure(element: Element): unknown {
  const attributes = [...element.attributes].map(({ name, value }) =>
    /^(aria-label|title|value|id|for|aria-describedby|aria-labelledby)$/.test(name) ? name : `${name}=${value}`,
  );
  return [element.localName, attributes, [...element.children].map(structure)];
}

/** Draws with hostile and with harmless text, everything opened that can be, and compares. */
async function staysText(node: (text: string) => ReactNode): Promise<void> {
  const structureOf = async (words: string) => {
    const { container, press, has } = draw(node(words));
    if (has("What would leave")) press("What would leave");
    await settle();
    return JSON.stringify(structure(container));
  };
  // A placeholder is marked in both, or the one that stands in the hostile text would be an element more.
  const harmless = { plain: await structureOf("harmless"), hidden: await structureOf("harmless [email] text") };
  await fc.assert(
    fc.asyncProperty(text, async (words) => {
      expect(await structureOf(words)).toBe(words.includes("[email]") ? harmless.hidden : harmless.plain);
    }),
    { numRuns: 40 },
  );
}

const span = (quote: string): Span => ({
  start: 0,
  end: quote.length,
  label: "url",
  quote,
  source: "rule",
  score: 1,
  refanged: `=${quote}`,
});
const decided = (words: string): Decision => ({
  ...decision,
  ticket: { ...decision.ticket, key: words },
  suggestion: { ...decision.suggestion, modelVersion: words },
  blocks: [{ role: "comment", text: words }],
  final: {
    threatType: "malware",
    severity: "low",
    spans: [{ block: 0, start: 0, end: words.length, label: "Tool", quote: words, source: "human" }],
  },
});

function card(words: string, menu: ReviewMenu) {
  const review = state({
    armed: true,
    menu,
    pendingType: "malware",
    selected: 0,
    spans: [{ block: words, start: 0, end: words.length, label: "Tool", quote: words, source: "human" }],
    mine: mine({ verdict: "reject" }),
    ruling: { tag: { threatType: null, severity: null }, name: words, at },
    news: { n: 1, code: "failed", detail: words },
  });
  const report = tagged(review, {
    ticket: { ...suggestion.ticket, key: words },
    modelVersion: words,
    blocks: [{ id: words, spans: [span(words)] }],
    problem: { code: "altered", message: words },
  });
  return (
    <Card
      report={{ ...report, ticket: { ...report.ticket, key: words } }}
      blocks={[{ id: words, role: "title", kind: "value", text: words, spans: [span(words)] }]}
      open
      onToggle={nothing}
      onRetry={nothing}
      onAction={nothing}
      onPreview={async () => decided(words)}
    />
  );
}

test.each(["closed", "type", "spans"] as const)("card, menu %s", async (menu) => {
  await staysText((one) => card(one, menu));
});

test("card of a page that failed with hostile words", async () => {
  const failed = (reason: string) => (
    <Card
      report={{ state: "failed", ticket: null, reason }}
      blocks={[]}
      open
      onToggle={nothing}
      onRetry={nothing}
      onAction={nothing}
      onPreview={async () => decision}
    />
  );
  await staysText(failed);
});

test("side panel: queue, decisions of others, problems; an address is no link", async () => {
  const panel = (words: string) => (
    <SidePanel
      report={{ state: "unreadable", ticket: { system: "jira-cloud", key: words }, reason: words }}
      recent={[
        {
          id: "1",
          ticket: { system: "jira-cloud", key: words },
          verdict: "reject",
          tag: { threatType: null, severity: null },
          at,
          by: words,
          sync: "stored",
        },
      ]}
      queue={[{ ticket: { system: "jira-cloud", key: words }, url: `javascript:${words}`, suggestion }]}
      waiting={{ rows: [{ ticket: { system: "jira-cloud", key: words }, url: `javascript:${words}`, reason: "tied", said: [] }], more: 0 }}
      problem={words}
      onAction={nothing}
      onOpen={nothing}
      onRead={async () => undefined}
      onOptions={nothing}
    />
  );
  await staysText(panel);
});

test("options: a server's words, payloads, problems, names", async () => {
  const options = (words: string) => {
    const me = {
      user: { id: words, name: words, role: "lead" as const },
      org: { id: words, name: words },
      scopes: ["review" as const],
      keyExpires: null,
    };
    const problem = { type: words, title: words, status: 422, detail: words, errors: [{ path: words, message: words }] };
    return (
      <Options
        problem={words}
        connection={{
          connection: { baseUrl: words, me, since: at },
          waiting: 0,
          sample: decided(words),
          onConnect: async () => undefined,
          onDisconnect: nothing,
        }}
        sync={{
          connected: true,
          pending: 1,
          status: { state: "refused", reason: words, notBefore: 0, lastSuccess: null },
          dead: [{ id: "a", ticket: { system: "jira-cloud", key: words }, problem, at: 0 }],
          onSyncNow: nothing,
          onRetry: nothing,
          onExport: nothing,
          onDiscard: nothing,
        }}
        payloads={{ payloads: [{ n: 1, at: 0, url: words, body: words, status: 200 }] }}
        hosts={{
          hosts: [{ origin: words, managed: true, allowed: false }],
          most: 50,
          onAdd: async () => "",
          onAllow: nothing,
          onRemove: nothing,
        }}
        keys={{ keys: { ...defaultKeys, accept: words }, onKeys: nothing }}
        privacy={{ privacy: { restricted: false, ownDomains: [words] }, managed: [], connected: true, onPrivacy: nothing }}
        model={{
          view: {
            ...modelView,
            running: { counter: 7, version: words, scans: 3, gate: words },
            before: words,
            pin: words,
            look: { code: "offline", detail: words, version: words, counter: 8, at: 0 },
            refused: { counter: 6, why: words },
          },
          onLook: nothing,
          onBack: nothing,
        }}
        engine={{
          settings: { webgpu: "auto" },
          status: {
            modelVersion: words,
            backend: "wasm",
            threads: 1,
            crossOriginIsolated: true,
            choice: null,
            problem: { code: "failed", message: words },
            notes: [words],
          },
          onSettings: nothing,
          onMeasureAgain: nothing,
        }}
      />
    );
  };
  await staysText(options);
});

test.each([
  ["an element", (words: string) => (words.includes("<") ? <b>{words}</b> : words)],
  ["an attribute", (words: string) => <i className={words}>x</i>],
])("the comparison notices %s more", async (_, leaky) => {
  await expect(staysText((words) => <p>{leaky(words)}</p>)).rejects.toThrow("Property failed");
});
