// The practice desk itself: its watchdog catches foreign writes and only these, its policy reports, its doubles do what they are told.
import type { Browser, CDPSession, Frame, Page } from "puppeteer-core";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Desk } from "../desk/server.ts";
import type { DeskTicket } from "../desk/ticket-shape.ts";
import { startDeskAlone } from "./desk-alone.ts";
import { settled, step } from "./lab.ts";

let alone: Awaited<ReturnType<typeof startDeskAlone>>;
let desk: Desk;
let browser: Browser;
let page: Page;
let cdp: CDPSession;

beforeAll(async () => {
  alone = await startDeskAlone();
  ({ desk, browser } = alone);
});
afterAll(() => alone?.close());
beforeEach(async () => {
  await page?.close();
  page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  cdp = await page.createCDPSession();
  await page.bringToFront();
});

const ticket = (key: string): DeskTicket => {
  const found = desk.tickets.find((candidate) => candidate.key === key);
  if (!found) throw new Error(`The desk has no ticket ${key}`);
  return found;
};
const foreign = (frame: Frame) => frame.evaluate(() => window.__double?.foreignMutations() ?? []);
const innerFrame = async (): Promise<Frame> => {
  await page.waitForFrame((frame) => frame.name() === "gsft_main" && frame.url().includes("/incident"));
  const frame = page.frames().find((candidate) => candidate.name() === "gsft_main");
  if (!frame) throw new Error("no frame gsft_main");
  await settled(frame);
  return frame;
};
/** Runs code where a content script would run: another world with its own prototypes. */
async function inOtherWorld(code: string): Promise<void> {
  const { frameTree } = await cdp.send("Page.getFrameTree");
  const { executionContextId } = await cdp.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, worldName: "stranger" });
  const { exceptionDetails } = await cdp.send("Runtime.evaluate", { expression: code, contextId: executionContextId, awaitPromise: true });
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
}

test.each([
  ["attributes", "document.querySelector('h1').classList.add('planted')"],
  ["attributes", "document.querySelector('.ak-renderer-document p').setAttribute('data-planted', '1')"],
  ["attributes", "document.documentElement.setAttribute('data-planted', '1')"],
  [
    "childList",
    "const t = document.querySelector('.ak-renderer-document p').firstChild; const m = document.createElement('mark'); t.before(m); m.append(t)",
  ],
  ["childList", "document.head.append(document.createElement('style'))"],
  ["childList", "document.body.append(document.createElement('div'))"],
  ["childList", "const d = document.createElement('i'); document.body.append(d); d.remove()"],
  ["characterData", "document.querySelector('h1').firstChild.nodeValue += '!'"],
  ["shadow-root", "document.querySelector('[data-vc=breadcrumbs]').parentElement.querySelector('section').attachShadow({ mode: 'open' })"],
])("the watchdog catches a planted %s change: %s", async (kind, code) => {
  await page.goto(desk.urlOf(ticket("SEC-201")));
  await settled(page.mainFrame());
  expect(await foreign(page.mainFrame())).toEqual([]);
  await inOtherWorld(code);
  // A render of the page right after it must not hide it.
  await step(page.mainFrame(), "rerender-nodes");
  expect((await foreign(page.mainFrame())).map((mutation) => mutation.kind)).toContain(kind);
});

test("the watchdog leaves alone what an extension may do: an element of its own under <html>, and highlights", async () => {
  await page.goto(desk.urlOf(ticket("SEC-201")));
  await settled(page.mainFrame());
  await inOtherWorld(`
    const host = document.createElement("sectag-test");
    document.documentElement.append(host);
    host.attachShadow({ mode: "closed" }).append("chip");
    host.setAttribute("data-state", "open");
    host.append(document.createElement("b"));
    const range = new Range();
    range.selectNodeContents(document.querySelector(".ak-renderer-document p"));
    CSS.highlights.set("planted", new Highlight(range));
    host.remove();
    document.documentElement.append(host);
  `);
  expect(await foreign(page.mainFrame())).toEqual([]);
});

test("an extension may already be there when the document starts", async () => {
  const host = `new MutationObserver((_records, observer) => {
    if (!document.documentElement) return;
    observer.disconnect();
    const host = document.createElement("sectag-test");
    document.documentElement.append(host);
    host.setAttribute("data-state", "loading");
    addEventListener("load", () => host.setAttribute("data-state", "ready"));
  }).observe(document, { childList: true })`;
  await cdp.send("Page.enable");
  await cdp.send("Page.addScriptToEvaluateOnNewDocument", { source: host, worldName: "stranger" });
  await page.goto(desk.urlOf(ticket("SEC-201")));
  await settled(page.mainFrame());
  expect(await page.$eval("html > sectag-test", (host) => host.getAttribute("data-state"))).toBe("ready");
  expect(await foreign(page.mainFrame())).toEqual([]);
});

test("no step of the Jira double counts as foreign, and none breaks the policy", async () => {
  await page.goto(desk.urlOf(ticket("SEC-214")));
  const frame = page.mainFrame();
  await settled(frame);
  const steps = [
    "rerender-text",
    "rerender-nodes",
    "remount",
    "edit:A new first line",
    "title:Another title",
    "add-comment",
    "read-all",
    "late:20",
  ];
  const routes = [
    "open-editor",
    "close-editor",
    "route:SEC-203",
    "route-stale:SEC-201",
    "board:SEC-207",
    "panel",
    "modal",
    "queue",
    "route:SEC-999",
  ];
  for (const command of [...steps, ...routes]) {
    await step(frame, command);
    await settled(frame);
  }
  expect(await foreign(frame)).toEqual([]);
  expect(await frame.evaluate(() => window.__double?.violations())).toEqual([]);
  expect(await frame.evaluate(() => document.body.textContent)).toContain("We couldn't find that issue");
  await expect(step(frame, "dance")).rejects.toThrow(/no step "dance"; there are rerender-text/);
});

