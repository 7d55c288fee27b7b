// The write-back of one page over a real HTTP double: offered after a decision only, shown first, written on confirmation, taken back in one step.
import { expect, test, vi } from "vitest";
import { jiraIssue } from "../../../extension/write-back/jira.ts";
import { serviceNowRecord } from "../../../extension/write-back/servicenow.ts";
import { createWriteBack } from "../../../extension/write-back/write-back.ts";
import type { PageReport, ReviewState } from "../../../shared/review.ts";
import { nothingWritten, type WriteBackAction, type WriteBackState, Written } from "../../../shared/write-back.ts";
import { mine, news, state, tagged } from "../ui/states.ts";
import { restServer } from "./rest-server.ts";

const sysId = "0123456789abcdef0123456789abcdef";
const server = restServer({ "SOC-7": "SOC-7", "SOC-8": "SOC-8", [sysId]: "INC0010001" });
const decided = (threatType: "phishing" | "malware", severity: "high" | "low" = "high") =>
  state({ mine: mine({ tag: { threatType, severity } }), news: news("saved") });

/** A page with its background; `on` is the setting. */
function open({
  on = true,
  field = "",
  system = "jira",
}: {
  on?: boolean;
  field?: string;
  system?: "jira" | "servicenow" | "copy" | "none";
} = {}) {
  const of = server();
  const kept = new Map<string, Written>();
  const stop = new AbortController();
  const settings = { on, field };
  let report: PageReport | null = tagged(decided("phishing"));
  let keeps = true;
  const drawn: (WriteBackState | null)[] = [];
  const look = () => {
    const shown = writeBack.follow(report);
    drawn.push(shown);
    return shown;
  };
  const writeBack = createWriteBack({
    find(ticket, name) {
      if (system === "none") return null;
      if (system === "copy") return "copy";
      if (system === "jira") return jiraIssue(of.fetch, new URL(of.origin), 3, ticket.key);
      return serviceNowRecord(of.fetch, {
        origin: of.origin,
        table: "incident",
        sysId,
        number: sysId,
        token: () => of.rest.rules.token,
        field: name,
      });
    },
    ask: {
      recall: async ({ key }) => ({ settings, written: kept.get(key) ?? nothingWritten }),
      async keep({ key }, written) {
        if (!keeps) throw new Error("The message port closed before a response was received.");
        kept.set(key, Written.parse(written));
      },
    },
    noteOf: (tag) => `SecTag: ${tag}.`,
    now: () => Date.UTC(2026, 10, 25, 10),
    changed: () => void look(),
    signal: stop.signal,
  });
  look();
  return {
    of,
    kept,
    settings,
    drawn,
    writeBack,
    look,
    show(review: ReviewState, key = "SOC-7") {
      const next = tagged(review);
      report = { ...next, ticket: { ...next.ticket, key } };
      return look();
    },
    leave() {
      report = { state: "left" };
      look();
    },
    loseMemory: () => {
      keeps = false;
    },
    /** Acts, and waits until that came to its end. */
    async act(action: WriteBackAction) {
      expect(writeBack.act(action), action).toBe(true);
      return this.rest();
    },
    rest: () =>
      vi.waitFor(() => {
        const shown = look();
        expect(shown?.phase).toMatch(/offer|diff/);
        return shown;
      }),
    ready: () => vi.waitFor(() => expect(look()).not.toBeNull()),
  };
}
const labels = (of: ReturnType<typeof open>) => of.of.rest.ticket("SOC-7").labels;

test("off by default, and where the system is unknown: nothing is offered, asked or written", async () => {
  for (const page of [open({ on: false }), open({ system: "none" })]) {
    await vi.waitFor(() => expect(page.drawn.length).toBeGreaterThan(1));
    expect(page.look()).toBeNull();
    for (const action of ["open", "confirm", "revert", "close"] as const) expect(page.writeBack.act(action)).toBe(false);
    expect(page.of.heard).toEqual([]);
  }
});

