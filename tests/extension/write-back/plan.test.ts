// The plan of a write-back, by random histories: nothing of a person's is ever removed, twice is once, and a revert restores what was there.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  isRevertible,
  labelOf,
  type Present,
  planRevert,
  planWrite,
  shows,
  stillOurs,
  writtenAfter,
} from "../../../extension/write-back/plan.ts";
import { type Change, nothingWritten, Plan, Written } from "../../../shared/write-back.ts";

const at = "2026-11-25T10:15:00Z";
const tags = ["phishing_high", "malware_low", "ransomware_critical", "benign"];
const tag = fc.constantFrom(...tags);
const wish = (name: string) => ({ tag: name, note: `SecTag: ${name}, reviewed by an analyst.` });

/** A ticket as a server keeps it, with who put each value there. */
interface Ticket {
  version: number;
  labels: Map<string, "person" | "sectag">;
  field: { value: string; by: "person" | "sectag" };
}
const present = ({ version, labels, field }: Ticket, system: "labels" | "field" | "notes"): Present => ({
  version: `${version}`,
  labels: system === "labels" ? [...labels.keys()] : null,
  field: system === "field" ? { name: "u_sectag", value: field.value } : null,
});

function apply(ticket: Ticket, change: Change): void {
  ticket.version++;
  if (change.kind === "labels") {
    for (const label of change.remove) ticket.labels.delete(label);
    for (const label of change.add) ticket.labels.set(label, "sectag");
  } else if (change.kind === "field") ticket.field = { value: change.after, by: "sectag" };
}

const event = fc.oneof(
  fc.record({ do: fc.constant("write" as const), tag }),
  fc.record({ do: fc.constant("revert" as const) }),
  // People write what they like, also labels that look like ours.
  fc.record({ do: fc.constant("label" as const), label: fc.oneof(tag.map(labelOf), fc.constantFrom("vip", "sectag", "Sectag:x")) }),
  fc.record({ do: fc.constant("unlabel" as const), label: fc.oneof(tag.map(labelOf), fc.constant("vip")) }),
  fc.record({ do: fc.constant("fill" as const), value: fc.oneof(tag, fc.constantFrom("", "Hardware")) }),
);

test.each(["labels", "field"] as const)("%s: whatever people and SecTag do, only SecTag's own values go", (system) => {
  let replaced = 0;
  let reverted = 0;
  fc.assert(
    fc.property(fc.array(event, { maxLength: 25 }), (events) => {
      const ticket: Ticket = { version: 1, labels: new Map(), field: { value: "", by: "person" } };
      let written: Written = nothingWritten;
      const make = (change: Change, last: Written["last"]) => {
        if (change.kind === "labels") for (const label of change.remove) expect(ticket.labels.get(label)).toBe("sectag");
        if (change.kind === "field" && ticket.field.value !== "") expect(ticket.field.by).toBe("sectag");
        const before = `${ticket.version}`;
        apply(ticket, change);
        expect(shows(present(ticket, system), change, before)).toBe(true);
        written = Written.parse(writtenAfter(written, change, last));
      };
      for (const one of events) {
        switch (one.do) {
          case "write": {
            const plan = Plan.parse(planWrite(present(ticket, system), wish(one.tag), written));
            if (plan.change?.kind === "labels" && plan.change.remove.length > 0) replaced++;
            if (plan.change?.kind === "field" && plan.change.before !== "") replaced++;
            if (plan.change && plan.change.kind !== "note") make(plan.change, { tag: one.tag, change: plan.change, at });
            break;
          }
          case "revert": {
            const change = planRevert(present(ticket, system), written);
            if (change) reverted++;
            if (change) make(change, null);
            break;
          }
          // What is SecTag's and is put there once more by a person stays SecTag's: nobody could tell the two apart.
          case "label":
            if (!ticket.labels.has(one.label) && !written.labels.includes(one.label)) ticket.labels.set(one.label, "person");
            break;
          case "unlabel":
            ticket.labels.delete(one.label);
            break;
          case "fill":
            if (written.field?.value !== one.value) ticket.field = { value: one.value, by: "person" };
            break;
        }
        ticket.version++;
      }
    }),
    { numRuns: 2000 },
  );
  // A property that never came to the interesting part would prove nothing.
  expect(replaced).toBeGreaterThan(100);
  expect(reverted).toBeGreaterThan(100);
});

