// @vitest-environment jsdom
// Popup and side panel: keys of the whole surface are the review's, unless they are somebody else's; queue and last decisions.
import { expect, test } from "vitest";
import { Popup } from "../../../extension/ui/popup.tsx";
import { SidePanel } from "../../../extension/ui/side-panel.tsx";
import type { PageReport, ReviewAction, ReviewState } from "../../../shared/review.ts";
import { draw, settle } from "./draw.tsx";
import { at, mine, state, suggestion, tagged, ticket } from "./states.ts";

const nothing = () => undefined;

function popup(review: ReviewState | null, report: PageReport = tagged(review), onRead = async () => {}) {
  const asked: ReviewAction[] = [];
  const drawn = draw(
    <Popup report={report} onAction={(action) => asked.push(action)} onRead={onRead} onShowCard={nothing} onOptions={nothing} />,
  );
  return { ...drawn, asked };
}

const plain = { alt: false, shift: false, ctrl: false };

test("a key pressed anywhere goes to the page, and nowhere else", () => {
  const { key, asked } = popup(state({ armed: true }));
  expect(key(document.body, "Enter").defaultPrevented).toBe(true);
  key(document.body, "T", { shiftKey: false });
  expect(asked).toEqual([
    { do: "key", key: "Enter", ...plain },
    { do: "key", key: "T", ...plain },
  ]);
});

test("unarmed, no key does anything but Escape on an open menu", () => {
  const { key, asked } = popup(state({ menu: "type" }));
  for (const pressed of ["Enter", "1", "t"]) key(document.body, pressed);
  expect(asked).toEqual([]);
  key(document.body, "Escape");
  expect(asked).toEqual([{ do: "menu", menu: "closed" }]);
});

test("Escape without a menu is the browser's: it closes the popup", () => {
  const { key, asked } = popup(state({ armed: true }));
  expect(key(document.body, "Escape").defaultPrevented).toBe(false);
  expect(asked).toEqual([]);
});

test("Enter on a button presses the button alone; letters on it are the review's", () => {
  const { key, button, asked } = popup(state({ armed: true }));
  expect(key(button("Reject"), "Enter").defaultPrevented).toBe(false);
  expect(key(button("Reject"), " ").defaultPrevented).toBe(false);
  expect(asked).toEqual([]);
  key(button("Reject"), "x");
  expect(asked).toEqual([{ do: "key", key: "x", ...plain }]);
});

test("a page without a known ticket can be read by a press; a refusal says what to do", async () => {
  let read = 0;
  const { press, text } = popup(null, { state: "left" }, async () => {
    read += 1;
    if (read > 1) throw new Error("Cannot access contents of the page");
  });
  press("Read this page");
  await settle();
  expect([read, text('[role="alert"]')]).toEqual([1, expect.stringContaining("this once")]);
  press("Read this page");
  await settle();
  expect(text('[role="alert"]')).toContain("The browser does not allow it here.");
  expect(popup(state({})).has("Read this page")).toBe(false);
});

test("who types is not disturbed", () => {
  const { key, asked, container } = popup(state({ armed: true }));
  for (const made of [document.createElement("input"), document.createElement("textarea")]) {
    container.append(made);
    key(made, "Enter");
  }
  key(document.body, "Enter", { isComposing: true });
  expect(asked).toEqual([]);
});

test("the browser keeps its own: copying, scrolling, what means nothing here", () => {
  const { key, asked } = popup(state({ armed: true }));
  for (const [pressed, init] of [
    ["c", { ctrlKey: true }],
    ["c", { metaKey: true }],
    ["ArrowDown", {}],
    ["ArrowLeft", { altKey: true }],
    [" ", {}],
    ["PageDown", {}],
    ["Tab", {}],
    ["Shift", {}],
  ] as const)
    expect(key(document.body, pressed, init).defaultPrevented, pressed).toBe(false);
  expect(asked).toEqual([]);
});

test("among the highlights arrows choose, and move edges with Alt", () => {
  const { key, asked } = popup(state({ armed: true, menu: "spans", selected: 0 }));
  key(document.body, "ArrowDown");
  key(document.body, "ArrowLeft", { altKey: true, shiftKey: true });
  key(document.body, "Delete");
  expect(asked).toEqual([
    { do: "key", key: "ArrowDown", ...plain },
    { do: "key", key: "ArrowLeft", alt: true, shift: true, ctrl: false },
    { do: "key", key: "Delete", ...plain },
  ]);
});