test("offered after a saved decision that says a tag, and not before", async () => {
  const page = open();
  await page.ready();
  expect(page.look()).toMatchObject({ phase: "offer", tag: "phishing_high", last: null });
  for (const review of [
    state(),
    state({ mine: mine({ verdict: "reject", tag: { threatType: null, severity: null } }) }),
    state({ mine: mine(), news: news("saving") }),
    state({ mine: mine(), news: news("failed") }),
  ])
    expect(page.show(review)).toBeNull();
  expect(page.show(decided("malware", "low"))?.tag).toBe("malware_low");
  expect(page.of.heard).toEqual([]);
});

test("shown, then written on confirmation, then taken back; each step once", async () => {
  const page = open();
  labels(page).push("vip");
  await page.ready();
  const diff = await page.act("open");
  expect(diff).toMatchObject({
    phase: "diff",
    plan: { change: { kind: "labels", add: ["sectag:phishing_high"], remove: [] }, left: [] },
  });
  expect(page.writeBack.asks()).toBe(true);
  expect(labels(page)).toEqual(["vip"]);
  expect(page.writeBack.act("open")).toBe(false);
  const written = await page.act("confirm");
  expect(written).toMatchObject({ phase: "offer", news: { code: "written" }, last: { tag: "phishing_high", revertible: true } });
  expect(labels(page)).toEqual(["vip", "sectag:phishing_high"]);
  expect(page.writeBack.asks()).toBe(false);
  expect(page.writeBack.act("confirm")).toBe(false);
  expect(await page.act("open")).toMatchObject({ phase: "offer", news: { code: "nothing" } });
  expect(await page.act("revert")).toMatchObject({ news: { code: "reverted" }, last: null });
  expect(labels(page)).toEqual(["vip"]);
  expect(page.writeBack.act("revert")).toBe(false);
  expect(page.of.heard.filter((line) => line.startsWith("PUT"))).toHaveLength(2);
});

test("another decision replaces our own label on a later visit, and a revert brings it back", async () => {
  const page = open();
  await page.ready();
  await page.act("open");
  await page.act("confirm");
  page.leave();
  page.show(decided("malware", "low"));
  await page.ready();
  expect(await page.act("open")).toMatchObject({
    plan: { change: { add: ["sectag:malware_low"], remove: ["sectag:phishing_high"] } },
  });
  await page.act("confirm");
  expect(labels(page)).toEqual(["sectag:malware_low"]);
  await page.act("revert");
  expect(labels(page)).toEqual(["sectag:phishing_high"]);
  // It is ours still: a third decision may replace it.
  expect(await page.act("open")).toMatchObject({ plan: { change: { remove: ["sectag:phishing_high"] } } });
});

test("what another SecTag wrote is left, and said", async () => {
  const page = open();
  labels(page).push("sectag:malware_low");
  await page.ready();
  expect(await page.act("open")).toMatchObject({
    plan: { change: { add: ["sectag:phishing_high"], remove: [] }, left: [{ kind: "label", value: "sectag:malware_low" }] },
  });
  await page.act("confirm");
  expect(labels(page)).toEqual(["sectag:malware_low", "sectag:phishing_high"]);
});

test("changed between look and confirmation: nothing is written, what would be changed now is shown and asked anew", async () => {
  const page = open();
  await page.ready();
  await page.act("open");
  page.of.rest.edit("SOC-7", (ticket) => ticket.labels.push("sectag:malware_low"));
  expect(await page.act("confirm")).toMatchObject({
    phase: "diff",
    news: { code: "changed" },
    plan: { left: [{ kind: "label", value: "sectag:malware_low" }] },
  });
  expect(labels(page)).toEqual(["sectag:malware_low"]);
  await page.act("confirm");
  expect(labels(page)).toEqual(["sectag:malware_low", "sectag:phishing_high"]);
});

test("somebody took the label away: a revert writes nothing", async () => {
  const page = open();
  await page.ready();
  await page.act("open");
  await page.act("confirm");
  page.of.rest.edit("SOC-7", (ticket) => Object.assign(ticket, { labels: ["vip"] }));
  expect(await page.act("revert")).toMatchObject({ news: { code: "changed" } });
  expect(labels(page)).toEqual(["vip"]);
});

