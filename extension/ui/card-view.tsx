// Draws the card into its host and keeps what belongs to it alone: whether it is open, and where the focus was before.
import { createRoot, type Root } from "react-dom/client";
import type { PageReport } from "../../shared/review.ts";
import { Card, type CardBlock } from "./card.tsx";

interface View {
  report: PageReport;
  blocks: readonly CardBlock[];
}

interface Options {
  /** Makes the element on the page that the card is drawn in. */
  createHost(): { container: HTMLElement; remove(): void };
  onRetry(): void;
}

export interface CardView {
  /** Draws the view; null takes the card away, and it starts closed the next time. */
  draw(view: View | null): void;
  /** By command or popup; does nothing where there is no ticket. */
  show(how: "open" | "toggle"): void;
}

export function createCardView({ createHost, onRetry }: Options): CardView {
  let host: ReturnType<Options["createHost"]> | null = null;
  let root: Root | null = null;
  let view: View | null = null;
  let open = false;
  /** What had the focus when the card was opened: it gets it back, so that nobody loses their place in the page. */
  let before: Element | null = null;

  const setOpen = (next: boolean) => {
    if (next === open) return;
    const focused = document.activeElement;
    if (next) before = focused === document.body ? null : focused;
    open = next;
    render();
    if (!next && before instanceof HTMLElement && before.isConnected && !before.matches("sectag-card")) before.focus();
  };
  const render = () => {
    if (!view) return;
    host ??= createHost();
    root ??= createRoot(host.container);
    root.render(<Card report={view.report} blocks={view.blocks} open={open} onToggle={() => setOpen(!open)} onRetry={onRetry} />);
  };

  return {
    draw(next) {
      view = next;
      if (view) return render();
      root?.unmount();
      host?.remove();
      root = host = null;
      open = false;
    },
    show(how) {
      if (view) setOpen(how === "open" || !open);
    },
  };
}
