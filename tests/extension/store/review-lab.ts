// What the store's tests share: a fresh IndexedDB, intents, a second copy in memory.
import { IDBFactory, IDBKeyRange } from "fake-indexeddb";
import { v7 } from "uuid";
import type { KeyValueArea } from "../../../extension/store/mirror.ts";
import { createMirror } from "../../../extension/store/mirror.ts";
import { openReviewDb, type ReviewDb } from "../../../extension/store/review-db.ts";
import { createReviews, type ReviewsDeps } from "../../../extension/store/reviews.ts";
import type { ReviewIntent } from "../../../shared/review.ts";

/** browser.storage.local's part, in memory. */
export function memoryArea(): KeyValueArea & { items: Map<string, unknown> } {
  const items = new Map<string, unknown>();
  return {
    items,
    get: async () => Object.fromEntries(items),
    set: async (added) => {
      for (const [key, value] of Object.entries(added)) items.set(key, structuredClone(value));
    },
    remove: async (keys) => {
      for (const key of keys) items.delete(key);
    },
  };
}

export function freshIndexedDb() {
  return { indexedDB: new IDBFactory(), IDBKeyRange };
}

/** A decision about a phishing ticket; the suggestion is phishing_high. */
export function intent(change: Partial<ReviewIntent> = {}): ReviewIntent {
  const description = "Please reset the password at hxxps://login[.]evil[.]example now. Bob saw Emotet.";
  const start = description.indexOf("Emotet");
  return {
    id: v7(),
    supersedes: null,
    ticket: { system: "jira-cloud", key: "SEC-1" },
    blocks: [
      { id: "title", role: "title", text: "Suspicious mail to finance", restricted: false },
      { id: "description", role: "description", text: description, restricted: false },
    ],
    suggestion: {
      threatType: "phishing",
      severity: "high",
      confidence: 0.92,
      abstained: false,
      probabilities: null,
      severityProbabilities: null,
      modelVersion: "2026.48.1",
      backend: "wasm",
      tookMs: 80,
    },
    verdict: "accept",
    final: {
      threatType: "phishing",
      severity: "high",
      spans: [{ block: "description", start, end: start + 6, label: "Malware", quote: "Emotet", source: "model" }],
    },
    reason: null,
    clientTime: "2026-11-25T10:00:00.000Z",
    dwellMs: 1200,
    ...change,
  };
}

export async function openLab(change: Partial<ReviewsDeps> = {}, idb = freshIndexedDb()) {
  const area = memoryArea();
  const db: ReviewDb = change.db ?? (await openReviewDb(idb));
  const notices: string[] = [];
  let saved = 0;
  const deps: ReviewsDeps = {
    db,
    mirror: createMirror(area),
    policy: async () => ({ restricted: false, ownDomains: [] }),
    connected: async () => false,
    userId: async () => null,
    freeSpace: [],
    onSaved: () => {
      saved++;
    },
    onNotice: (message) => notices.push(message),
    ...change,
  };
  return { db, area, idb, notices, mirror: deps.mirror, saved: () => saved, reviews: createReviews(deps) };
}
