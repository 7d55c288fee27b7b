// A review in the page, the popup and the side panel, by key and by mouse: one decision each, saved before it is called saved, taken back one by one.
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cardText, openCard, pressInCard } from "../../scripts/card.ts";
import { until } from "../../scripts/until.ts";
import { entityIds, severityIds, threatTypeIds } from "../../shared/labels.ts";
import { choiceKeys } from "../../shared/review.ts";
import { tagText } from "../../shared/words.ts";
import { type Bench, bare, foreignWrites, painted, startBench, tiny } from "./lab.ts";
import { armedOpener, decisionsOf, keysOf, openSurface, press, says, waitReview } from "./reviewing.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await startBench(tiny);
});
afterAll(() => bench?.close());

const openArmed = armedOpener(() => bench);
const digit = (ids: readonly string[], id: string) => choiceKeys[ids.indexOf(id)] ?? "";
async function done(page: Page): Promise<void> {
  expect(await foreignWrites(page)).toEqual([]);
  await page.close();
}
for (const surface of ["card", "popup", "sidepanel"] as const)
  for (const way of ["key", "click"] as const)
    test(`${surface}: one ${way} accepts the proposed tag, and it is stored once`, async () => {
      const { page, ticket, report } = await openArmed(surface === "card" ? "jira" : "servicenow");
      const proposed = tagText(report.suggestion);
      const shown = surface === "card" ? page : await openSurface(bench, surface, ticket.key);
      if (way === "key") await press(shown, "Enter");
      else if (surface === "card") {
        await openCard(page);
        await pressInCard(page, { selector: ".accept" });
      } else await shown.click(".accept");
      const review = await waitReview(bench, ticket.key, says(proposed));
      expect(review.mine).toMatchObject({ verdict: "accept", sync: "local" });
      const [decision, ...others] = await decisionsOf(bench, ticket.key);
      expect(others).toEqual([]);
      expect(decision && tagText(decision.final ?? { threatType: null, severity: null })).toBe(proposed);
      expect(decision?.suggestion.modelVersion).toBeTruthy();
      expect(decision?.dwellMs).toBeGreaterThan(0);
      await until("the chip's mark", async () => (await cardText(page, ".chip-review")).includes("✓"));
      if (shown !== page) await shown.close();
      await done(page);
    });

test("type, severity and both are corrected with at most three keys; the whole state is what is stored", async () => {
  const { page, ticket, report } = await openArmed();
  const { severity = "low" } = report.suggestion;
  const tries = [
    { keys: ["t", digit(threatTypeIds, "phishing"), "Enter"], tag: `phishing_${severity}` },
    { keys: ["s", digit(severityIds, "critical")], tag: "phishing_critical" },
    { keys: keysOf("ransomware_medium"), tag: "ransomware_medium" },
  ];
  for (const { keys, tag } of tries) {
    expect(keys.length).toBeLessThanOrEqual(3);
    await press(page, ...keys);
    await waitReview(bench, ticket.key, says(tag));
  }
  const decisions = await decisionsOf(bench, ticket.key);
  expect(decisions.map(({ final }) => final && tagText(final))).toEqual(tries.map(({ tag }) => tag));
  expect(decisions.map(({ supersedes }) => supersedes)).toEqual([null, decisions[0]?.id, decisions[1]?.id]);
  await done(page);
});

test("one key says that it is not security, one rejects, one gives a reason from its menu", async () => {
  const { page, ticket } = await openArmed();
  await press(page, "n");
  await waitReview(bench, ticket.key, says("benign"));
  await press(page, "x");
  await waitReview(bench, ticket.key, ({ mine, news }) => news.code === "saved" && mine?.verdict === "reject");
  await press(page, "r", "3");
  const { mine } = await waitReview(bench, ticket.key, ({ mine }) => mine?.reason === "false_alarm");
  expect(mine?.verdict).toBe("reject");
  await done(page);
});