const anyPresent = fc.record({
  version: fc.string({ minLength: 1, maxLength: 5 }),
  labels: fc.option(fc.uniqueArray(fc.oneof(tag.map(labelOf), fc.constantFrom("vip", "eu-west")))),
  field: fc.option(fc.record({ name: fc.constant("u_sectag"), value: fc.oneof(tag, fc.constantFrom("", "Hardware")) })),
});
const anyWritten = fc.record({
  labels: fc.uniqueArray(tag.map(labelOf)),
  field: fc.option(fc.record({ name: fc.constantFrom("u_sectag", "category"), value: tag })),
  note: fc.option(tag.map((name) => wish(name).note)),
  last: fc.constant(null),
});
const after = ({ labels, field, version }: Present, change: Change): Present => ({
  version: `${version}+`,
  labels: change.kind === "labels" && labels ? [...labels.filter((label) => !change.remove.includes(label)), ...change.add] : labels,
  field: change.kind === "field" && field ? { ...field, value: change.after } : field,
});
const sorted = ({ labels, field }: Present) => ({ labels: labels?.toSorted() ?? null, field });

test("written twice is written once", () => {
  fc.assert(
    fc.property(anyPresent, anyWritten, tag, (before, known, name) => {
      const { change } = planWrite(before, wish(name), known);
      if (!change) return;
      const written = writtenAfter(stillOurs(known, before), change, { tag: name, change, at });
      expect(planWrite(after(before, change), wish(name), written).change).toBeNull();
    }),
  );
});

test("a revert restores exactly what was there, beside what others did meanwhile to other labels", () => {
  let count = 0;
  fc.assert(
    fc.property(anyPresent, anyWritten, tag, fc.boolean(), (before, known, name, busy) => {
      const { change } = planWrite(before, wish(name), known);
      if (!change || change.kind === "note") return;
      const written = writtenAfter(known, change, { tag: name, change, at });
      expect(isRevertible(written)).toBe(true);
      const others = (one: Present): Present => (busy && one.labels ? { ...one, labels: ["new-by-hand", ...one.labels] } : one);
      const now = others(after(before, change));
      const back = planRevert(now, written);
      expect(back).not.toBeNull();
      if (back) expect(sorted(after(now, back))).toEqual(sorted(others(before)));
      count++;
    }),
  );
  expect(count).toBeGreaterThan(20);
});

test("what somebody has changed since is not reverted", () => {
  const change = { kind: "labels", add: [labelOf("phishing_high")], remove: [labelOf("malware_low")] } as const;
  const written = writtenAfter(nothingWritten, { ...change, add: [...change.add], remove: [...change.remove] }, null);
  const last = { tag: "phishing_high", change: { ...change, add: [...change.add], remove: [...change.remove] }, at };
  const base: Present = { version: "2", labels: [labelOf("phishing_high"), "vip"], field: null };
  expect(planRevert(base, { ...written, last })).toEqual({
    kind: "labels",
    add: [labelOf("malware_low")],
    remove: [labelOf("phishing_high")],
  });
  expect(planRevert({ ...base, labels: ["vip"] }, { ...written, last })).toBeNull();
  expect(planRevert({ ...base, labels: [labelOf("phishing_high"), labelOf("malware_low")] }, { ...written, last })).toBeNull();
  const field = { kind: "field", name: "u_sectag", before: "", after: "phishing_high" } as const;
  const onField = { ...nothingWritten, last: { tag: "phishing_high", change: field, at } };
  expect(planRevert({ version: "2", labels: null, field: { name: "u_sectag", value: "Hardware" } }, onField)).toBeNull();
  expect(planRevert({ version: "2", labels: null, field: null }, onField)).toBeNull();
});

test("a person's value is left and named; the tag then goes into a note, once", () => {
  const taken: Present = { version: "1", labels: null, field: { name: "category", value: "Hardware" } };
  const plan = planWrite(taken, wish("phishing_high"), nothingWritten);
  expect(plan).toEqual({
    change: { kind: "note", text: wish("phishing_high").note },
    left: [{ kind: "field", name: "category", value: "Hardware" }],
    version: "1",
  });
  const written = writtenAfter(
    nothingWritten,
    { kind: "note", text: wish("phishing_high").note },
    { tag: "phishing_high", change: { kind: "note", text: "x" }, at },
  );
  expect(isRevertible(written)).toBe(false);
  expect(planWrite(taken, wish("phishing_high"), written).change).toBeNull();
  const labels: Present = { version: "1", labels: [labelOf("malware_low"), "vip"], field: null };
  expect(planWrite(labels, wish("phishing_high"), nothingWritten)).toEqual({
    change: { kind: "labels", add: [labelOf("phishing_high")], remove: [] },
    left: [{ kind: "label", name: "", value: labelOf("malware_low") }],
    version: "1",
  });
});
