// Finds the open shadow roots of a page, nested ones and those that come late: a MutationObserver on the document sees none of them.

import { inSlices } from "./slices.ts";

interface Options {
  document: Document;
  signal: AbortSignal;
  /** Called once for each root; what stands in it has not been seen by anybody. */
  onRoot(root: ShadowRoot): void;
}

export interface OpenRoots {
  /** Looks below nodes that were added, each subtree once; below many of them in slices, so that roots may be told later. */
  added(nodes: ReadonlySet<Node>): void;
}

/** A custom element may get its root later, when its code has been loaded; nothing in the DOM tells. So it is looked at again after these times. */
const looksMs = [300, 700, 1500, 3000, 6000];

/** Elements between two rests of a walk: less than a millisecond's work. */
const restEvery = 256;

/** Starts with the whole document; ends with `signal`. */
export function followRoots({ document, signal, onRoot }: Options): OpenRoots {
  const known = new WeakSet<ShadowRoot>();
  /** Custom elements that have no root yet, or none that we may see. Weakly: what the page took away must not stay because of us. */
  const waiting = new Set<WeakRef<Element>>();
  const awaited = new WeakSet<Element>();
  /** Subtrees that nobody has looked through yet. */
  const unseen: ParentNode[] = [];
  let walking = false;
  let looks = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const view = document.defaultView;
  // A root that draws something changes its host's size, mostly: then it is found at once. (jsdom has no layout.)
  const resized =
    view && "ResizeObserver" in view
      ? new view.ResizeObserver((entries) => {
          for (const { target } of entries) visit(target);
        })
      : null;

  const visit = (element: Element) => {
    const root = element.shadowRoot;
    if (root) {
      if (awaited.delete(element)) resized?.unobserve(element);
      if (known.has(root)) return;
      known.add(root);
      onRoot(root);
      enter(root);
    } else if (element.localName.includes("-") && !awaited.has(element)) {
      awaited.add(element);
      waiting.add(new WeakRef(element));
      resized?.observe(element);
      looks = 0;
      lookAgain();
    }
  };
  const enter = (below: ParentNode) => {
    unseen.push(below);
    if (walking) return;
    walking = true;
    inSlices(walk(), {
      signal,
      done: () => {
        walking = false;
      },
      failed(error) {
        walking = false;
        throw error;
      },
    });
  };
  function* walk(): Generator<void, void> {
    let seen = 0;
    for (let below = unseen.pop(); below; below = unseen.pop()) {
      for (const element of below.querySelectorAll("*")) {
        visit(element);
        if (++seen % restEvery === 0) yield;
      }
      // Thousands of subtrees may have nothing below them.
      if (++seen % restEvery === 0) yield;
    }
  }
  const lookAgain = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      for (const reference of waiting) {
        const element = reference.deref();
        if (element?.isConnected) visit(element);
        else if (element && awaited.delete(element)) resized?.unobserve(element);
        if (!element || !awaited.has(element)) waiting.delete(reference);
      }
      looks += 1;
      if (waiting.size > 0 && looks < looksMs.length) lookAgain();
    }, looksMs[looks]);
  };

  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    resized?.disconnect();
    waiting.clear();
  });
  enter(document);
  return {
    added(nodes) {
      for (const node of nodes) {
        if (!(node instanceof Element) || (node.parentNode && nodes.has(node.parentNode))) continue;
        visit(node);
        enter(node);
      }
    },
  };
}
