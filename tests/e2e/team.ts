// A team for the end-to-end tests: the real API with a folder of its own, pairing links, a lead who rules, the export, and what waits.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { v7 } from "uuid";
import { z } from "zod";
import { type ApiProcess, startApi } from "../../scripts/api-process.ts";
import { pairByHand } from "../../scripts/pairing.ts";
import { type ExportedDecision, readExport } from "../../scripts/read-export.ts";
import type { Severity, ThreatType } from "../../shared/contract.ts";
import { type Decision, PairResponse, PushResponse, Reviewer, type Role, type Scope, type WaitingList } from "../../shared/decisions.ts";
import type { Bench } from "./lab.ts";

export interface Team {
  api: ApiProcess;
  folder: string;
  /** Pairs the browser through the options page. @param address in the place of the API's own. */
  pair(bench: Bench, address?: string, who?: "analyst" | "lead"): Promise<void>;
  /** Everything that the server has, in its order. */
  stored(): Promise<ExportedDecision[]>;
  /** A lead decides about the ticket of a decision. */
  rule(about: Decision, tag: { threatType: ThreatType; severity: Severity }): Promise<void>;
  /** Tells what waits for a lead, as the trainer does. */
  hold(waiting: WaitingList): Promise<void>;
  close(): Promise<void>;
}

/** @param env of the API, beside what it needs. */
export async function startTeam(env: Record<string, string> = {}): Promise<Team> {
  const folder = mkdtempSync(join(tmpdir(), "sectag-team-"));
  const api = await startApi({ folder, env: { SECTAG_LOG: "warn", ...env } });
  const post = async <T>(path: string, key: string, body: unknown, answer: z.ZodType<T>): Promise<T> => {
    const headers = { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) };
    const response = await fetch(api.baseUrl + path, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.parse(await response.json());
  };
  const code = (await api.firstLink()).split("#")[1];
  const { key: admin } = await post("/v1/pair", "", { code, client: "end-to-end tests" }, PairResponse);
  const userOf = async (name: string, role: Role) => (await post("/v1/users", admin, { name, role }, Reviewer)).id;
  const keyOf = async (userId: string, name: string, scopes: Scope[]) => {
    const request = { userId, name, scopes, days: null };
    return (await post("/v1/keys", admin, request, z.object({ key: z.string() }))).key;
  };
  const exporter = await keyOf(await userOf("Trainer", "service"), "trainer", ["export"]);
  const people = { analyst: await userOf("Ana", "analyst"), lead: await userOf("Lea", "lead") };
  const lead = await keyOf(people.lead, "rulings", ["review", "lead"]);
  return {
    api,
    folder,
    async pair(bench, address = api.baseUrl, who = "analyst") {
      const { link } = await post("/v1/pairings", admin, { userId: people[who] }, z.object({ link: z.url() }));
      await pairByHand(bench.console, link.replace(api.baseUrl, address));
    },
    stored: () => readExport(api.baseUrl, exporter),
    async rule(about, tag) {
      const decision: Decision = {
        ...about,
        id: v7(),
        supersedes: null,
        verdict: tag.threatType === about.suggestion.threatType && tag.severity === about.suggestion.severity ? "accept" : "correct",
        final: { ...tag, spans: [] },
      };
      const [result] = (await post("/v1/events", lead, { events: [decision] }, PushResponse)).results;
      if (result?.status !== "stored") throw new Error(`The ruling was not stored: ${JSON.stringify(result)}`);
    },
    async hold(waiting) {
      const headers = { "content-type": "application/json", authorization: `Bearer ${exporter}` };
      const { status } = await fetch(`${api.baseUrl}/v1/waiting`, { method: "PUT", headers, body: JSON.stringify(waiting) });
      if (status !== 204) throw new Error(`The list was answered with ${status}`);
    },
    async close() {
      await api.stop();
      if (existsSync(folder)) rmSync(folder, { recursive: true });
    },
  };
}
