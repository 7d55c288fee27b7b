// @vitest-environment jsdom
// Accessibility of each surface in each state and language: axe finds nothing serious. (Colours are looked at in Chromium, jsdom has none.)
import axe from "axe-core";
import type { ReactNode } from "react";
import { expect, test } from "vitest";
import { Card } from "../../../extension/ui/card.tsx";
import { Options } from "../../../extension/ui/options.tsx";
import { Popup } from "../../../extension/ui/popup.tsx";
import { SidePanel } from "../../../extension/ui/side-panel.tsx";
import type { T } from "../../../extension/ui/texts.ts";
import { defaultKeys } from "../../../shared/review.ts";
import { draw, settle } from "./draw.tsx";
import { english, german } from "./languages.ts";
import { at, decision, modelView, named, suggestion, tagged, ticket } from "./states.ts";

const nothing = () => undefined;

async function seriousIn(node: ReactNode, t: T, before: (drawn: ReturnType<typeof draw>) => void = nothing): Promise<string[]> {
  document.title = "SecTag";
  document.documentElement.lang = t("locale");
  const drawn = draw(node, t);
  before(drawn);
  await settle();
  const { violations, passes } = await axe.run(drawn.container, {
    resultTypes: ["violations", "passes"],
    rules: { "color-contrast": { enabled: false } },
  });
  // Silence of a check that saw nothing would prove nothing.
  expect(passes.length).toBeGreaterThan(8);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** German once a menu: languages differ in words only. */
const cases = [
  ...Object.entries(named).map(([name, review]) => [name, english, review] as const),
  ...Object.entries(named).flatMap(([name, review]) => (review.menu === "closed" ? [] : [[`${name}, in German`, german, review] as const])),
];
test.each(cases)("card: %s", async (_, t, review) => {
  const card = (
    <Card
      report={tagged(review)}
      blocks={[{ id: "title", role: "title", kind: "value", text: "Credential phishing ", spans: suggestion.blocks[0]?.spans ?? [] }]}
      open
      onToggle={nothing}
      onRetry={nothing}
      onAction={nothing}
      onPreview={async () => decision}
    />
  );
  expect(await seriousIn(card, t, ({ press }) => press(t("preview.title")))).toEqual([]);
});

test("popup: every state of the page", async () => {
  for (const report of [
    { state: "left" },
    { state: "reading", ticket },
    { state: "loading", ticket, progress: 0.4 },
    { state: "unreadable", ticket, reason: "No title." },
    { state: "failed", ticket, reason: "It broke." },
    tagged(named.corrected ?? null),
  ] as const)
    expect(
      await seriousIn(
        <Popup
          report={report}
          onAction={nothing}
          onRead={async () => undefined}
          onShowCard={nothing}
          onSidePanel={nothing}
          onOptions={nothing}
        />,
        german,
      ),
    ).toEqual([]);
});

test("side panel", async () => {
  const recent = Object.values(named).flatMap(({ mine: one }, index) =>
    one ? [{ id: `${index}`, ticket, verdict: one.verdict, tag: one.tag, at, by: null, sync: one.sync }] : [],
  );
  const panel = (
    <SidePanel
      report={tagged(named.type ?? null)}
      recent={recent}
      queue={[{ ticket, url: "https://x.example", suggestion }]}
      waiting={{ rows: [{ ticket, url: "https://x.example", reason: "disputed", said: [{ tag: suggestion, people: 2 }] }], more: 2 }}
      problem="The store is closed."
      onAction={nothing}
      onOpen={nothing}
      onRead={async () => undefined}
      onOptions={nothing}
    />
  );
  expect(await seriousIn(panel, english)).toEqual([]);
});

test("options, with and without a server", async () => {
  const me = {
    user: { id: "u", name: "Sam", role: "lead" },
    org: { id: "o", name: "Corp" },
    scopes: ["review" as const],
    keyExpires: at,
  } as const;
  const problem = { type: "urn:sectag:problem:x", title: "Not valid", status: 422 };
  for (const connected of [false, true]) {
    const options = (
      <Options
        problem={connected ? "" : "The database is blocked."}
        connection={{
          connection: connected ? { baseUrl: "https://s.example", me: { ...me, scopes: [...me.scopes] }, since: at } : null,
          waiting: 1,
          sample: decision,
          onConnect: async () => undefined,
          onDisconnect: nothing,
        }}
        sync={{
          connected,
          pending: 1,
          status: { state: "waiting", reason: "No answer", notBefore: 0, lastSuccess: null },
          dead: [{ id: "a", ticket, problem, at: 0 }],
          onSyncNow: nothing,
          onRetry: nothing,
          onExport: nothing,
          onDiscard: nothing,
        }}
        payloads={{ payloads: [{ n: 1, at: 0, url: "https://s.example/v1/events", body: "{}", status: 200 }] }}
        hosts={{
          most: 50,
          hosts: [{ origin: "https://jira.corp.example", managed: connected, allowed: !connected }],
          onAdd: async () => "",
          onAllow: nothing,
          onRemove: nothing,
        }}
        keys={{ keys: defaultKeys, onKeys: nothing }}
        privacy={{ privacy: { restricted: false, ownDomains: ["a.example"] }, managed: [], connected, onPrivacy: nothing }}
        writeBack={{ settings: { on: true, field: "" }, managed: connected ? ["on", "field"] : [], onSettings: nothing }}
        model={{ view: modelView, onLook: connected ? nothing : null, onBack: nothing }}
        selectors={{
          view: {
            inUse: connected ? { counter: 5, created: at, expires: at, sites: ["jira-cloud"] } : null,
            expired: connected ? null : { counter: 5, expires: at },
            pin: null,
            look: { code: "stale", detail: at, counter: 5, at: 0 },
            refused: { counter: 6, why: "jira-cloud page: title found on 0 of 3 visits, before on 40 of 40" },
          },
          onLook: connected ? nothing : null,
          onPackaged: nothing,
        }}
        engine={{ settings: { webgpu: "auto" }, status: null, onSettings: nothing, onMeasureAgain: nothing }}
      />
    );
    expect(await seriousIn(options, connected ? german : english)).toEqual([]);
  }
});