test("a surface that was taken away hears no keys any more", () => {
  const { key, redraw, asked } = popup(state({ armed: true }));
  redraw(null);
  key(document.body, "Enter");
  expect(asked).toEqual([]);
});

test("without a ticket there is nothing to review, and nothing to show in it", () => {
  const { has, text } = popup(null, { state: "left" });
  expect(has("Show in the ticket")).toBe(false);
  expect(text()).toContain("No ticket on this page");
});

test("before the store has answered the popup shows the tag without a review", () => {
  const { has, text } = popup(null);
  expect(text(".chip")).toContain("phishing_high");
  expect(has("Accept")).toBe(false);
});

test("the side panel: queue with links, last decisions with their way to the server, what is wrong with the store", () => {
  const opened: string[] = [];
  const row = {
    id: "1",
    ticket,
    verdict: "correct",
    tag: { threatType: "malware", severity: "low" },
    at,
    by: null,
    sync: "pending",
  } as const;
  const { press, container, text } = draw(
    <SidePanel
      report={tagged(state({ mine: mine() }))}
      recent={[row, { ...row, id: "2", by: "Kim Lead", verdict: "reject", tag: { threatType: null, severity: null }, sync: "stored" }]}
      queue={[{ ticket: { system: "jira-cloud", key: "SOC-9" }, url: "https://x.atlassian.net/browse/SOC-9", suggestion }]}
      waiting={{ rows: [], more: 0 }}
      problem="The browser could not open the reviews' database."
      onAction={nothing}
      onOpen={(url) => opened.push(url)}
      onRead={async () => undefined}
      onOptions={nothing}
    />,
  );
  press("SOC-9");
  expect(opened).toEqual(["https://x.atlassian.net/browse/SOC-9"]);
  expect(text("summary")).toBe("1 ticket waits for a review");
  expect(text('[role="alert"]')).toContain("could not open");
  const rows = [...container.querySelectorAll("h2 + .rows li")].map(({ textContent }) => textContent);
  expect(rows[0]).toMatch(/^→SOC-7 Corrected to malware_lowSaved here, waiting to be sent · /);
  expect(rows[1]).toMatch(/^✕SOC-7 RejectedKim Lead · Saved and sent · /);
});

test("a side panel without decisions says so", () => {
  const { text } = draw(
    <SidePanel
      report={null}
      recent={[]}
      queue={[]}
      waiting={{ rows: [], more: 0 }}
      problem=""
      onAction={nothing}
      onRead={async () => undefined}
      onOpen={nothing}
      onOptions={nothing}
    />,
  );
  expect(text()).toContain("Nothing has been decided in this browser yet.");
});

test("a lead's side panel: what waits for a ruling, why, with a link where the ticket was open here, and how much is not listed", () => {
  const opened: string[] = [];
  const said = [
    { tag: { threatType: "phishing", severity: "high" }, people: 2 },
    { tag: null, people: 1 },
  ] as const;
  const row = { url: null, reason: "disputed", said: [] } as const;
  const { press, has, container, text } = draw(
    <SidePanel
      report={null}
      recent={[]}
      queue={[]}
      waiting={{
        rows: [
          { ...row, ticket: { system: "jira-cloud", key: "SOC-1" }, reason: "alone", url: "https://x.example/SOC-1" },
          { ...row, ticket: { system: "jira-cloud", key: "SOC-2" }, said },
        ],
        more: 5,
      }}
      problem=""
      onAction={nothing}
      onRead={async () => undefined}
      onOpen={(url) => opened.push(url)}
      onOptions={nothing}
    />,
  );
  expect(text("summary")).toBe("7 tickets wait for your ruling");
  press("SOC-1");
  expect(opened).toEqual(["https://x.example/SOC-1"]);
  expect(has("SOC-2")).toBe(false);
  expect([...container.querySelectorAll("details li")].map(({ textContent }) => textContent)).toEqual([
    "SOC-1one person alone changed a sure or critical suggestion",
    "SOC-2phishing_high (2) · Rejected (1)reviewers disagree",
  ]);
  expect(text("details")).toContain("5 more are not listed.");
});
