// Looks into the card's closed shadow root through the debugger, and presses in it with the real mouse, as a person would.
import type { CDPSession, Page } from "puppeteer-core";
import { until } from "./until.ts";

/** Runs `work` with a debugger session of its own, closed afterwards. */
async function withSession<T>(page: Page, work: (session: CDPSession) => Promise<T>): Promise<T> {
  const session = await page.createCDPSession();
  try {
    return await work(session);
  } finally {
    await session.detach().catch(() => undefined); // The page may have been closed by what was done.
  }
}

/** Remote handles of the card's host and of its closed root, in whatever frame they are; null while there is no card. */
export async function cardHandles(session: CDPSession): Promise<{ root: string; host: string } | null> {
  const { root } = await session.send("DOM.getDocument", { depth: -1, pierce: true });
  const find = (node: typeof root): typeof root | undefined => {
    if (node.localName === "sectag-card") return node;
    for (const child of [...(node.children ?? []), ...(node.contentDocument ? [node.contentDocument] : []), ...(node.shadowRoots ?? [])]) {
      const found = find(child);
      if (found) return found;
    }
    return undefined;
  };
  const host = find(root);
  const shadow = host?.shadowRoots?.[0];
  if (!host || !shadow) return null;
  const handles = await Promise.all(
    [shadow, host].map(({ backendNodeId }) => session.send("DOM.resolveNode", { backendNodeId }).then(({ object }) => object.objectId)),
  );
  const [rootId, hostId] = handles;
  return rootId && hostId ? { root: rootId, host: hostId } : null;
}

/**
 * Calls `look` with the card's root, inside the page. The function is sent as text: it may use its arguments and nothing around it.
 * @returns its value as JSON; null when the card is not there, or was drawn anew meanwhile.
 */
export function inCard<A extends unknown[], T>(page: Page, look: (root: ShadowRoot, ...args: A) => T, ...args: A): Promise<T | null> {
  return withSession(page, async (session) => {
    const handles = await cardHandles(session).catch(() => null);
    if (!handles) return null;
    const { result, exceptionDetails } = await session.send("Runtime.callFunctionOn", {
      objectId: handles.root,
      functionDeclaration: `function (...args) { return (${look.toString()})(this, ...args); }`,
      arguments: args.map((value) => ({ value })),
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return (result.value ?? null) as T | null;
  });
}

/** What to press: a selector, and a piece of its text where the selector fits several. */
export interface Target {
  selector: string;
  text?: string;
}

/** The middle of the control in the top page's coordinates; scrolled into view first. Null while it is not there. */
function place(root: ShadowRoot, { selector, text }: Target): { x: number; y: number } | null {
  const found = [...root.querySelectorAll(selector)].find((element) => !text || element.textContent?.includes(text));
  if (!found) return null;
  found.scrollIntoView({ block: "nearest" });
  const box = found.getBoundingClientRect();
  let [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  for (let frame = root.ownerDocument.defaultView?.frameElement; frame; frame = frame.ownerDocument.defaultView?.frameElement) {
    const around = frame.getBoundingClientRect();
    x += around.x + frame.clientLeft;
    y += around.y + frame.clientTop;
  }
  return { x, y };
}

/** Presses a control of the card with the mouse. @throws Error when it does not come within twenty seconds. */
export async function pressInCard(page: Page, target: Target): Promise<void> {
  const at = await until(`${target.selector} ${target.text ?? ""} in the card`, () => inCard(page, place, target));
  await page.mouse.click(at.x, at.y);
}

/** All text of the card (or of one part of it), as it stands there; "" without a card. */
export async function cardText(page: Page, selector = ".sectag-root"): Promise<string> {
  return (await inCard(page, (root, wanted) => root.querySelector(wanted)?.textContent ?? "", selector)) ?? "";
}

/** Opens the card by its chip, unless it is open. */
export async function openCard(page: Page): Promise<void> {
  const open = () => inCard(page, (root) => root.querySelector(".card") !== null);
  await until("the chip", async () => (await open()) !== null);
  if (await open()) return;
  await pressInCard(page, { selector: ".chip-button" });
  await until("the open card", open);
}
