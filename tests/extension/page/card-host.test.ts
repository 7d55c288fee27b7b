// @vitest-environment jsdom
// The card's host in a page that takes it away: it comes back a few times, then stays away and says so.
import { afterEach, expect, test, vi } from "vitest";
import { createCardHost } from "../../../extension/page/card-host.ts";

afterEach(() => document.querySelector("sectag-card")?.remove());

const present = () => document.querySelectorAll("sectag-card").length;
/** Observers are told in microtasks: after one task all of them have had their turn. */
const turn = () => new Promise((resolve) => setTimeout(resolve));

test("a page that cleans up gets the card back, under whatever root the document has", async () => {
  const givenUp = vi.fn();
  const host = createCardHost(document, "", givenUp);
  host.element.remove();
  await turn();
  expect(present()).toBe(1);
  const root = document.documentElement;
  document.replaceChild(root.cloneNode(false), root);
  await turn();
  expect(host.element.isConnected).toBe(true);
  expect(givenUp).not.toHaveBeenCalled();
  host.remove();
  await turn();
  expect([present(), givenUp.mock.calls.length]).toEqual([0, 0]);
});

test("a page that insists is left without the card, and it is said once", async () => {
  const givenUp = vi.fn();
  createCardHost(document, "", givenUp);
  let removals = 0;
  const page = new MutationObserver(() => {
    const card = document.querySelector("sectag-card");
    if (!card) return;
    removals += 1;
    card.remove();
  });
  page.observe(document.documentElement, { childList: true });
  document.querySelector("sectag-card")?.remove();
  for (let round = 0; round < 20; round++) await turn();
  page.disconnect();
  expect(removals).toBe(5);
  expect([present(), givenUp.mock.calls.length]).toEqual([0, 1]);
});
