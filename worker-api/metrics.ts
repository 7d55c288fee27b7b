// What Prometheus sees: requests, synced rows, inference times, and how right the model is by people's newest decisions. No ids.
import { sql } from "drizzle-orm";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { z } from "zod";
import type { Decision, PushResult } from "../shared/decisions.ts";
import { stands } from "./labels.ts";
import type { Database } from "./schema.ts";

/** The shares are counted over the whole history: not more often than this. */
const COUNT_EVERY_MS = 10_000;

export interface Metrics {
  registry: Registry;
  request(labels: { method: string; route: string; status: number }, seconds: number): void;
  pushed(result: PushResult["status"]): void;
  reviewed(decision: Pick<Decision, "verdict" | "suggestion">): void;
}

export function createMetrics({ db, now, registry = new Registry() }: { db: Database; now: () => number; registry?: Registry }): Metrics {
  const registers = [registry];
  const requests = new Counter({
    name: "sectag_http_requests_total",
    help: "Requests answered, by route and status",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const durations = new Histogram({
    name: "sectag_http_request_duration_seconds",
    help: "Time to the answer's head, by route",
    labelNames: ["method", "route"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const rows = new Counter({
    name: "sectag_sync_rows_total",
    help: "Pushed rows, by what became of them",
    labelNames: ["result"],
    registers,
  });
  const reviews = new Counter({ name: "sectag_reviews_total", help: "Decisions stored, by verdict", labelNames: ["verdict"], registers });
  const inference = new Histogram({
    name: "sectag_inference_duration_seconds",
    help: "Time that the extension took for a suggestion, by backend",
    labelNames: ["backend"],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const shares = cachedShares(db, now);
  for (const { name, help, value } of shareGauges)
    new Gauge({
      name,
      help,
      labelNames: ["model", "threat_type"],
      registers,
      async collect() {
        this.reset();
        for (const share of await shares()) this.set({ model: share.model, threat_type: share.threatType }, value(share));
      },
    });
  return {
    registry,
    request({ method, route, status }, seconds) {
      requests.inc({ method, route, status });
      durations.observe({ method, route }, seconds);
    },
    pushed: (result) => rows.inc({ result }),
    reviewed({ verdict, suggestion }) {
      reviews.inc({ verdict });
      inference.observe({ backend: suggestion.backend }, suggestion.tookMs / 1000);
    },
  };
}

interface Share {
  model: string;
  threatType: string;
  decided: number;
  right: number;
  accepted: number;
}

const shareGauges = [
  {
    name: "sectag_auto_tag_accuracy_ratio",
    help: "Share of suggested tags (the model was sure) whose type and severity are what the person's newest decision says",
    value: ({ right, decided }: Share) => right / decided,
  },
  {
    name: "sectag_human_correction_rate_ratio",
    help: "Share of suggested tags (the model was sure) whose newest decision is not an acceptance",
    value: ({ accepted, decided }: Share) => 1 - accepted / decided,
  },
];

const Counted = z.array(
  z.object({ model: z.string(), threatType: z.string(), decided: z.number(), right: z.number(), accepted: z.number() }),
);

function cachedShares(db: Database, now: () => number): () => Promise<Share[]> {
  let counted: Promise<Share[]> | undefined;
  let at = 0;
  return () => {
    if (!counted || Math.abs(now() - at) >= COUNT_EVERY_MS) {
      at = now();
      counted = countShares(db);
      // The next scrape asks again; this one reports the error.
      counted.catch(() => {
        counted = undefined;
      });
    }
    return counted;
  };
}

/** A client names its model: what is no version of ours counts as `other`, so that nobody fills the page with names. */
async function countShares(db: Database): Promise<Share[]> {
  return Counted.parse(
    await db.all(sql`
      WITH newest AS (
        SELECT model_version, suggested, final, verdict, max(seq) FROM events
        WHERE kind = 'decision' AND ${stands} GROUP BY org_id, ticket_id, user_id
      )
      SELECT
        CASE WHEN model_version GLOB '20[0-9][0-9].*' AND model_version NOT GLOB '*[^0-9.]*' AND length(model_version) <= 20 THEN model_version ELSE 'other' END AS model,
        -- Without its severity, the last word of a tag.
        rtrim(rtrim(suggested, 'abcdefghijklmnopqrstuvwxyz'), '_') AS threatType,
        count(*) AS decided, sum(final IS suggested) AS right, sum(verdict = 'accept') AS accepted
      FROM newest
      WHERE suggested IS NOT NULL AND NOT (verdict = 'add' AND final IS NULL)
      GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 500`),
  );
}
