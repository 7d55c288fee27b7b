// Whether a component hides its contents from scripts: browsers tell extensions, so that they can say what they did not read.
import { browser } from "wxt/browser";

export function isClosed(element: Element): boolean {
  return element instanceof HTMLElement && browser.dom?.openOrClosedShadowRoot(element)?.mode === "closed";
}
