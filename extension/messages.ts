// The only message table: who may send what to whom, checked for shape and sender on arrival.
import { defineExtensionMessaging } from "@webext-core/messaging";
import { z } from "zod";
import { AnalyzeRequest, ModelProblem, Suggestion, TicketRef } from "../shared/contract.ts";
import type { Decision } from "../shared/decisions.ts";
import { type ModelChoice, ModelNews, type OwnCorrections } from "../shared/model-run.ts";
import {
  type DecideAnswer,
  PageReport,
  ReviewAction,
  ReviewedTicket,
  ReviewIntent,
  type ReviewSettings,
  type TicketHistory,
} from "../shared/review.ts";
import { Visit } from "../shared/selector-health.ts";
import { PackSites } from "../shared/selector-lists.ts";
import { type WriteBackMemory, Written } from "../shared/write-back.ts";
import type { PackProblem } from "./sites/packed.ts";

/** How the model runs on this machine and why: measured once, shown in options. */
export const EngineChoice = z.strictObject({
  backend: z.enum(["wasm", "webgpu"]),
  threads: z.int().positive(),
  reason: z.string(),
  measured: z.array(z.strictObject({ backend: z.enum(["wasm", "webgpu"]), threads: z.int().positive(), medianMs: z.number() })),
  modelVersion: z.string(),
  at: z.iso.datetime(),
});
export type EngineChoice = z.infer<typeof EngineChoice>;

/** What the user allows; kept in browser.storage, passed to where it is needed. `software` is for tests: a software GPU counts as one. */
export const EngineSettings = z.strictObject({ webgpu: z.enum(["auto", "off", "software"]) });
export type EngineSettings = z.infer<typeof EngineSettings>;

/** What the host needs to know when it starts. */
export interface EngineMemory {
  settings: EngineSettings;
  choice: EngineChoice | null;
  /** What is to be run; its start is counted by asking. */
  model: ModelChoice;
}

/** State of the model's host, shown in options. */
export const EngineStatus = z.strictObject({
  modelVersion: z.string().nullable(),
  backend: z.enum(["wasm", "webgpu", "rules"]),
  threads: z.int().nonnegative(),
  crossOriginIsolated: z.boolean(),
  choice: EngineChoice.nullable(),
  problem: ModelProblem.nullable(),
  notes: z.array(z.string()),
});
export type EngineStatus = z.infer<typeof EngineStatus>;

const nothing = z.undefined();

interface Row {
  /** The shape of its data. */
  data: z.ZodType;
  from: "page" | "extension";
}

// One row a message, in the table of who answers it.

export const pageMessages = {
  /** background, popup -> page: open, close or toggle the card. */
  "card.show": { data: z.enum(["open", "toggle"]), from: "extension" },
  /** popup, side panel -> page: read this page although it is no known ticket. */
  "page.read": { data: nothing, from: "extension" },
  /** background -> page: this host was removed; nothing of SecTag stays on the page. */
  "page.stop": { data: nothing, from: "extension" },
  /** popup, side panel -> page: what the person asks for. */
  "review.act": { data: ReviewAction, from: "extension" },
  /** background -> page: ask again for the history (something was pulled or answered), for the settings, or for the selector pack. */
  "review.changed": { data: z.enum(["history", "settings", "selectors"]), from: "extension" },
} as const satisfies Record<string, Row>;

export const backgroundMessages = {
  /** page -> background: see that the model's host runs; then connect to it directly. */
  "inference.ensure": { data: nothing, from: "page" },
  /** page -> background: what the page shows now, for the badge and the popup. */
  "page.report": { data: PageReport, from: "page" },
  /** top page -> background: a new document stands in the tab since then (ms since 1970); older reports are not its own. */
  "page.started": { data: z.number(), from: "page" },
  /** page -> background: which parts of a ticket were found on a visit; only counted. */
  "page.found": { data: Visit, from: "page" },
  /** page -> background: the selector pack that is in use; null: none. */
  "selectors.active": { data: nothing, from: "page" },
  /** options -> background: look for a selector pack now; use the packaged selectors. */
  "selectors.look": { data: nothing, from: "extension" },
  "selectors.packaged": { data: nothing, from: "extension" },
  /** host -> background: what may be used, and what was found best before. */
  "engine.memory": { data: nothing, from: "extension" },
  /** host -> background: keep the status (and the choice in it) for options and the next start. */
  "engine.status": { data: EngineStatus, from: "extension" },
  /** host -> background: what became of a release; the answer is what is to be run now. */
  "model.news": { data: ModelNews, from: "extension" },
  /** options -> background: look for a new model now; back to the one before. */
  "model.look": { data: nothing, from: "extension" },
  "model.back": { data: nothing, from: "extension" },
  /** page -> background: how many corrections made here are in the running model; null when it is nobody's release, or none are. */
  "model.own": { data: nothing, from: "page" },
  /** page -> background: save a decision; the answer comes after the commit, or says why not. Sending it again is harmless. */
  "review.decide": { data: ReviewIntent, from: "page" },
  /** page -> background: what was decided about this ticket, placed in its text of now. */
  "review.history": { data: ReviewedTicket, from: "page" },
  /** page -> background: what exactly would leave the machine for such a decision; saves nothing. */
  "review.preview": { data: ReviewIntent, from: "page" },
  /** page -> background: whether review mode is armed, and its keys. */
  "review.settings": { data: nothing, from: "page" },
  /** page -> background: arm or disarm review mode, in all tabs. */
  "review.arm": { data: z.boolean(), from: "page" },
  /** page -> background: whether write-back is on, and what SecTag wrote on this ticket. */
  "writeback.recall": { data: TicketRef, from: "page" },
  /** page -> background: keep what was just written on this ticket. */
  "writeback.keep": { data: z.strictObject({ ticket: TicketRef, written: Written }), from: "page" },
  /** options, popup, side panel -> background: send and fetch now, also what waits for a later try. */
  "sync.now": { data: nothing, from: "extension" },
} as const satisfies Record<string, Row>;

