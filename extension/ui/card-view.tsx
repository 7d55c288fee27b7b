// Draws the card into its host and keeps what belongs to it alone: whether it is open, and where the focus was before.
import { createRoot, type Root } from "react-dom/client";
import type { Decision } from "../../shared/decisions.ts";
import type { OwnCorrections } from "../../shared/model-run.ts";
import type { PageReport, ReviewAction } from "../../shared/review.ts";
import type { WriteBackAction, WriteBackState } from "../../shared/write-back.ts";
import { Card, type CardBlock } from "./card.tsx";
import { type T, TextsContext } from "./texts.ts";

interface View {
  report: PageReport;
  blocks: readonly CardBlock[];
  writeBack?: WriteBackState | null;
}

interface Options {
  /** Makes the element on the page that the card is drawn in. */
  createHost(): { container: HTMLElement; remove(): void };
  /** The interface's texts: `texts` of extension/texts.ts. */
  t: T;
  onRetry(): void;
  /** What the person asks of the review by its buttons; keys are the page side's, also inside the card. */
  onAction(action: ReviewAction): void;
  /** The decision exactly as it would leave the machine now. */
  onPreview(): Promise<Decision>;
  /** Corrections of this person that the running model has learnt from. */
  askOwn?(): Promise<OwnCorrections | null>;
  /** What the person asks of the write-back by its buttons. */
  onWriteBack?(action: WriteBackAction): void;
}

export interface CardView {
  /** Draws the view; null takes the card away, and it starts closed the next time. */
  draw(view: View | null): void;
  /** By command or popup; does nothing where there is no ticket. */
  show(how: "open" | "toggle"): void;
  /** Gives the focus back to where it was. @returns whether the card was open. */
  close(): boolean;
}

export function createCardView({ createHost, t, onRetry, onAction, onPreview, askOwn, onWriteBack }: Options): CardView {
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
    // A key must not confirm a change that nobody sees any more.
    if (!open && view?.writeBack?.phase === "diff") onWriteBack?.("close");
    render();
    if (next || before?.matches("sectag-card")) return;
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    // Nothing had the focus: on the chip, it would keep Enter from the review.
    else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  };
  const render = () => {
    if (!view) return;
    host ??= createHost();
    root ??= createRoot(host.container);
    root.render(
      <TextsContext value={t}>
        <Card
          report={view.report}
          blocks={view.blocks}
          open={open}
          onToggle={() => setOpen(!open)}
          onRetry={onRetry}
          onAction={onAction}
          onPreview={onPreview}
          askOwn={askOwn}
          writeBack={view.writeBack ?? null}
          onWriteBack={onWriteBack}
        />
      </TextsContext>,
    );
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
    close() {
      const wasOpen = open;
      setOpen(false);
      return wasOpen;
    },
  };
}