test("signed out, forbidden: said, and nothing is remembered", async () => {
  const page = open();
  await page.ready();
  page.of.rest.rules.signedIn = false;
  expect(await page.act("open")).toMatchObject({ phase: "offer", news: { code: "signedOut" }, plan: null });
  page.of.rest.rules.signedIn = true;
  await page.act("open");
  page.of.rest.rules.mayEdit = false;
  expect(await page.act("confirm")).toMatchObject({ phase: "offer", news: { code: "forbidden" }, last: null });
  expect(page.kept.size).toBe(0);
});

test("another decision, or another ticket, closes what was shown about the first", async () => {
  const page = open();
  await page.ready();
  await page.act("open");
  expect(page.show(decided("malware", "low"))).toMatchObject({ phase: "offer", plan: null });
  expect(page.writeBack.act("confirm")).toBe(false);
  await page.act("open");
  page.show(decided("malware", "low"), "SOC-8");
  expect(page.writeBack.asks()).toBe(false);
  expect(page.of.heard.filter((line) => line.startsWith("PUT"))).toEqual([]);
});

test("what was read for a ticket that was left is not shown over the next; a write under way is remembered for its own", async () => {
  const page = open();
  await page.ready();
  await page.act("open");
  expect(page.writeBack.act("confirm")).toBe(true);
  page.show(decided("malware", "low"), "SOC-8");
  await vi.waitFor(() => expect(page.kept.get("SOC-7")?.labels).toEqual(["sectag:phishing_high"]));
  await page.ready();
  expect(page.look()).toMatchObject({ phase: "offer", tag: "malware_low", last: null, news: { code: "none" } });
  expect(page.of.rest.ticket("SOC-8").labels).toEqual([]);
});

test("a record that could not be kept: taken back on this visit, a stranger's on the next", async () => {
  const page = open();
  await page.ready();
  page.loseMemory();
  await page.act("open");
  expect(await page.act("confirm")).toMatchObject({ news: { code: "written" }, last: { revertible: true } });
  page.leave();
  page.show(decided("malware", "low"));
  await page.ready();
  expect(await page.act("open")).toMatchObject({
    plan: { change: { remove: [] }, left: [{ value: "sectag:phishing_high" }] },
    last: null,
  });
});

test("ServiceNow: the named field, and a work note beside a field that a person has filled; a note is not reverted", async () => {
  const page = open({ system: "servicenow", field: "category" });
  const ticket = page.of.rest.ticket(sysId);
  ticket.fields.category = "Hardware";
  await page.ready();
  expect(await page.act("open")).toMatchObject({
    plan: { change: { kind: "note", text: "SecTag: phishing_high." }, left: [{ kind: "field", name: "category", value: "Hardware" }] },
  });
  expect(await page.act("confirm")).toMatchObject({ last: { revertible: false } });
  expect(ticket).toMatchObject({ notes: ["SecTag: phishing_high."], fields: { category: "Hardware" } });
  expect(page.writeBack.act("revert")).toBe(false);
  page.of.rest.edit(sysId, (one) => Object.assign(one.fields, { category: "" }));
  await page.act("open");
  await page.act("confirm");
  expect(ticket.fields.category).toBe("phishing_high");
  await page.act("revert");
  expect(ticket.fields.category).toBe("");
});

test("where SecTag cannot write, the text is there to be copied", async () => {
  const page = open({ system: "copy" });
  await page.ready();
  expect(await page.act("open")).toMatchObject({ phase: "diff", copy: "SecTag: phishing_high.", plan: null });
  expect(await page.act("confirm")).toMatchObject({ phase: "offer", copy: null });
  expect(page.of.heard).toEqual([]);
});

test("switched on in the options, it is offered on the open page; switched off, it goes", async () => {
  const page = open({ on: false });
  page.settings.on = true;
  page.writeBack.heard();
  await page.ready();
  page.settings.on = false;
  page.writeBack.heard();
  await vi.waitFor(() => expect(page.look()).toBeNull());
});
