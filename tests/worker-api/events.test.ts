// Push and pull: stored once, answered one by one, seen by who may see it, in pages without gap or double.
import { expect, test } from "vitest";
import { EventPage, PushResponse } from "../../shared/decisions.ts";
import { decision } from "./decisions.ts";
import { openLab } from "./lab.ts";

test("a decision is stored, a second sending is a duplicate with the same seq, and a pull shows it without texts", async () => {
  const { call, analyst } = await openLab();
  const one = decision();
  const push = async () => PushResponse.parse(await (await call("/v1/events", { key: analyst.key, body: { events: [one] } })).json());
  expect((await push()).results).toEqual([{ status: "stored", id: one.id, seq: 1 }]);
  expect((await push()).results).toEqual([{ status: "duplicate", id: one.id, seq: 1 }]);
  const page = EventPage.parse(await (await call("/v1/events", { key: analyst.key })).json());
  const { blocks, ...rest } = one;
  expect(page.events).toMatchObject([
    {
      kind: "decision",
      seq: 1,
      reviewer: { name: "analyst", role: "analyst" },
      decision: { ...rest, blocks: blocks.map(({ role }) => ({ role })) },
    },
  ]);
});
