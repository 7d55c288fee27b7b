// Tells when the page may show something else: DOM changes (also in open shadow roots), typing into fields, route changes. Coalesced; never polls, never patches the page.

import { followRoots } from "./open-roots.ts";

export interface PageChange {
  /** Nodes in or under which something changed; null means "anything may have changed" (a route change, a return to the tab). */
  targets: ReadonlySet<Node> | null;
}

interface Options {
  document: Document;
  signal: AbortSignal;
  onChange(change: PageChange): void;
  /** Quiet time that ends a burst, and the longest that a burst may delay the answer; milliseconds. */
  quiet?: number;
  longest?: number;
}

export interface PageWatch {
  /** What changed and was not told yet: as `PageChange.targets`. */
  pending(): ReadonlySet<Node> | null;
}

/** More changed nodes than these are not told apart any more. */
const mostTargets = 5000;

/** Starts watching; ends with `signal`. `onChange` runs at most once per quiet period. */
export function watchPage({ document, signal, onChange, quiet = 120, longest = 500 }: Options): PageWatch {
  const view = document.defaultView;
  if (!view || signal.aborted) return { pending: () => new Set() };
  let targets: Set<Node> | null = new Set();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let burstBegan = 0;
  let due = 0;

  const fire = () => {
    timer = undefined;
    const change = { targets };
    targets = new Set();
    onChange(change);
  };
  const schedule = (soon = false) => {
    const now = performance.now();
    if (timer === undefined) burstBegan = now;
    const next = soon ? now : Math.min(now + quiet, burstBegan + longest);
    // A timer that is set anew each time never comes to its turn on a page that changes without a rest.
    if (timer !== undefined && next >= due && due === burstBegan + longest) return;
    clearTimeout(timer);
    due = next;
    timer = setTimeout(fire, Math.max(0, due - now));
  };

  const observer = new MutationObserver((records) => {
    const added = new Set<Node>();
    for (const record of records) {
      targets?.add(record.target);
      if (targets && targets.size > mostTargets) targets = null;
      if (record.type === "childList") for (const node of record.addedNodes) if (node.nodeType === Node.ELEMENT_NODE) added.add(node);
    }
    roots.added(added);
    schedule();
  });
  const what = {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
    // Jira sets the modal's hook in a later attribute change; hidden tabs and folded parts come and go by these.
    attributeFilter: ["data-testid", "data-test-id", "role", "hidden", "style", "class", "aria-hidden", "value", "open"],
  };
  observer.observe(document, what);
  const roots = followRoots({
    document,
    signal,
    onRoot: (root) => {
      observer.observe(root, what);
      targets?.add(root);
      schedule();
    },
  });
  const anything = () => {
    targets = null;
    schedule(true);
  };
  const typed = (event: Event) => {
    if (targets && event.target instanceof Node) targets.add(event.target);
    schedule();
  };
  document.addEventListener("input", typed, { capture: true, passive: true, signal });
  document.addEventListener("change", typed, { capture: true, passive: true, signal });
  document.addEventListener("visibilitychange", anything, { signal });
  view.addEventListener("popstate", anything, { signal });
  view.addEventListener("pageshow", anything, { signal });
  // `navigation` reaches the isolated world on pushState in Chromium and in recent Firefox; the observer covers the rest.
  (view as Window & { navigation?: EventTarget }).navigation?.addEventListener("navigatesuccess", anything, { signal });
  (view as Window & { navigation?: EventTarget }).navigation?.addEventListener("currententrychange", anything, { signal });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    clearTimeout(timer);
  });
  return { pending: () => targets };
}
