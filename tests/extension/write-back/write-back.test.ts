// The write-back of one page over a real HTTP double: offered after a decision only, shown first, written on confirmation, taken back in one step.
import { expect, test, vi } from "vitest";
import { mine, news, state } from "../ui/states.ts";
import { decided, openPage, sysId } from "./write-back-lab.ts";

const labels = (of: ReturnType<typeof openPage>) => of.of.rest.ticket("SOC-7").labels;

test("off by default, and where the system is unknown: nothing is offered, asked or written", async () => {
  for (const page of [openPage({ on: false }), openPage({ system: "none" })]) {
    await vi.waitFor(() => expect(page.drawn.length).toBeGreaterThan(1));
    expect(page.look()).toBeNull();
    for (const action of ["open", "confirm", "revert", "close"] as const) expect(page.writeBack.act(action)).toBe(false);
    expect(page.of.heard).toEqual([]);
  }
});

test("offered after a saved decision that says a tag, and not before", async () => {
  const page = openPage();
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
  const page = openPage();
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
  const page = openPage();
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
  const page = openPage();
  labels(page).push("sectag:malware_low");
  await page.ready();
  expect(await page.act("open")).toMatchObject({
    plan: { change: { add: ["sectag:phishing_high"], remove: [] }, left: [{ kind: "label", value: "sectag:malware_low" }] },
  });
  await page.act("confirm");
  expect(labels(page)).toEqual(["sectag:malware_low", "sectag:phishing_high"]);
});

test("changed between look and confirmation: nothing is written, what would be changed now is shown and asked anew", async () => {
  const page = openPage();
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

test("changed, and the decision taken back while it was written: no diff is shown about a decision that does not stand", async () => {
  const page = openPage();
  await page.ready();
  await page.act("open");
  page.of.rest.edit("SOC-7", (ticket) => ticket.labels.push("vip"));
  expect(page.writeBack.act("confirm")).toBe(true);
  page.show(state());
  const { length } = page.drawn;
  await vi.waitFor(() => expect(page.drawn.length).toBeGreaterThan(length));
  expect(page.writeBack.asks()).toBe(false);
  expect(page.show(decided("malware", "low"))).toMatchObject({ phase: "offer", plan: null, tag: "malware_low", news: { code: "changed" } });
  expect(labels(page)).toEqual(["vip"]);
});

test("somebody took the label away: a revert writes nothing", async () => {
  const page = openPage();
  await page.ready();
  await page.act("open");
  await page.act("confirm");
  page.of.rest.edit("SOC-7", (ticket) => Object.assign(ticket, { labels: ["vip"] }));
  expect(await page.act("revert")).toMatchObject({ news: { code: "changed" } });
  expect(labels(page)).toEqual(["vip"]);
});

test("signed out, forbidden: said, and nothing is remembered", async () => {
  const page = openPage();
  await page.ready();
  page.of.rest.rules.signedIn = false;
  expect(await page.act("open")).toMatchObject({ phase: "offer", news: { code: "signedOut" }, plan: null });
  page.of.rest.rules.signedIn = true;
  await page.act("open");
  page.of.rest.rules.mayEdit = false;
  expect(await page.act("confirm")).toMatchObject({ phase: "offer", news: { code: "forbidden" }, last: null });
  expect(page.kept.size).toBe(0);
});

test("what arrives after it was closed, or about another decision, is not shown", async () => {
  const page = openPage();
  await page.ready();
  const leave = [() => page.writeBack.act("close"), () => page.show(decided("malware", "low"))];
  for (const [n, away] of leave.entries()) {
    expect(page.writeBack.act("open")).toBe(true);
    expect(page.look()?.phase).toBe("reading");
    away();
    await vi.waitFor(() => expect(page.answered()).toBe(n + 1));
    expect(page.look()).toMatchObject({ phase: "offer", plan: null, news: { code: "none" } });
  }
});

test("another decision, or another ticket, closes what was shown about the first", async () => {
  const page = openPage();
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
  const page = openPage();
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
  const page = openPage();
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
  const page = openPage({ system: "servicenow", field: "category" });
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
  const page = openPage({ system: "copy" });
  await page.ready();
  expect(await page.act("open")).toMatchObject({ phase: "diff", copy: "SecTag: phishing_high.", plan: null });
  expect(await page.act("confirm")).toMatchObject({ phase: "offer", copy: null });
  expect(page.of.heard).toEqual([]);
});

test("switched on in the options, it is offered on the open page; switched off, it goes", async () => {
  const page = openPage({ on: false });
  page.settings.on = true;
  page.writeBack.heard();
  await page.ready();
  page.settings.on = false;
  page.writeBack.heard();
  await vi.waitFor(() => expect(page.look()).toBeNull());
});