/** Answered by the model's host. */
export const hostMessages = {
  /** background -> host: test the release of this counter beside the running model; `model.news` tells how it went. */
  "model.rehearse": { data: z.int().positive(), from: "extension" },
  /** background -> host: another model is to be run; `engine.memory` says which. */
  "model.change": { data: nothing, from: "extension" },
  /** background -> host: what is wrong with a pack's selectors, tried in a document; null: nothing. */
  "selectors.try": { data: PackSites, from: "extension" },
} as const satisfies Record<string, Row>;

interface Protocol {
  "inference.ensure"(): { ok: boolean; reason: string };
  "page.report"(report: PageReport): void;
  "page.started"(since: number): void;
  "page.found"(visit: Visit): void;
  "selectors.active"(): PackSites | null;
  "selectors.try"(pack: PackSites): PackProblem | null;
  "selectors.look"(): void;
  "selectors.packaged"(): void;
  "engine.memory"(): EngineMemory;
  "engine.status"(status: EngineStatus): void;
  "model.news"(news: ModelNews): ModelChoice;
  "model.rehearse"(counter: number): void;
  "model.change"(): void;
  "model.look"(): void;
  "model.back"(): void;
  "model.own"(): OwnCorrections | null;
  "card.show"(how: "open" | "toggle"): void;
  "page.read"(): void;
  "page.stop"(): void;
  "review.decide"(intent: ReviewIntent): DecideAnswer;
  "review.history"(ticket: ReviewedTicket): TicketHistory;
  "review.preview"(intent: ReviewIntent): Decision;
  "review.settings"(): ReviewSettings;
  "review.arm"(armed: boolean): void;
  "review.act"(action: ReviewAction): void;
  "writeback.recall"(ticket: TicketRef): WriteBackMemory;
  "writeback.keep"(what: { ticket: TicketRef; written: Written }): void;
  "sync.now"(): void;
  "review.changed"(what: "history" | "settings" | "selectors"): void;
}
type Name = keyof Protocol;

const messaging = defineExtensionMessaging<Protocol>();
export const sendMessage = messaging.sendMessage;

interface Sender {
  id?: string | undefined;
  url?: string | undefined;
  origin?: string | undefined;
  tab?: { id?: number | undefined } | undefined;
  frameId?: number | undefined;
  documentLifecycle?: string | undefined;
}

/** True when the sender is this extension, and a content script or an own page as the row says. */
export function senderAllowed(from: "page" | "extension", sender: Sender, extensionId: string, extensionOrigin: string): boolean {
  if (sender.id !== extensionId) return false;
  const ownPage = (sender.url ?? "").startsWith(extensionOrigin) || sender.origin === extensionOrigin.replace(/\/$/, "");
  return from === "page" ? sender.tab !== undefined && !ownPage : sender.tab === undefined || ownPage;
}

/**
 * Registers who answers a message. One of wrong shape or from a wrong sender is refused with an error to its sender.
 * @param table the one that has the message. @returns ends it.
 */
export function answerMessage<K extends Name>(
  table: Readonly<Record<K, Row>>,
  name: K,
  browserRuntime: { id: string; getURL(path: "/"): string },
  answer: (data: Parameters<Protocol[K]>[0], sender: Sender) => ReturnType<Protocol[K]> | Promise<ReturnType<Protocol[K]>>,
): () => void {
  return messaging.onMessage(name, (message) => {
    const sender = message.sender as Sender;
    const row = table[name];
    if (!senderAllowed(row.from, sender, browserRuntime.id, browserRuntime.getURL("/")))
      throw new Error(`Refused ${name}: not from ${row.from}`);
    const parsed = row.data.safeParse(message.data ?? undefined);
    if (!parsed.success) throw new Error(`Refused ${name}: ${z.prettifyError(parsed.error)}`);
    // biome-ignore lint/suspicious/noExplicitAny: the library's return type is a conditional over the table that no value can satisfy here.
    return answer(parsed.data as Parameters<Protocol[K]>[0], sender) as any;
  });
}

/** Name of the direct port from a page to the model's host (faster than through the background, and it outlives it). */
export const analyzePortName = "sectag.analyze";

/** What a page sends over the port. */
export const PortRequest = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("analyze"), id: z.int(), request: AnalyzeRequest, textCut: z.boolean() }),
  z.strictObject({ kind: z.literal("cancel"), id: z.int() }),
]);
export type PortRequest = z.infer<typeof PortRequest>;

/** What the host answers; every request gets exactly one `answer` or `error`. */
export const PortReply = z.discriminatedUnion("kind", [
  /** A sign of life: the model loads, or reads the ticket. */
  z.strictObject({ kind: z.literal("progress"), id: z.int(), phase: z.enum(["loading", "reading"]), progress: z.number().min(0).max(1) }),
  z.strictObject({ kind: z.literal("answer"), id: z.int(), suggestion: Suggestion }),
  z.strictObject({ kind: z.literal("error"), id: z.int(), message: z.string() }),
]);
export type PortReply = z.infer<typeof PortReply>;
