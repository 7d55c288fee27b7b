// The background's part of write-back: tells pages whether it is on and what was written, and keeps what they wrote. It sends nothing itself.
import { browser } from "wxt/browser";
import { answerMessage, backgroundMessages } from "./messages.ts";
import { keepWritten, readWriteBack, readWritten } from "./store/write-back.ts";

/** Call once, at the start of the background. */
export function startWriteBackHost(): void {
  answerMessage(backgroundMessages, "writeback.recall", browser.runtime, async (ticket, sender) => ({
    settings: await readWriteBack(),
    written: await readWritten(originOf(sender.url), ticket),
  }));
  answerMessage(backgroundMessages, "writeback.keep", browser.runtime, ({ ticket, written }, sender) =>
    keepWritten(originOf(sender.url), ticket, written),
  );
}

/** As the browser says it, not the page: two Jira sites have the same keys. */
function originOf(url: string | undefined): string {
  return url ? new URL(url).origin : "";
}
