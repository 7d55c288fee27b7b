// The label list and its typed view say the same, and combined ids are stable.
import { expect, test } from "vitest";
import labels from "../../shared/labels.json" with { type: "json" };
import { combinedId, combinedTag, entityIds, fromCombinedId, indicatorIds, severityIds, threatTypeIds } from "../../shared/labels.ts";
import golden from "../fixtures/combined-ids.json" with { type: "json" };

test("labels.json and its typed view list the same ids in the same order", () => {
  expect(labels.threatTypes.map((label) => label.id)).toEqual([...threatTypeIds]);
  expect(labels.severities.map((label) => label.id)).toEqual([...severityIds]);
  expect(labels.entities.map((label) => label.id)).toEqual([...entityIds]);
  expect(labels.indicators.map((label) => label.id)).toEqual([...indicatorIds]);
});

test("each label has a description, colours for light and dark, and a second mark", () => {
  for (const label of [...labels.threatTypes, ...labels.severities, ...labels.entities]) {
    expect(label.description.length, label.id).toBeGreaterThan(5);
    expect(label.color.light, label.id).toMatch(/^#[0-9a-f]{6}$/);
    expect(label.color.dark, label.id).toMatch(/^#[0-9a-f]{6}$/);
    expect(label.mark, label.id).not.toBe("");
  }
  const marks = labels.threatTypes.map((label) => label.mark);
  expect(new Set(marks).size).toBe(marks.length);
});

test("all threat types but benign carry machine tags", () => {
  for (const label of labels.threatTypes) expect(label.machineTags.length > 0, label.id).toBe(label.id !== "benign");
});

test("combined ids are those of the golden file, both ways (the trainer asserts the same file)", () => {
  expect(Object.keys(golden)).toHaveLength(threatTypeIds.length * severityIds.length);
  for (const threatType of threatTypeIds)
    for (const severity of severityIds) {
      const id = combinedId(threatType, severity);
      expect(golden[combinedTag(threatType, severity) as keyof typeof golden]).toBe(id);
      expect(fromCombinedId(id)).toEqual({ threatType, severity });
    }
  expect(combinedId("malware", "high")).toBe(14);
  expect(() => fromCombinedId(52)).toThrow(RangeError);
  expect(() => fromCombinedId(1.5)).toThrow(RangeError);
  expect(() => fromCombinedId(-1)).toThrow(RangeError);
});
