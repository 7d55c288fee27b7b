// @vitest-environment jsdom
// The options page: connecting and what would be sent before it, sync and its dead letters, payloads, keys with their refusals, privacy.
import { expect, test } from "vitest";
import { Connection } from "../../../extension/ui/options-connection.tsx";
import { Keys } from "../../../extension/ui/options-keys.tsx";
import { Payloads } from "../../../extension/ui/options-payloads.tsx";
import { Privacy } from "../../../extension/ui/options-privacy.tsx";
import { Sync, type SyncProps } from "../../../extension/ui/options-sync.tsx";
import { defaultKeys, type KeyMap } from "../../../shared/review.ts";
import { draw, settle } from "./draw.tsx";
import { at, decision, ticket } from "./states.ts";

const me = {
  user: { id: "u1", name: "Sam Analyst", role: "analyst" },
  org: { id: "o1", name: "Corp SOC" },
  scopes: ["review"],
  keyExpires: null,
} as const;

test("before connecting: how many wait, what one looks like, and a link that is refused with a sentence", async () => {
  const links: string[] = [];
  const onConnect = async (link: string) => {
    links.push(link);
    if (links.length === 1) throw new Error("This is no pairing link.");
  };
  const { text, container, type, press, button } = draw(
    <Connection connection={null} waiting={3} sample={decision} onConnect={onConnect} onDisconnect={() => undefined} />,
  );
  expect(text()).toContain("3 reviews wait and would be sent as soon as you connect.");
  expect([...container.querySelectorAll("details .marked-text")].map(({ textContent }) => textContent)).toEqual(
    decision.blocks.map((block) => block.text),
  );
  const field = container.querySelector("input");
  if (!field) throw new Error("no field");
  type(field, "https://sectag.example/pair#short");
  press("Connect");
  await settle();
  expect(text('[role="alert"]')).toBe("This is no pairing link.");
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(field.value).toBe("https://sectag.example/pair#short");
  expect(button("Connect").getAttribute("aria-disabled")).toBe("false");
  press("Connect");
  await settle();
  expect(links).toHaveLength(2);
  expect([text('[role="alert"]'), field.value]).toEqual(["", ""]);
});

test("connected: who, where, which scopes, until when; disconnect", () => {
  let cut = 0;
  const { container, press } = draw(
    <Connection
      connection={{ baseUrl: "https://sectag.corp.example", me: { ...me, scopes: [...me.scopes] }, since: at }}
      waiting={0}
      sample={null}
      onConnect={async () => undefined}
      onDisconnect={() => cut++}
    />,
  );
  const facts = [...container.querySelectorAll("dd")].map(({ textContent }) => textContent);
  expect(facts.slice(0, 4)).toEqual(["https://sectag.corp.example", "Sam Analyst (analyst)", "Corp SOC", "review"]);
  expect(facts.at(-1)).toBe("no end");
  press("Disconnect");
  expect(cut).toBe(1);
});

function sync(change: Partial<SyncProps> = {}) {
  const done: unknown[] = [];
  const problem = { type: "urn:sectag:problem:invalid", title: "Not valid", status: 422, detail: "Send another tag." };
  const drawn = draw(
    <Sync
      connected
      pending={2}
      status={{ state: "waiting", reason: "No answer", notBefore: Date.parse(at), lastSuccess: null }}
      dead={[
        { id: "a", ticket, problem, at: Date.parse(at) },
        { id: "b", ticket: { ...ticket, key: "SOC-8" }, problem, at: Date.parse(at) },
      ]}
      onSyncNow={() => done.push("now")}
      onRetry={(ids) => done.push(["retry", ids])}
      onExport={() => done.push("export")}
      onDiscard={(id) => done.push(["discard", id])}
      {...change}
    />,
  );
  return { ...drawn, done, facts: () => [...drawn.container.querySelectorAll("dd")].map(({ textContent }) => textContent) };
}

test("sync: what waits and why, and sync now", () => {
  const { facts, press, done } = sync();
  expect(facts().slice(0, 3)).toEqual(["2 reviews", "Trying again: No answer", "none yet"]);
  press("Sync now");
  expect(done).toEqual(["now"]);
});

test("each state of sync is said in words; without a server there is nothing to press", () => {
  const status = { reason: "why", notBefore: 0, lastSuccess: Date.parse(at) };
  expect(sync({ status: { ...status, state: "idle" } }).facts()[1]).toBe("All is sent and up to date.");
  expect(sync({ status: { ...status, state: "signed-out" } }).facts()[1]).toBe("Stopped, please connect anew: why");
  expect(sync({ status: { ...status, state: "refused" } }).facts()[1]).toBe("The server refused the request: why");
  const off = sync({ connected: false });
  expect(off.facts()[1]).toBe("No server is connected.");
  expect(off.has("Sync now")).toBe(false);
});

test("dead letters: the problem's words, retry one or all, export, and discard only after a second press", () => {
  const { text, press, done, has, button } = sync();
  expect(text(".dead")).toContain("SOC-7Not valid: Send another tag.");
  press("Try all again");
  press("Try again: SOC-8");
  press("Export as a file");
  press("Discard: SOC-8");
  expect(has("Discard for good")).toBe(true);
  // The button that was pressed is gone: the focus must not be.
  expect(document.activeElement).toBe(button("Keep"));
  press("Keep");
  expect(has("Discard for good")).toBe(false);
  expect(document.activeElement).toBe(button("Discard: SOC-8"));
  press("Discard: SOC-8");
  press("Discard for good");
  expect(done).toEqual([["retry", undefined], ["retry", ["b"]], "export", ["discard", "b"]]);
});