test("twenty decisions are taken back one by one, also after a reload", async () => {
  const { page, ticket } = await openArmed();
  const tags: string[] = [];
  await press(page, ...keysOf("phishing_low"));
  for (let round = 0; round < 20; round++) {
    const severity = severityIds[round % 2 ? 0 : 1];
    tags.push(`phishing_${round % 2 ? "medium" : "low"}`);
    await press(page, "s", digit(severityIds, severity ?? "low"));
    await waitReview(bench, ticket.key, says(`phishing_${severity}`));
  }
  await page.reload();
  const again = await waitReview(bench, ticket.key, says("phishing_low"));
  expect(again.undoable).toBe(20);
  for (const tag of tags.reverse()) {
    await press(page, "u");
    await waitReview(bench, ticket.key, says(tag));
  }
  await press(page, "u");
  await waitReview(bench, ticket.key, ({ mine, news }) => mine === null && news.code === "undone");
  await press(page, "u");
  await waitReview(bench, ticket.key, ({ news }) => news.code === "nothing-to-undo");
  expect((await decisionsOf(bench, ticket.key)).filter(({ verdict }) => verdict === "undo")).toHaveLength(21);
  await done(page);
});

test("words selected in the page become a span by one key; its edges move by keyboard; both are stored with their quote", async () => {
  const { page, frame, ticket } = await openArmed();
  const words = await selectTwoWords(page);
  await press(page, digit(entityIds, "Malware"));
  const added = await waitReview(
    bench,
    ticket.key,
    ({ news, spans }) => news.code === "saved" && spans.some(({ source }) => source === "human"),
  );
  const index = added.spans.findIndex(({ source }) => source === "human");
  expect(added.spans[index]).toMatchObject({ quote: words, label: "Malware" });
  await until("the new span's glow", async () =>
    (await painted(frame)).some(({ label, text }) => label === "malware" && text === bare(words)),
  );

  await press(page, "e");
  await waitReview(bench, ticket.key, ({ menu, selected }) => menu === "spans" && selected === 0);
  for (let at = 0; at < index; at++) await press(page, "ArrowDown");
  await page.keyboard.down("Alt");
  await press(page, "ArrowLeft");
  await page.keyboard.up("Alt");
  const edited = await waitReview(bench, ticket.key, ({ unsavedSpans }) => unsavedSpans);
  const [first = ""] = words.split(" ");
  expect(edited.spans[index]?.quote).toBe(first);
  await press(page, "Enter");
  await waitReview(bench, ticket.key, ({ unsavedSpans, news }) => !unsavedSpans && news.code === "saved");
  const newest = (await decisionsOf(bench, ticket.key)).at(-1);
  expect(newest?.final?.spans.some(({ quote, source, label }) => source === "human" && label === "Malware" && quote === first)).toBe(true);
  await done(page);
});

/** Selects two words of the description with the mouse, by dragging. */
async function selectTwoWords(page: Page): Promise<string> {
  const box = await page.evaluate(() => {
    const walker = document.createTreeWalker(document.querySelector(".ak-renderer-document") ?? document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const match = /\b[A-Za-z]{3,} [A-Za-z]{3,}\b/.exec(node.nodeValue ?? "");
      if (!match) continue;
      const range = new Range();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      const { left, right, top, height } = range.getBoundingClientRect();
      return { left, right, y: top + height / 2 };
    }
    throw new Error("The description has no two words");
  });
  await page.mouse.move(box.left + 0.5, box.y);
  await page.mouse.down();
  await page.mouse.move(box.right - 0.5, box.y, { steps: 4 });
  await page.mouse.up();
  return page.evaluate(() => getSelection()?.toString() ?? "");
}

test("what was saved stands after a reload of the page, and in a second tab", async () => {
  const { page, ticket } = await openArmed();
  await press(page, ...keysOf("phishing_critical"));
  const before = await waitReview(bench, ticket.key, says("phishing_critical"));
  await page.reload();
  expect((await waitReview(bench, ticket.key, says("phishing_critical"))).mine).toEqual(before.mine);
  const other = await bench.open(ticket);
  expect((await waitReview(bench, ticket.key, says("phishing_critical"))).mine).toEqual(before.mine);
  await other.page.close();
  await done(page);
});

test("the doubles' policies reported nothing, and no request of the pages carried a body", () => {
  expect(bench.desk.reports).toEqual([]);
  expect(bench.desk.requests.filter(({ bodyBytes }) => bodyBytes > 0)).toEqual([]);
});
