// Decisions as a page makes them, about a few small tickets; some of their words are such that redaction hides.
import {
  type ReviewBlock,
  type ReviewedTicket,
  type ReviewIntent,
  type ReviewSpan,
  standing,
  type TicketHistory,
} from "../../shared/review.ts";
import type { Random } from "./random.ts";

const tags = [
  { threatType: "phishing", severity: "high" },
  { threatType: "malware", severity: "medium" },
  { threatType: "vulnerability", severity: "low" },
] as const;

/** The tickets of a world: everybody may review each of them. */
export function makeTickets(random: Random, count: number): ReviewedTicket[] {
  return Array.from({ length: count }, (_, index) => {
    const text = random.pick([
      "Mail from eve@example.com asks for a password.",
      "Host 10.0.0.5 beacons to evil.example.",
      "The build server is slow.",
    ]);
    const blocks: ReviewBlock[] = [
      { id: "title", role: "title", text: `Report ${index}`, restricted: false },
      { id: "description", role: "description", text, restricted: false },
    ];
    if (random.chance(0.3)) blocks.push({ id: "note", role: "comment", text: "Only for us: ask the customer.", restricted: true });
    return { ticket: { system: random.pick(["jira-cloud", "servicenow-classic"]), key: `SEC-${index + 1}` }, blocks };
  });
}

/** What a person does next about a ticket of which they see this history. @param now their machine's clock. */
export function makeIntent(random: Random, ticket: ReviewedTicket, history: TicketHistory, now: number): ReviewIntent {
  const mine = standing(history.filter((entry) => entry.mine));
  const newest = mine.at(-1);
  const suggestion = random.pick(tags);
  const common = {
    ...ticket,
    id: uuidv7(random, now),
    supersedes: newest?.id ?? null,
    suggestion: {
      ...suggestion,
      confidence: 0.8,
      abstained: false,
      probabilities: null,
      severityProbabilities: null,
      modelVersion: "2026.48.1",
      backend: "wasm" as const,
      tookMs: 20,
    },
    reason: null,
    clientTime: new Date(now).toISOString(),
    dwellMs: random.int(60_000),
  };
  if (newest && random.chance(0.3)) return { ...common, verdict: "undo", final: mine.at(-2)?.final ?? null };
  const verdict = random.pick(["accept", "correct", "reject"] as const);
  const tag = verdict === "accept" ? suggestion : verdict === "reject" ? { threatType: null, severity: null } : random.pick(tags);
  return { ...common, verdict, final: { ...tag, spans: random.chance(0.5) ? [firstWord(ticket)] : [] } };
}

function firstWord({ blocks }: ReviewedTicket): ReviewSpan {
  const { id, text } = blocks[1] ?? { id: "", text: "" };
  const end = text.indexOf(" ");
  return { block: id, start: 0, end, label: "System", quote: text.slice(0, end), source: "human" };
}

/** As the page makes ids: time first, then chance. A clock before 1970 makes early ids, not wrong ones. */
function uuidv7(random: Random, now: number): string {
  const time = Math.max(0, Math.floor(now)).toString(16).padStart(12, "0").slice(-12);
  const hex = (digits: number) => Array.from({ length: digits }, () => random.int(16).toString(16)).join("");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${random.pick(["8", "9", "a", "b"])}${hex(3)}-${hex(12)}`;
}
