// The lasting store of readings: survives a restart, forgets the least used, holds no text.
import "fake-indexeddb/auto";
import { Dexie } from "dexie";
import { beforeEach, expect, test } from "vitest";
import type { PassageReading } from "../../../extension/inference/passage-cache.ts";
import { openPassageCache } from "../../../extension/store/passage-cache.ts";

beforeEach(() => Dexie.delete("sectag"));

const reading = (end: number): PassageReading => ({
  needed: 1,
  windows: [{ threat: [0.1], severity: [0.2], end }],
  spans: [{ start: 0, end, label: "Malware", score: 0.9 }],
});

test("a reading is there after the store was opened again", async () => {
  const first = await openPassageCache();
  await first.put("a", reading(3));
  const again = await openPassageCache();
  expect(await again.get("a")).toEqual(reading(3));
  expect(await again.get("b")).toBeUndefined();
});

test("the least used readings are pushed out, those used lately stay", async () => {
  let clock = 0;
  const cache = await openPassageCache(() => ++clock);
  await cache.put("kept", reading(1));
  for (let index = 0; index < 2100; index++) {
    await cache.put(`k${index}`, reading(1));
    if (index % 500 === 0) await cache.get("kept");
  }
  expect(await cache.get("kept")).toBeDefined();
  expect(await cache.get("k0")).toBeUndefined();
  expect(await cache.get("k2099")).toBeDefined();
});
