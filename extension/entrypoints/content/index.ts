// The content script: waits until the page has nothing to do, and then begins, one part at a time.
import { defineContentScript } from "wxt/utils/define-content-script";
import { whenIdle } from "../../page/slices.ts";
import { beginScript } from "../../script-life.ts";
import { sites } from "../../sites/all-sites.ts";

export default defineContentScript({
  matches: [...new Set(sites.flatMap((site) => [...site.matches]))],
  allFrames: true,
  runAt: "document_idle",
  // The page would hear it, and learn the extension's id from it.
  noScriptStartedPostMessage: true,
  async main({ signal }) {
    const life = beginScript(signal);
    // The page comes first: it has more to do now than we. Contract, React and the rest at one go would hold it up for longer than goes unnoticed.
    const rest = (longest: number) => new Promise<void>((resolve) => whenIdle(resolve, longest));
    await rest(500);
    await import("../../messages.ts");
    await rest(100);
    await import("../../page-review.ts");
    await rest(100);
    // An update meanwhile has cut this script off, or a newer one has begun.
    if (!life.isValid) return;
    const { followPage } = await import("../../follow-page.ts");
    followPage(life);
  },
});
