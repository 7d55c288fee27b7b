// The way up from an element, out of shadow trees as well.

/** The element around, also when it is the host of the tree that this one stands in. */
export function outerElement(element: Element): Element | null {
  const root = element.getRootNode();
  return element.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}
