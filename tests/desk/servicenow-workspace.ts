// A ServiceNow workspace on ServiceNow's own component framework: nested open shadow roots, a screen for each open tab, roots that come late.
import "./no-eval.ts";
import { createCustomElement } from "@servicenow/ui-core";
import snabbdom, { createElement as h } from "@servicenow/ui-renderer-snabbdom";
import { z } from "zod";
import { exposeControl } from "./control.ts";
import { after, readPace } from "./pace.ts";
import { PageTicket, type TicketComment } from "./ticket-shape.ts";

const SHELL = "macroponent-f51912f4c700201072b211d4d8c26010";
const APP = "macroponent-0a1b2c3d4e5f60718293a4b5c6d7e8f9";
const RECORD = "macroponent-9f8e7d6c5b4a39281706f5e4d3c2b1a0";
const KINDS = { comment: "Additional comments", "work note": "Work notes" } as const;

interface Tab {
  record: PageTicket;
  active: boolean;
  /** Another number makes other elements. */
  drawn: number;
  /** A tile has a component that is closed. */
  closed: boolean;
}

const pace = readPace(document);
/** How long the activity stream's code takes to load: until then its elements stand there without a root. */
const lateMs = Number(new URLSearchParams(location.search).get("late")) || pace.delay(200, 900);
let tabs: Tab[] = [];

/** A component whose properties are drawn by `view`. */
function component<P extends Record<string, unknown>>(
  name: string,
  defaults: P,
  view: (properties: P) => unknown,
  mode: "open" | "closed" = "open",
) {
  const properties = Object.fromEntries(Object.entries(defaults).map(([key, value]) => [key, { default: value }]));
  const config = { actionHandlers: {}, renderer: { type: snabbdom }, properties, shadowRootOptions: { mode } };
  createCustomElement(name, { ...config, view: (state: { properties: P }) => view(state.properties) });
}

const noTab: { tab: Tab | null } = { tab: null };
const classed = (name: string) => ({ "attr-class": name });

component("now-input", { label: "", value: "", lines: 1 }, ({ label, value, lines }) =>
  h("div", classed("now-input"), h("label", null, label), lines > 1 ? h("textarea", { value, rows: lines }) : h("input", { value })),
);
component("now-record-field", { label: "", value: "", lines: 1 }, (field) => h("div", null, h("now-input", field)));
component("now-record-form-section-column-layout", noTab, ({ tab }) => {
  const field = (name: string, label: string, value: string, lines = 1) =>
    h("now-record-field", { "attr-name": name, label, value, lines });
  return h(
    "div",
    classed("sn-section-form-column"),
    ...(tab
      ? [
          field("number", "Number", tab.record.key),
          field("caller_id", "Caller", tab.record.fields.reporter),
          field("short_description", "Short description", tab.record.title),
          field("description", "Description", tab.record.description, 8),
        ]
      : []),
  );
});
component("sn-form-data-connected", noTab, ({ tab }) => h("section", null, h("now-record-form-section-column-layout", { tab })));
component("now-activity-stream-compose-connected", {}, () =>
  h("div", classed("compose-container"), h("textarea", { "attr-name": "work_notes" })),
);
component("now-rich-text", { text: "" }, ({ text }) => h("div", null, ...text.split("\n").map((line) => h("p", null, line))));
component("sn-private-part", { text: "" }, ({ text }) => h("p", null, text), "closed");
component(RECORD, noTab, ({ tab }) =>
  h(
    "div",
    classed("record"),
    h("sn-form-data-connected", { key: `form-${tab?.drawn}`, tab }),
    h("now-activity-stream-compose-connected", null),
    h("now-activity-stream-connected", { key: `stream-${tab?.drawn}`, tab }),
  ),
);
component("sn-canvas-screen", noTab, ({ tab }) => h("section", null, h(RECORD, { tab })));
component("sn-canvas-main", { tabs }, ({ tabs: all }) =>
  h(
    "main",
    null,
    ...all.map((tab) => h("sn-canvas-screen", { key: tab.record.key, tab, style: { display: tab.active ? "block" : "none" } })),
  ),
);
component("sn-canvas-root", { tabs }, ({ tabs: all }) => h("sn-canvas-layout", null, h("sn-canvas-main", { tabs: all })));
component(APP, { tabs }, ({ tabs: all }) => h("div", null, h("sn-canvas-root", { tabs: all })));
component(SHELL, { tabs }, ({ tabs: all }) =>
  h("div", { "attr-id": "item-snCanvasAppshellMain" }, h("sn-canvas-experience-shell", null, h(APP, { tabs: all }))),
);

