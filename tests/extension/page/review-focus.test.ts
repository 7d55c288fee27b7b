// @vitest-environment jsdom
// The ticket's frame takes the focus only when nobody is at work anywhere above it.
import { beforeEach, expect, test, vi } from "vitest";
import { takeFocus } from "../../../extension/page/review-focus.ts";

/** A frame of this page, in a page that the person looks at; `took` says whether it took the focus. */
function frameIn(html: string, { pageHasFocus = true } = {}) {
  document.body.innerHTML = `${html}<iframe id="form"></iframe>`;
  const frame = document.querySelector<HTMLIFrameElement>("#form");
  const view = frame?.contentWindow;
  if (!frame || !view) throw new Error("no frame");
  vi.spyOn(document, "hasFocus").mockReturnValue(pageHasFocus);
  vi.spyOn(view.document, "hasFocus").mockReturnValue(false);
  const focus = vi.spyOn(view, "focus").mockReturnValue(undefined);
  return { frame, view, took: () => focus.mock.calls.length > 0 };
}

beforeEach(() => {
  vi.restoreAllMocks();
  document.body.replaceChildren();
});

test("with the focus on nothing, or on the frame itself, the frame takes it", () => {
  const nowhere = frameIn("<p>shell</p>");
  takeFocus(nowhere.view);
  expect(nowhere.took()).toBe(true);
  const onFrame = frameIn("<p>shell</p>");
  onFrame.frame.focus();
  takeFocus(onFrame.view);
  expect(onFrame.took()).toBe(true);
});

test.each([
  ["a search field of the shell", "<input data-focus>"],
  ["a link of the shell", '<a href="#" data-focus>x</a>'],
  ["another frame", '<iframe data-focus tabindex="0"></iframe>'],
])("with the focus on %s, it is left there", (_case, html) => {
  const { view, took } = frameIn(html);
  const element = document.querySelector<HTMLElement>("[data-focus]");
  element?.focus();
  expect(document.activeElement).toBe(element);
  takeFocus(view);
  expect(took()).toBe(false);
});

test("a page that the person does not look at, a field in the frame, and a page without frames take nothing", () => {
  const away = frameIn("<p>shell</p>", { pageHasFocus: false });
  takeFocus(away.view);
  expect(away.took()).toBe(false);
  const typing = frameIn("<p>shell</p>");
  const field = typing.view.document.createElement("input");
  typing.view.document.body.append(field);
  field.focus();
  takeFocus(typing.view);
  expect(typing.took()).toBe(false);
  const own = vi.spyOn(window, "focus").mockReturnValue(undefined);
  takeFocus(window);
  expect(own).not.toHaveBeenCalled();
});
