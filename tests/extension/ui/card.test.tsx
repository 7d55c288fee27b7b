// @vitest-environment jsdom
// The card in the page: quick menu and toast while it is closed, Escape, preview, and what screen readers hear.
import { expect, test } from "vitest";
import { hiddenKinds } from "../../../extension/store/redact-finding.ts";
import { Card } from "../../../extension/ui/card.tsx";
import { placeholderKinds } from "../../../extension/ui/review-preview.tsx";
import type { PageReport, ReviewAction, ReviewState } from "../../../shared/review.ts";
import { draw, settle } from "./draw.tsx";
import { german } from "./languages.ts";
import { decision, mine, news, state, tagged } from "./states.ts";

function card(first: ReviewState | null, open = false, onPreview = async () => decision) {
  const asked: ReviewAction[] = [];
  let toggled = 0;
  const node = (report: PageReport, isOpen: boolean) => (
    <Card
      report={report}
      blocks={[]}
      open={isOpen}
      onToggle={() => toggled++}
      onRetry={() => undefined}
      onAction={(action) => asked.push(action)}
      onPreview={onPreview}
    />
  );
  const drawn = draw(node(tagged(first), open));
  return {
    ...drawn,
    asked,
    toggled: () => toggled,
    show: (review: ReviewState | null, isOpen = open) => drawn.redraw(node(tagged(review), isOpen)),
    report: (report: PageReport) => drawn.redraw(node(report, open)),
    spoken: () => [...drawn.container.querySelectorAll('[aria-live="polite"] > p')].map(({ textContent }) => textContent),
  };
}

test("a menu that a key opened shows without the card, and leaves the focus in the page", () => {
  const { show, container, press, asked } = card(state({ armed: true }));
  expect(container.querySelector(".card")).toBeNull();
  show(state({ armed: true, menu: "severity" }));
  expect(container.querySelector(".card-quick")).not.toBeNull();
  expect(document.activeElement).toBe(document.body);
  press("2▃Medium");
  expect(asked).toEqual([{ do: "severity", severity: "medium" }]);
});

test("the chip says what was decided, and which key agrees while keys work", () => {
  const { text, show } = card(state());
  expect(text(".chip-button")).toBe("✉phishing_high · very likely 92 %. SecTag: show what was found and why");
  show(state({ armed: true }));
  expect(text(".chip-button .key")).toBe("⏎");
  show(state({ armed: true, mine: mine() }));
  expect(text(".chip-review")).toBe("→ malware_medium");
  show(state({ mine: mine({ verdict: "accept" }) }));
  expect(text(".chip-review")).toBe("✓ reviewed");
});

test("news comes as a toast while the card is closed, once; what was read in the open card is not told again", () => {
  const { text, show, container } = card(state());
  expect(container.querySelector(".toast")).toBeNull();
  show(state({ news: news("saving", "", 1) }));
  expect(text(".toast")).toBe("");
  show(state({ news: news("saved", "", 2) }));
  expect(text(".toast")).toBe("Saved");
  show(state({ news: news("undone", "", 3) }), true);
  expect(container.querySelector(".toast")).toBeNull();
  show(state({ news: news("undone", "", 3) }), false);
  expect(container.querySelector(".toast")).toBeNull();
  show(state({ news: news("undone", "", 4) }), false);
  expect(text(".toast")).toBe("Taken back");
});

test("Escape closes a menu first, then the card; one that the page side took does nothing", () => {
  const { key, button, asked, toggled, show } = card(state({ menu: "type" }), true);
  key(button("Accept"), "Escape");
  expect([asked, toggled()]).toEqual([[{ do: "menu", menu: "closed" }], 0]);
  show(state({ menu: "spans" }));
  key(button("Accept"), "Escape");
  expect(asked.at(-1)).toEqual({ do: "discard-spans" });
  show(state());
  const taken = new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true });
  taken.preventDefault();
  button("Accept").dispatchEvent(taken);
  expect(toggled()).toBe(0);
  key(button("Accept"), "Escape");
  expect([asked.length, toggled()]).toEqual([2, 1]);
});

