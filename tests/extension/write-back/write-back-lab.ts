// A page with a write-back: the REST double behind it, a background that remembers, and what a person does.
import { expect, vi } from "vitest";
import { jiraIssue } from "../../../extension/write-back/jira.ts";
import { serviceNowRecord } from "../../../extension/write-back/servicenow.ts";
import { createWriteBack } from "../../../extension/write-back/write-back.ts";
import type { PageReport, ReviewState } from "../../../shared/review.ts";
import { nothingWritten, type WriteBackAction, type WriteBackState, Written } from "../../../shared/write-back.ts";
import { mine, news, state, tagged } from "../ui/states.ts";
import { restServer } from "./rest-server.ts";

export const sysId = "0123456789abcdef0123456789abcdef";
const server = restServer({ "SOC-7": "SOC-7", "SOC-8": "SOC-8", [sysId]: "INC0010001" });
export const decided = (threatType: "phishing" | "malware", severity: "high" | "low" = "high") =>
  state({ mine: mine({ tag: { threatType, severity } }), news: news("saved") });

/** A page with its background; `on` is the setting. */
export function openPage({
  on = true,
  field = "",
  system = "jira",
}: {
  on?: boolean;
  field?: string;
  system?: "jira" | "servicenow" | "copy" | "none";
} = {}) {
  const of = server();
  const kept = new Map<string, Written>();
  const stop = new AbortController();
  const settings = { on, field };
  let report: PageReport | null = tagged(decided("phishing"));
  let keeps = true;
  let answered = 0;
  const drawn: (WriteBackState | null)[] = [];
  const look = () => {
    const shown = writeBack.follow(report);
    drawn.push(shown);
    return shown;
  };
  const writeBack = createWriteBack({
    find(ticket, name) {
      if (system === "none") return null;
      if (system === "copy") return "copy";
      if (system === "jira") {
        const issue = jiraIssue(of.fetch, new URL(of.origin), 3, ticket.key);
        return { ...issue, read: () => issue.read().finally(() => answered++) };
      }
      return serviceNowRecord(of.fetch, {
        origin: of.origin,
        table: "incident",
        sysId,
        number: sysId,
        token: () => of.rest.rules.token,
        field: name,
      });
    },
    ask: {
      recall: async ({ key }) => ({ settings, written: kept.get(key) ?? nothingWritten }),
      async keep({ key }, written) {
        if (!keeps) throw new Error("The message port closed before a response was received.");
        kept.set(key, Written.parse(written));
      },
    },
    noteOf: (tag) => `SecTag: ${tag}.`,
    now: () => Date.UTC(2026, 10, 25, 10),
    changed: () => void look(),
    signal: stop.signal,
  });
  look();
  return {
    of,
    kept,
    settings,
    drawn,
    writeBack,
    look,
    show(review: ReviewState, key = "SOC-7") {
      const next = tagged(review);
      report = { ...next, ticket: { ...next.ticket, key } };
      return look();
    },
    leave() {
      report = { state: "left" };
      look();
    },
    answered: () => answered,
    loseMemory: () => {
      keeps = false;
    },
    /** Acts, and waits until that came to its end. */
    async act(action: WriteBackAction) {
      expect(writeBack.act(action), action).toBe(true);
      return this.rest();
    },
    rest: () =>
      vi.waitFor(() => {
        const shown = look();
        expect(shown?.phase).toMatch(/offer|diff/);
        return shown;
      }),
    ready: () => vi.waitFor(() => expect(look()).not.toBeNull()),
  };
}
