// What a page's script asks of the background and tells it, as long as it belongs to the running extension.
import type { TicketRef } from "../shared/contract.ts";
import type { PageReport, ReviewedTicket, ReviewIntent } from "../shared/review.ts";
import type { Visit } from "../shared/selector-health.ts";
import type { Written } from "../shared/write-back.ts";
import { sendMessage } from "./messages.ts";
import { inWords } from "./texts.ts";

/** @param context after an update of the extension a script is cut off: reading `isValid` notices, and ends it through its signal. */
export function askBackground(context: { readonly isValid: boolean }) {
  const send = <T>(message: () => Promise<T>) =>
    context.isValid ? message() : Promise.reject(new Error("SecTag was updated: reload the page."));
  return {
    /** @throws Error that says why the model's host does not run. */
    async ensureHost(): Promise<void> {
      const answer = await send(() => sendMessage("inference.ensure", undefined));
      if (!answer.ok) throw new Error(answer.reason);
    },
    /** A report that does not arrive is followed by the next one; the page itself shows the same. */
    report: (report: PageReport) => void send(() => sendMessage("page.report", report)).catch(() => undefined),
    found: (visit: Visit) => void send(() => sendMessage("page.found", visit)).catch(() => undefined),
    selectors: () => send(() => sendMessage("selectors.active", undefined)),
    started: (since: number) => void send(() => sendMessage("page.started", since)).catch(() => undefined),
    ownCorrections: () => send(() => sendMessage("model.own", undefined)),
    review: {
      decide: async (intent: ReviewIntent) => inWords(await send(() => sendMessage("review.decide", intent))),
      history: (ticket: ReviewedTicket) => send(() => sendMessage("review.history", ticket)),
      settings: () => send(() => sendMessage("review.settings", undefined)),
      arm: (armed: boolean) => send(() => sendMessage("review.arm", armed)),
      preview: (intent: ReviewIntent) => send(() => sendMessage("review.preview", intent)),
    },
    writeBack: {
      recall: (ticket: TicketRef) => send(() => sendMessage("writeback.recall", ticket)),
      keep: (ticket: TicketRef, written: Written) => send(() => sendMessage("writeback.keep", { ticket, written })),
    },
  };
}
