// Looks through nested open shadow roots, for pages that are made of components.

/** Elements below `root` that match, those of outer trees before those of inner ones. */
export function deepAll(root: ParentNode, selector: string): Element[] {
  const found = [...root.querySelectorAll(selector)];
  for (const element of root.querySelectorAll("*")) if (element.shadowRoot) found.push(...deepAll(element.shadowRoot, selector));
  return found;
}

/** As `deepAll`, in the element itself: what it draws, and what was put into it. */
export function deepWithin(element: Element, selector: string): Element[] {
  return [...(element.shadowRoot ? deepAll(element.shadowRoot, selector) : []), ...deepAll(element, selector)];
}

/** The element around, also when it is the host of the tree that this one stands in. */
export function outerOf(element: Element): Element | null {
  const root = element.getRootNode();
  return element.parentElement ?? ("host" in root && root.host instanceof Element ? root.host : null);
}

/** The nearest element around (or this one) with one of the names. */
export function deepClosest(element: Element, names: readonly string[]): Element | null {
  for (let current: Element | null = element; current; current = outerOf(current)) if (names.includes(current.localName)) return current;
  return null;
}

/** False inside anything that is not displayed: a workspace keeps its other tabs in the document. */
export function isShown(element: Element): boolean {
  for (let current: Element | null = element; current; current = outerOf(current))
    if (current.hasAttribute("hidden") || getComputedStyle(current).display === "none") return false;
  return true;
}

/** All words below, through open roots: to tell what an element is, never to be a ticket's text. */
export function deepWords(element: Element): string {
  const words: string[] = [];
  const walk = (node: Node) => {
    if (node.nodeType === Node.TEXT_NODE) words.push(node.textContent ?? "");
    else for (const child of (node instanceof Element && node.shadowRoot ? node.shadowRoot : node).childNodes) walk(child);
  };
  walk(element);
  return words.join(" ").replace(/\s+/g, " ").trim();
}