test("typing in the rich editor is a person's doing, and saving brings it into the ticket", async () => {
  await page.goto(desk.urlOf(ticket("SEC-203")));
  const frame = page.mainFrame();
  await settled(frame);
  const before = await frame.$eval(".ak-renderer-document", (element) => element.textContent);
  await page.click(".ak-editor-panel");
  await page.waitForSelector("#ak-editor-textarea");
  await page.click("#ak-editor-textarea p");
  await page.keyboard.press("Home");
  await page.keyboard.type("Typed. ");
  await page.click('[data-testid="comment-save-button"]');
  await page.waitForSelector(".ak-renderer-document");
  expect(await frame.$eval(".ak-renderer-document", (element) => element.textContent)).toBe(`Typed. ${before}`);
  expect(await foreign(frame)).toEqual([]);
});

test("comments are empty shells until they are scrolled in", async () => {
  await page.goto(desk.urlOf(ticket("SEC-214")));
  const frame = page.mainFrame();
  await settled(frame);
  const bodies = () =>
    frame.$$eval('[data-testid^="comment-base-item-"]', (shells) =>
      shells.map((shell) => shell.querySelector('[data-testid$="-body"]') !== null),
    );
  expect(await bodies()).toEqual([false, false, false, false, false]);
  await step(frame, "read-all");
  expect(await bodies()).toEqual(ticket("SEC-214").comments.map(() => true));
});

test("the strict policy reports an inline style sheet and a write of HTML", async () => {
  await page.goto(desk.urlOf(ticket("SEC-229")));
  await settled(page.mainFrame());
  const before = desk.reports.length;
  await page.evaluate(() => {
    const style = document.createElement("style");
    style.textContent = "h1 { color: red }";
    document.head.append(style);
  });
  const refused = await page.evaluate(() => {
    try {
      Reflect.set(document.createElement("div"), "innerHTML", "<b>x</b>");
      return false;
    } catch {
      return true;
    }
  });
  expect(refused).toBe(true);
  await vi.waitFor(() =>
    expect(
      desk.reports
        .slice(before)
        .map((report) => report.directive)
        .sort(),
    ).toEqual(["require-trusted-types-for", "style-src-elem"]),
  );
});

test.each(["nav_to", "shell"] as const)("the ServiceNow form sits in gsft_main (%s), and its steps are its own", async (variant) => {
  const incident = ticket("INC0010021");
  await page.goto(desk.urlOf(incident, { variant }));
  const frame = await innerFrame();
  const top = page.url();
  expect(await frame.$eval('[id="sys_readonly.incident.number"]', (field) => (field as HTMLInputElement).value)).toBe(incident.key);
  expect(await frame.$eval('textarea[id="incident.description"]', (field) => (field as HTMLTextAreaElement).value)).toBe(
    incident.description,
  );
  const entries = () =>
    frame.$$eval("#sn_form_inline_stream_entries ul.activities-form > li.h-card .sn-widget-textblock-body", (all) =>
      all.map((one) => one.textContent),
    );
  expect(await entries()).toEqual([...incident.comments].reverse().map((comment) => comment.text));
  for (const command of [
    "edit:New line",
    "title:Another title",
    "add-comment:First",
    "add-work-note",
    "rerender-text",
    "rerender-nodes",
    "remount",
    "late:20",
  ]) {
    await step(frame, command);
    await settled(frame);
  }
  expect((await entries())[0]).toBe(
    "To all callers from Ostrawa: we know. Please leave PCs as they are, do not start them and do not plug in any USB disk. Next news at 09:00 on the notice board.",
  );
  await frame.type('textarea[id="incident.description"]', "typed ");
  expect(await foreign(frame)).toEqual([]);
  expect(await foreign(page.mainFrame())).toEqual([]);
  await Promise.all([frame.waitForNavigation(), step(frame, "route:INC0010044")]);
  const next = await innerFrame();
  expect(await next.$eval('[id="sys_readonly.incident.number"]', (field) => (field as HTMLInputElement).value)).toBe("INC0010044");
  expect(page.url()).toBe(top);
});

test("a field's value that somebody else set is foreign, typing is not", async () => {
  await page.goto(desk.urlOf(ticket("INC0010059"), { variant: "alone" }));
  const frame = page.mainFrame();
  await settled(frame);
  await frame.type('[id="incident.short_description"]', "typed ");
  expect(await foreign(frame)).toEqual([]);
  await inOtherWorld(`document.getElementById("incident.description").value = "planted"`);
  expect((await foreign(frame)).map((mutation) => mutation.kind)).toEqual(["value"]);
});

test("every request is written down, and no page of the desk sends a body", async () => {
  await page.goto(desk.urlOf(ticket("SEC-201")));
  await settled(page.mainFrame());
  expect(desk.requests.map((request) => request.url)).toContain(`${desk.jira}/rest/api/3/issue/SEC-201`);
  expect(desk.requests.filter((request) => request.bodyBytes > 0 && !request.url.endsWith("/csp"))).toEqual([]);
});
