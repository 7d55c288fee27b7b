// What a hostile page does to an extension: functions for the page's own world, sent there by tests before or after the desk's scripts.

/** Lies by the page's prototypes and constructors, in ways that the desk itself does not need. Runs before every other script. */
export function lie(): void {
  const no = () => {
    throw new Error("not here");
  };
  Object.defineProperty(Array.prototype, "hostile", { value: "in every loop", enumerable: true });
  customElements.define = no;
  customElements.get = () => HTMLElement;
  window.getComputedStyle = () => new Proxy({} as CSSStyleDeclaration, { get: () => "none" });
  window.requestIdleCallback = no;
  Range.prototype.setStart = no;
  Range.prototype.setEnd = no;
  Node.prototype.getRootNode = () => document;
  CharacterData.prototype.substringData = () => "another ticket's text";
  Object.defineProperty(Text.prototype, "wholeText", { get: () => "another ticket's text" });
  Object.defineProperty(window, "Highlight", { value: no });
  Object.defineProperty(window, "WebAssembly", { value: undefined });
}

/** Changes attributes, text and children around and beside the ticket without a rest, until `stopFlood`. */
export function flood(): void {
  const beside = document.body.appendChild(document.createElement("div"));
  const rows = Array.from({ length: 300 }, (_, index) => {
    const row = document.createElement("span");
    row.append(`row ${index}`);
    return beside.appendChild(row);
  });
  let count = 0;
  const timer = setInterval(() => {
    count += 1;
    document.body.className = `flood-${count % 7}`;
    for (const row of rows) row.firstChild?.replaceWith(`row ${count}`);
    beside.append(...rows.slice(0, 1 + (count % 50)));
  }, 4);
  window.__hostile = { stop: () => clearInterval(timer) };
}

/** Takes the extension's element away whenever it is there, and counts. */
export function removeGuests(): void {
  let removals = 0;
  const clean = () => {
    for (const node of [...document.documentElement.children]) {
      if (node === document.head || node === document.body) continue;
      removals += 1;
      node.remove();
    }
  };
  new MutationObserver(clean).observe(document.documentElement, { childList: true });
  clean();
  window.__hostile = { stop: () => undefined, removals: () => removals };
}

/** Puts ten million characters into the description, in one node that the browser need not lay out. */
export function hugeNode(selector: string): void {
  const box = document.createElement("pre");
  box.style.contentVisibility = "hidden";
  box.append("0123456789 ".repeat(910_000));
  document.querySelector(selector)?.append(box);
}

/** Frames that hold the page, which holds frames: two addresses in turn, until the browser itself ends it. Sent to each new document, it waits for the body. */
export function frameMyself(): void {
  const add = () => {
    const frame = document.createElement("iframe");
    const url = new URL(location.href);
    url.searchParams.set("turn", url.searchParams.get("turn") === "a" ? "b" : "a");
    frame.src = url.href;
    document.body.append(frame);
  };
  if (document.body) add();
  else addEventListener("DOMContentLoaded", add);
}

declare global {
  interface Window {
    __hostile?: { stop(): void; removals?(): number };
  }
}
