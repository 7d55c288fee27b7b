// What Prometheus sees: requests, synced rows, inference times, and how right the model is by people's newest decisions. No ids.
import { sql } from "drizzle-orm";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { z } from "zod";
import type { Decision, PushResult } from "../shared/decisions.ts";
import { parts, type ViewHealth } from "../shared/selector-health.ts";
import { stands } from "./labels.ts";
import { databaseCode } from "./patient-client.ts";
import type { Database } from "./schema.ts";

/** The shares are counted over the whole history: not more often than this. */
const COUNT_EVERY_MS = 10_000;

export interface Metrics {
  contentType: string;
  /** The figures of now, as text. */
  page(): Promise<string>;
  request(labels: { method: string; route: string; status: number }, seconds: number): void;
  pushed(result: PushResult["status"]): void;
  reviewed(decision: Pick<Decision, "verdict" | "suggestion">): void;
  /** An installation asked what a channel names. */
  polled(named: { channel: string; version: string }): void;
  /** What selectors found on an installation's pages. */
  visited(views: readonly ViewHealth[]): void;
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
  const polls = new Counter({
    name: "sectag_model_polls_total",
    help: "Answers to installations that asked what a channel names, by the version that they were told",
    labelNames: ["channel", "version"],
    registers,
  });
  const visits = new Counter({
    name: "sectag_selector_visits_total",
    help: "Tickets' pages that installations looked at, by adapter, kind of page, part of the ticket, and whether it was found",
    labelNames: ["site", "page", "part", "found"],
    registers,
  });
  const inference = new Histogram({
    name: "sectag_inference_duration_seconds",
    help: "Time that the extension took for a suggestion, by backend",
    labelNames: ["backend"],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const up = new Gauge({ name: "sectag_database_up", help: "1: the database answered when it was last asked", registers });
  const labelNames = ["model", "threat_type"];
  const accuracy = new Gauge({
    name: "sectag_auto_tag_accuracy_ratio",
    help: "Share of suggested tags (the model was sure) whose type and severity are what the person's newest decision says",
    labelNames,
    registers,
  });
  const corrections = new Gauge({
    name: "sectag_human_correction_rate_ratio",
    help: "Share of suggested tags (the model was sure) whose newest decision is not an acceptance",
    labelNames,
    registers,
  });
  let countedAt = Number.NEGATIVE_INFINITY;

  /** When the database cannot be asked the last shares stay: figures are wanted most when something is wrong. */
  async function count(): Promise<void> {
    if (Math.abs(now() - countedAt) < COUNT_EVERY_MS) return;
    try {
      const shares = await countShares(db);
      countedAt = now();
      up.set(1);
      accuracy.reset();
      corrections.reset();
      for (const { model, threat_type, decided, right, accepted } of shares) {
        accuracy.set({ model, threat_type }, right / decided);
        corrections.set({ model, threat_type }, 1 - accepted / decided);
      }
    } catch (error) {
      if (databaseCode(error) === "") throw error;
      up.set(0);
    }
  }

  return {
    contentType: registry.contentType,
    async page() {
      await count();
      return registry.metrics();
    },
    request({ method, route, status }, seconds) {
      requests.inc({ method, route, status });
      durations.observe({ method, route }, seconds);
    },
    pushed: (result) => rows.inc({ result }),
    polled: (named) => polls.inc(named),
    visited(views) {
      for (const view of views)
        for (const part of parts) {
          const of = { site: view.site, page: view.page, part };
          visits.inc({ ...of, found: "yes" }, view[part]);
          visits.inc({ ...of, found: "no" }, view.visits - view[part]);
        }
    },
    reviewed({ verdict, suggestion }) {
      reviews.inc({ verdict });
      inference.observe({ backend: suggestion.backend }, suggestion.tookMs / 1000);
    },
  };
}

const Shares = z.array(
  z.object({ model: z.string(), threat_type: z.string(), decided: z.number(), right: z.number(), accepted: z.number() }),
);

/** A client names its model: what is no version of ours counts as `other`, so that nobody fills the page with names. */
async function countShares(db: Database): Promise<z.infer<typeof Shares>> {
  return Shares.parse(
    await db.all(sql`
      WITH newest AS (
        SELECT model_version, suggested, final, verdict, max(seq) FROM events
        WHERE kind = 'decision' AND ${stands} GROUP BY org_id, ticket_id, user_id
      )
      SELECT
        CASE WHEN model_version GLOB '20[0-9][0-9].*' AND model_version NOT GLOB '*[^0-9.]*' AND length(model_version) <= 20 THEN model_version ELSE 'other' END AS model,
        -- Without its severity, the last word of a tag.
        rtrim(rtrim(suggested, 'abcdefghijklmnopqrstuvwxyz'), '_') AS threat_type,
        count(*) AS decided, sum(final IS suggested) AS right, sum(verdict = 'accept') AS accepted
      FROM newest
      WHERE suggested IS NOT NULL AND NOT (verdict = 'add' AND final IS NULL)
      GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 500`),
  );
}
