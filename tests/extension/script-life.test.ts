// @vitest-environment jsdom
// A page's script ends when a newer one starts or its extension is gone, and not because the page says so.
import { beforeEach, expect, test, vi } from "vitest";
import { beginScript } from "../../extension/script-life.ts";

const { runtime, main } = vi.hoisted(() => ({ runtime: { id: "x" as string | undefined }, main: { follow: vi.fn() } }));
vi.mock("wxt/browser", () => ({ browser: { runtime } }));
vi.mock("wxt/utils/define-content-script", () => ({ defineContentScript: (script: unknown) => script }));
vi.mock("../../extension/page/slices.ts", () => ({ whenIdle: (then: () => void) => queueMicrotask(then) }));
vi.mock("../../extension/messages.ts", () => ({}));
vi.mock("../../extension/page-review.ts", () => ({}));
vi.mock("../../extension/sites/all-sites.ts", () => ({ sites: [] }));
vi.mock("../../extension/follow-page.ts", () => ({ followPage: main.follow }));
const { default: script } = await import("../../extension/entrypoints/content/index.ts");

beforeEach(() => {
  runtime.id = "x";
  main.follow.mockClear();
});
/** The script as WXT starts it: `hint` aborts when an event of the document says that a newer one has started. */
const start = (hint = new AbortController()) => ({ hint, done: Promise.resolve(script.main({ signal: hint.signal } as never)) });

test("an event of the page does not end the script, neither while it starts nor later", async () => {
  const { hint, done } = start();
  hint.abort();
  await done;
  expect(main.follow).toHaveBeenCalledOnce();
  expect(main.follow.mock.calls[0]?.[0]).toMatchObject({ isValid: true, signal: { aborted: false } });
});

test("a newer script ends the one before it", () => {
  const [first, second] = [beginScript(new AbortController().signal), beginScript(new AbortController().signal)];
  expect([first.isValid, first.signal.aborted, second.isValid, second.signal.aborted]).toEqual([false, true, true, false]);
});

test("an extension that is gone ends it: when it is noticed, when another version's script starts, and before it has begun", async () => {
  const noticed = beginScript(new AbortController().signal);
  runtime.id = undefined;
  expect([noticed.isValid, noticed.signal.aborted]).toEqual([false, true]);
  runtime.id = "x";
  const hint = new AbortController();
  const old = beginScript(hint.signal);
  runtime.id = undefined;
  hint.abort();
  expect(old.signal.aborted).toBe(true);
  await start().done;
  expect(main.follow).not.toHaveBeenCalled();
});
