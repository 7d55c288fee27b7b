// Keys that are not the review's stay with the page: while somebody types, follows a link, or has review mode off; Esc gives the page back as it was.
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inCard, openCard } from "../../scripts/card.ts";
import { until } from "../../scripts/until.ts";
import { type Bench, foreignWrites, startBench, step, tiny } from "./lab.ts";
import { arm, armedOpener, decisionsOf, press, says, waitReview } from "./reviewing.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench(tiny);
});
afterAll(() => bench?.close());

const openArmed = armedOpener(() => bench);
async function done(page: Page): Promise<void> {
  expect({ writes: await foreignWrites(page), reports: bench.desk.reports }).toEqual({ writes: [], reports: [] });
  await page.close();
}

test("nothing is taken from somebody who types, or who follows a link", async () => {
  const { page, frame, ticket } = await openArmed();
  const typed = "tsnxuer12";
  const places: [string, () => Promise<string>][] = [
    [
      "the rich editor",
      async () => {
        await step(frame, "open-editor");
        await page.click("#ak-editor-textarea p");
        await page.keyboard.type(typed);
        await press(page, "Enter");
        return page.$eval("#ak-editor-textarea", (editor) => editor.textContent ?? "");
      },
    ],
    [
      "the summary's field",
      async () => {
        await step(frame, "close-editor");
        await page.click('[data-testid="issue.views.issue-base.foundation.summary.heading"]');
        await page.click('[data-vc="summary-input"]');
        await page.keyboard.type(typed);
        return page.$eval('[data-vc="summary-input"]', (field) => (field as HTMLInputElement).value);
      },
    ],
    [
      "a search field of the page, in an open shadow root",
      async () => {
        await page.evaluate(() => {
          const host = document.createElement("div");
          document.body.prepend(host);
          const field = document.createElement("input");
          field.type = "search";
          host.attachShadow({ mode: "open" }).append(field);
          field.focus();
          Object.assign(window, { searchField: field });
        });
        await page.keyboard.type(typed);
        await press(page, "Enter");
        return page.evaluate(() => (window as unknown as { searchField: HTMLInputElement }).searchField.value);
      },
    ],
  ];
  for (const [name, type] of places) expect((await type()).includes(typed), name).toBe(true);
  const { mine, menu } = await waitReview(bench, ticket.key);
  expect({ mine, menu }).toEqual({ mine: null, menu: "closed" });

  await page.focus('nav[aria-label="Project"] a');
  await press(page, "Enter");
  await page.waitForSelector('[data-vc="queue-table"]');
  expect(await decisionsOf(bench, ticket.key)).toEqual([]);
  await done(page);
});

test("ServiceNow: the form's text area gets every key, and so does the page while review mode is off", async () => {
  const { page, frame, ticket } = await openArmed("servicenow");
  await frame.focus('textarea[id="incident.description"]');
  await page.keyboard.type("tsnxu1");
  expect(await frame.$eval('textarea[id="incident.description"]', (area) => (area as HTMLTextAreaElement).value)).toContain("tsnxu1");
  await frame.click(".navbar-title");
  await press(page, "n");
  await waitReview(bench, ticket.key, says("benign"));

  await arm(bench, page, ticket.key, false);
  await frame.evaluate(() => {
    const heard: string[] = [];
    window.addEventListener("keydown", (event) => !event.defaultPrevented && heard.push(event.key));
    Object.assign(window, { heardKeys: heard });
  });
  await frame.click(".navbar-title");
  const before = await waitReview(bench, ticket.key);
  const keys = ["Enter", "t", "s", "n", "x", "u", "e", "r", "1", "Escape"];
  await press(page, ...keys);
  expect(await frame.evaluate(() => (window as unknown as { heardKeys: string[] }).heardKeys)).toEqual(keys);
  const after = await waitReview(bench, ticket.key);
  expect(after.news.n).toBe(before.news.n);
  await done(page);
});

test("armed keys are the review's alone: the page's own shortcuts do not hear them", async () => {
  const { page, ticket } = await openArmed();
  await page.evaluate(() => {
    const heard: string[] = [];
    for (const name of ["keydown", "keyup", "keypress"]) addEventListener(name, (event) => heard.push((event as KeyboardEvent).key));
    Object.assign(window, { heardKeys: heard });
  });
  await press(page, "n");
  await waitReview(bench, ticket.key, says("benign"));
  await press(page, "m");
  expect(await page.evaluate(() => (window as unknown as { heardKeys: string[] }).heardKeys)).toEqual(["m", "m", "m"]);
  await done(page);
});

test("Esc gives the page back exactly as it was: focus, caret, scroll", async () => {
  const { page, ticket } = await openArmed();
  const scroller = '[data-testid="issue.views.issue-details.issue-layout.container-left"]';
  await page.focus('[data-testid$="current-issue.item"]');
  await page.evaluate((wanted) => {
    document.querySelector(wanted)?.scrollTo(0, 37);
    window.scrollTo(0, 11);
  }, scroller);
  const place = () =>
    page.evaluate(
      (wanted) => ({
        focused: document.activeElement?.getAttribute("data-testid"),
        inner: document.querySelector(wanted)?.scrollTop,
        outer: window.scrollY,
      }),
      scroller,
    );
  const before = await place();
  await openCard(page);
  await press(page, "Escape");
  await until("the closed card", () => inCard(page, (root) => root.querySelector(".card") === null));
  expect(await place()).toEqual(before);
  for (const menu of ["t", "s", "e"]) {
    await press(page, menu);
    await waitReview(bench, ticket.key, (review) => review.menu !== "closed");
    await press(page, "Escape");
    await waitReview(bench, ticket.key, (review) => review.menu === "closed");
    expect(await place(), menu).toEqual(before);
  }
  await done(page);
});
