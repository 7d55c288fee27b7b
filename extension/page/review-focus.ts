// In a frame (ServiceNow's form): takes the focus into it when review mode is armed, so that keys arrive, unless somebody is at work elsewhere.
import { focusOf, nobodyTypes } from "./review-guard.ts";

/** Does nothing in a top page, which needs nothing, and in frames of pages of another origin. */
export function takeFocus(view: Window): void {
  if (view.parent === view || view.document.hasFocus() || !nobodyTypes(view.document)) return;
  try {
    if (!view.top?.document.hasFocus()) return; // The person is in another window or tab, or in the browser's own bars.
    for (let child = view; child.parent !== child; child = child.parent)
      if (!isNowhereOr(child.parent.document, child.frameElement)) return;
  } catch {
    return; // A page of another origin stands around: its focus is not ours to look at.
  }
  view.focus();
}

/** True when the focus of a document is on nothing, or on the frame that leads down to us. */
function isNowhereOr(document: Document, frame: Element | null): boolean {
  const focus = focusOf(document);
  return document.designMode !== "on" && (!focus || focus === frame || focus === document.body || focus === document.documentElement);
}