function tile({ author, at, kind, text }: TicketComment, closed: boolean): unknown {
  const head = h("div", classed("tile-header"), h("span", null, author), h("span", null, KINDS[kind]), h("time", null, at));
  // A comment is rich text in a component of its own, a work note is plain text.
  const body = kind === "comment" ? h("now-rich-text", { text }) : text;
  return h(
    "div",
    classed("tile"),
    head,
    h("div", classed("tile-body"), body, closed ? h("sn-private-part", { text: "for nobody" }) : null),
  );
}

/** Defined last, when its code "has been loaded": upgrading an element that stands there gives it a root, without any change around it. */
function defineStream(): void {
  component("now-activity-stream-connected", noTab, ({ tab }) =>
    h(
      "div",
      classed("sn-as"),
      ...[...(tab?.record.comments ?? [])].reverse().map((comment, index) => tile(comment, index === 0 && tab?.closed === true)),
    ),
  );
}

const shell = document.createElement(SHELL);
/** Each drawing gets new objects, as the framework's store would give it. */
function draw(): void {
  Object.assign(shell, { tabs: tabs.map((tab) => ({ ...tab })) });
}

async function get(path: string): Promise<unknown> {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return answer.json();
}

async function open(sysId: string): Promise<void> {
  const known = tabs.find(({ record }) => record.sysId === sysId);
  const record = known?.record ?? PageTicket.parse(await get(`/api/now/table/incident/${sysId}`));
  // The new tab's screen is drawn before the old one is hidden, as in the product.
  if (!known) tabs = [...tabs, { record, active: true, drawn: 0, closed: false }];
  tabs = tabs.map((tab) => ({ ...tab, active: tab.record.sysId === sysId }));
  document.title = `${record.key} | Service Operations Workspace`;
  draw();
}

async function route(target: string): Promise<void> {
  const all = z.array(PageTicket).parse(await get("/api/now/table/incident"));
  const record = all.find(({ key, sysId }) => key === target || sysId === target);
  if (!record) throw new Error(`No incident ${target} on the desk`);
  history.pushState(null, "", `/now/sow/record/incident/${record.sysId}`);
  await open(record.sysId);
}

function change(edit: (tab: Tab) => Tab): void {
  tabs = tabs.map((tab) => (tab.active ? edit(tab) : tab));
  draw();
}
const addEntry = (text: string, kind: TicketComment["kind"]) =>
  change((tab) => {
    const comment: TicketComment = { id: 900_000 + tab.record.comments.length, author: "Mira Olsson", at: "2026-11-23 09:30", kind, text };
    return { ...tab, record: { ...tab.record, comments: [...tab.record.comments, comment] } };
  });

async function start(): Promise<void> {
  document.body.prepend(shell);
  draw();
  await after(pace.delay(200, 700), new AbortController().signal);
  await open(/\/record\/incident\/([0-9a-f]{32})/.exec(location.pathname)?.[1] ?? "");
  await after(lateMs, new AbortController().signal);
  defineStream();
}
const shown = start();
window.addEventListener("popstate", () => void open(/\/record\/incident\/([0-9a-f]{32})/.exec(location.pathname)?.[1] ?? ""));

exposeControl(
  {
    route,
    describe: (text) => change((tab) => ({ ...tab, record: { ...tab.record, description: text } })),
    title: (text) => change((tab) => ({ ...tab, record: { ...tab.record, title: text } })),
    "add-comment": (text) => addEntry(text || "Any news on this one?", "comment"),
    "add-work-note": (text) => addEntry(text || "Looked again, nothing new.", "work note"),
    "rerender-text": () => draw(),
    /** Other elements for form and stream, all the way down. */
    "rerender-nodes": () => change((tab) => ({ ...tab, drawn: tab.drawn + 1 })),
    closed: () => change((tab) => ({ ...tab, closed: true })),
  },
  () => shown,
);
