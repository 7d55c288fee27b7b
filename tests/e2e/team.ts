// A team for the end-to-end tests: the real API with a folder of its own, an analyst's pairing links, a lead who rules, and the export.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { v7 } from "uuid";
import { type ApiProcess, startApi } from "../../scripts/api-process.ts";
import { pairByHand } from "../../scripts/pairing.ts";
import { type ExportedDecision, readExport } from "../../scripts/read-export.ts";
import type { Severity, ThreatType } from "../../shared/contract.ts";
import { type Decision, PushResponse } from "../../shared/decisions.ts";
import type { Bench } from "./lab.ts";

export interface Team {
  api: ApiProcess;
  folder: string;
  /** Pairs the browser as the analyst, through the options page. @param address in the place of the API's own. */
  pair(bench: Bench, address?: string): Promise<void>;
  /** Everything that the server has, in its order. */
  stored(): Promise<ExportedDecision[]>;
  /** A lead decides about the ticket of a decision. */
  rule(about: Decision, tag: { threatType: ThreatType; severity: Severity }): Promise<void>;
  close(): Promise<void>;
}

export async function startTeam(): Promise<Team> {
  const folder = mkdtempSync(join(tmpdir(), "sectag-team-"));
  const api = await startApi({ folder, env: { SECTAG_LOG: "warn" } });
  const [exporter, lead] = [await api.key("trainer", "service", "export"), await api.key("Lea", "lead", "review", "lead")];
  return {
    api,
    folder,
    async pair(bench, address = api.baseUrl) {
      const link = await api.pairingLink("Ana", "analyst");
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
      const answer = await fetch(`${api.baseUrl}/v1/events`, {
        method: "POST",
        headers: { authorization: `Bearer ${lead}`, "content-type": "application/json" },
        body: JSON.stringify({ events: [decision] }),
      });
      const [result] = PushResponse.parse(await answer.json()).results;
      if (result?.status !== "stored") throw new Error(`The ruling was not stored: ${JSON.stringify(result)}`);
    },
    async close() {
      await api.stop();
      if (existsSync(folder)) rmSync(folder, { recursive: true });
    },
  };
}
