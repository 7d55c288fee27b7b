// Draws a component into the test's document, in a language, and presses and types in it.
import { act, type ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { type T, TextsContext } from "../../../extension/ui/texts.ts";
import { english } from "./languages.ts";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

export interface Drawn {
  container: HTMLElement;
  redraw(node: ReactNode): void;
  /** The first control whose accessible words begin with these. @throws Error listing what there is. */
  button(words: string): HTMLElement;
  has(words: string): boolean;
  press(words: string, init?: MouseEventInit): void;
  key(target: EventTarget, key: string, init?: KeyboardEventInit): KeyboardEvent;
  type(field: HTMLInputElement, text: string): void;
  text(selector?: string): string;
}

let last: Root | null = null;

/** What was drawn before is taken away, with its listeners. @param t the language; English when absent. */
export function draw(node: ReactNode, t: T = english): Drawn {
  act(() => last?.unmount());
  const container = document.createElement("div");
  container.className = "sectag-root";
  document.body.replaceChildren(container);
  const root = createRoot(container);
  last = root;
  const redraw = (next: ReactNode) => act(() => root.render(<TextsContext value={t}>{next}</TextsContext>));
  redraw(node);
  const wordsOf = (element: Element) => (element.getAttribute("aria-label") ?? element.textContent ?? "").replace(/\s+/g, " ").trim();
  const controls = () => [...container.querySelectorAll<HTMLElement>("button, summary, input, a")];
  const find = (words: string) => controls().find((element) => wordsOf(element).startsWith(words));
  const button = (words: string): HTMLElement => {
    const found = find(words);
    if (!found) throw new Error(`No "${words}" among: ${controls().map(wordsOf).join(" | ")}`);
    return found;
  };
  return {
    container,
    redraw,
    button,
    has: (words) => find(words) !== undefined,
    press: (words, init = {}) =>
      act(() => void button(words).dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, ...init }))),
    key(target, key, init = {}) {
      const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, composed: true, ...init });
      act(() => void target.dispatchEvent(event));
      return event;
    },
    type(field, text) {
      act(() => {
        // React listens to the prototype's setter: set as the browser does.
        Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set?.call(field, text);
        field.dispatchEvent(new Event("input", { bubbles: true }));
      });
    },
    text: (selector) => (selector ? container.querySelector(selector) : container)?.textContent ?? "",
  };
}

/** Lets promises of the test's callbacks settle, with what they draw. */
export const settle = () => act(async () => void (await Promise.resolve()));
