// The one element that SecTag adds to a page: a host with a closed shadow root, where the chip and the card are drawn.

export interface CardHost {
  /** Where the interface is drawn. */
  container: HTMLElement;
  element: HTMLElement;
  /** What has the focus inside: from outside a closed root shows nothing of it. */
  focused(): Element | null;
  remove(): void;
}

/** Events that must not leave the card: a key typed in it must never reach the page's own shortcuts. */
const keptInside = [
  "keydown",
  "keyup",
  "keypress",
  "input",
  "click",
  "mousedown",
  "mouseup",
  "pointerdown",
  "pointerup",
  "wheel",
  "copy",
  "paste",
];

/** Pages clean up what they do not know, once or twice; with a page that insists we do not fight. */
const mostReturns = 5;

/**
 * Adds the host as the last child of `<html>`, beside the body, so that no node of the page gets a new child or style.
 * @param givenUp called when the page took the host away too often: it stays away.
 */
export function createCardHost(document: Document, css: string, givenUp: () => void): CardHost {
  const element = document.createElement("sectag-card");
  element.style.cssText = "all: initial; position: fixed; inset: auto 16px 16px auto; z-index: 2147483647;";
  const shadow = element.attachShadow({ mode: "closed" });
  const view = document.defaultView;
  if (view) {
    const sheet = new view.CSSStyleSheet();
    sheet.replaceSync(css);
    shadow.adoptedStyleSheets = [sheet];
  }
  const container = document.createElement("div");
  container.className = "sectag-root";
  shadow.append(container);
  // The mouse presses a button without taking the focus, or the selection, from the page.
  container.addEventListener("mousedown", (event) => {
    if (event.target instanceof Element && event.target.closest("button")) event.preventDefault();
  });
  for (const name of keptInside) container.addEventListener(name, (event) => event.stopPropagation());
  let returns = 0;
  const guard = new MutationObserver(() => {
    if (element.isConnected) return;
    returns += 1;
    if (returns <= mostReturns) return put();
    guard.disconnect();
    givenUp();
  });
  const put = () => {
    document.documentElement.append(element);
    // The root of the document may be another one by now.
    for (const parent of [document, document.documentElement]) guard.observe(parent, { childList: true });
  };
  put();
  return {
    container,
    element,
    focused: () => shadow.activeElement,
    remove() {
      guard.disconnect();
      element.remove();
    },
  };
}