test("payloads: time, bytes in UTF-8, answer, and the body as it left", () => {
  const { container } = draw(
    <Payloads
      payloads={[
        { n: 2, at: Date.parse(at), url: "https://s.example/v1/events", body: '{"a":"ü"}', status: 200 },
        { n: 1, at: Date.parse(at), url: "https://s.example/v1/events", body: "not JSON", status: null },
      ]}
    />,
  );
  const [first, second] = [...container.querySelectorAll("details")];
  expect(first?.textContent).toContain("10 bytes · answer 200POST https://s.example/v1/events");
  expect(first?.querySelector("pre")?.textContent).toBe('{\n  "a": "ü"\n}');
  expect(second?.textContent).toContain("8 bytes · no answer");
  expect(second?.querySelector("pre")?.textContent).toBe("not JSON");
});

function keys(start: KeyMap = defaultKeys) {
  const taken: KeyMap[] = [];
  const drawn = draw(<Keys keys={start} onKeys={(next) => taken.push(next)} />);
  const change = (command: string, key: string, init: KeyboardEventInit = {}) => {
    drawn.press(`${command}:`);
    const button = drawn.button(`${command}:`);
    return drawn.key(button, key, init);
  };
  return { ...drawn, taken, change };
}

test("a key is taken; a capital is the letter's key", () => {
  const { change, taken } = keys();
  change("Reject", "Backspace");
  change("Undo", "Z", { shiftKey: true });
  expect(taken).toEqual([
    { ...defaultKeys, reject: "Backspace" },
    { ...defaultKeys, undo: "z" },
  ]);
});

test.each([
  ["of another command", "t", {}, "T is taken by Change the type. Change that one first."],
  ["of another command, in capitals", "T", { shiftKey: true }, "T is taken by Change the type. Change that one first."],
  ["that chooses in menus", "4", {}, "4 has a meaning in the review already. Choose another one."],
  ["that moves", "ArrowLeft", {}, "← has a meaning in the review already. Choose another one."],
  ["with Ctrl", "k", { ctrlKey: true }, "Ctrl, Alt and Meta belong to the browser and the page. Choose a single key."],
  ["that is half a letter", "Dead", {}, "The browser does not tell which key that was. Choose another one."],
])("a key %s is refused with a sentence", (_, key, init, sentence) => {
  const { change, taken, text } = keys();
  change("Reject", key, init);
  expect(taken).toEqual([]);
  expect(text('[role="status"]')).toBe(sentence);
});

test("Escape and Tab leave a key as it is, and Tab goes on", () => {
  const { change, taken, text } = keys();
  change("Reject", "Escape");
  expect(text('[role="status"]')).toBe("");
  expect(change("Reject", "Tab").defaultPrevented).toBe(false);
  expect(taken).toEqual([]);
});

test("all keys go back to the first ones", () => {
  const { press, taken } = keys({ ...defaultKeys, accept: "y" });
  press("Reset all keys");
  expect(taken).toEqual([defaultKeys]);
});

test("privacy: restricted texts are off until somebody allows them; the sentences say whether anything leaves", () => {
  const set: unknown[] = [];
  const node = (connected: boolean, managed: ("restricted" | "ownDomains")[] = []) => (
    <Privacy
      privacy={{ restricted: false, ownDomains: ["corp.example"] }}
      managed={managed}
      connected={connected}
      onPrivacy={(next) => set.push(next)}
    />
  );
  const { container, text, redraw, press } = draw(node(false));
  const box = container.querySelector<HTMLInputElement>('input[type="checkbox"]');
  expect(box?.checked).toBe(false);
  expect(text()).toContain("No server is connected, so nothing leaves.");
  box?.click();
  expect(set).toEqual([{ restricted: true, ownDomains: ["corp.example"] }]);
  press("Remove corp.example");
  expect(set.at(-1)).toEqual({ restricted: false, ownDomains: [] });
  redraw(node(true, ["restricted", "ownDomains"]));
  expect(text()).toContain("A server is connected.");
  expect(text()).toContain("Set by your organisation.");
  expect(box?.disabled).toBe(true);
  expect(container.querySelector('input[type="text"]')).toBeNull();
});

test("own domains: one that is none is refused with a sentence, the rest is added in small letters, once", async () => {
  const set: string[][] = [];
  const { container, type, press, text } = draw(
    <Privacy
      privacy={{ restricted: false, ownDomains: ["a.example"] }}
      managed={[]}
      connected={false}
      onPrivacy={({ ownDomains }) => set.push(ownDomains)}
    />,
  );
  const field = container.querySelector<HTMLInputElement>('input[type="text"]');
  if (!field) throw new Error("no field");
  for (const wrong of ["", "corp", "https://corp.example", "corp example", "<b>.example"]) {
    type(field, wrong);
    press("Add");
    await settle();
    expect(text('[role="alert"]'), wrong).toBe("A domain looks like corp.example.");
  }
  type(field, " @Corp.Example ");
  press("Add");
  await settle();
  expect(field.value).toBe("");
  type(field, "a.example");
  press("Add");
  await settle();
  expect(set).toEqual([["a.example", "corp.example"]]);
  expect(text('[role="alert"]')).toBe("");
});
