// What `npm start` says of the tickets that its retrain teaches is true: the packaged model is not sure about them.
import { expect, test } from "vitest";
import { analyze } from "../../extension/inference/analyze.ts";
import { memoryCache } from "../../extension/inference/passage-cache.ts";
import { openModelFolder, stableModelFolder } from "../../scripts/node-model.ts";
import { deskTickets, toLearnDirectory } from "./tickets.ts";

test("the packaged model is not sure about the tickets of the kind that is taught", { timeout: 60_000 }, async () => {
  const { model } = await openModelFolder(stableModelFolder());
  const tickets = await deskTickets(toLearnDirectory);
  expect(tickets.map(({ key }) => key)).toEqual(["ITS-401", "ITS-402"]);
  for (const { key, title, description } of tickets) {
    const blocks = [
      { id: "title", role: "title" as const, text: title },
      { id: "description", role: "description" as const, text: description },
    ];
    const request = { ticket: { system: "jira-cloud" as const, key }, blocks };
    const { abstained } = await analyze(request, { model, cache: memoryCache(0), now: () => performance.now(), textCut: false });
    expect(abstained, key).toBe(true);
  }
});