test("heard: tag with likelihood, place among the highlights, each piece of news; that saving began is not", () => {
  const { spoken, show } = card(null);
  expect(spoken()).toEqual(["SecTag: phishing_high · very likely 92 %", "", ""]);
  show(state({ menu: "spans", selected: 1 }));
  expect(spoken()[1]).toBe("2 of 3: URL, hxxps://login-m365[.]top/a");
  show(state({ news: news("saving", "", 1) }));
  expect(spoken()[2]).toBe("");
  show(state({ news: news("saved", "", 2) }));
  expect(spoken()[2]).toBe("Saved");
});

test("the same news twice is a new element in a region that stayed: so it is heard twice", () => {
  const { container, show } = card(state({ news: news("saved", "", 1) }));
  const region = container.querySelector('[aria-live="polite"]');
  const before = region?.lastElementChild;
  show(state({ news: news("saved", "", 2) }));
  expect(container.querySelector('[aria-live="polite"]')).toBe(region);
  expect(region?.lastElementChild).not.toBe(before);
  expect(region?.getAttribute("aria-atomic")).toBe("false");
});

test("a page without a readable ticket is heard too", () => {
  const { spoken, report } = card(null);
  report({ state: "unreadable", ticket: null, reason: "No title was found." });
  expect(spoken()[0]).toBe("SecTag: No title was found.");
});

test("the preview shows the exact texts with what is hidden marked, every other field, and the JSON", async () => {
  const { press, container } = card(state(), true);
  press("What would leave");
  await settle();
  const marked = [...container.querySelectorAll(".redacted")].map(({ textContent }) => textContent);
  expect(marked).toEqual(["[email]", "[user]", "[phone]", "[query]"]);
  expect([...container.querySelectorAll(".marked-text")].map(({ textContent }) => textContent)).toEqual(
    decision.blocks.map(({ text }) => text),
  );
  const rows = [...container.querySelectorAll(".fields tr")].map(({ textContent }) => textContent);
  expect(rows).toContain("ticket.keySOC-7");
  expect(rows.filter((row) => row.startsWith("final.spans."))).toEqual([expect.stringMatching(/^final\.spans\.0.* · Credential · /)]);
  expect(JSON.parse(container.querySelector(".json")?.textContent ?? "")).toEqual(decision);
});

test("the preview marks what redaction hides, no more and no less", () => {
  expect([...placeholderKinds].sort()).toEqual([...hiddenKinds].sort());
});

test("an open preview is put together anew after a decision; one that fails says why", async () => {
  let asked = 0;
  const { press, show, text } = card(state(), true, async () => {
    if (++asked < 2) return decision;
    throw new Error("The background is gone.");
  });
  expect(asked).toBe(0);
  press("What would leave");
  await settle();
  show(state({ news: news("saved") }));
  await settle();
  expect(asked).toBe(2);
  expect(text(".preview .problem")).toBe("The preview failed: The background is gone.");
});

test("the card says its language, for screen readers in a page of another one", () => {
  const { container } = draw(
    <Card
      report={tagged(state())}
      blocks={[]}
      open={false}
      onToggle={() => undefined}
      onRetry={() => undefined}
      onAction={() => undefined}
      onPreview={async () => decision}
    />,
    german,
  );
  expect(container.querySelector(".card-corner")?.getAttribute("lang")).toBe("de");
});

test("the card says how many of this person's corrections are in the model that answered, and nothing of another one", async () => {
  const cardOf = (version: string) => (
    <Card
      report={tagged(state())}
      blocks={[]}
      open
      onToggle={() => undefined}
      onRetry={() => undefined}
      onAction={() => undefined}
      onPreview={async () => decision}
      askOwn={async () => ({ version, n: 12 })}
    />
  );
  const own = draw(cardOf("2026.48.1"));
  await settle();
  expect(own.text()).toContain("12 of your corrections are in 2026.48.1.");
  const others = draw(cardOf("2026.49.1"));
  await settle();
  expect(others.text()).not.toContain("of your corrections");
});
