// What would be changed on a ticket so that it says the tag, and what takes it back: only empty places and SecTag's own values are written. Pure.
import type { Change, LeftValue, Plan, Written } from "../../shared/write-back.ts";

/** What stands on the ticket now, as far as write-back looks. */
export interface Present {
  /** Changes with every change of the ticket. */
  version: string;
  /** Null: this system has no labels. */
  labels: readonly string[] | null;
  /** The field that takes the tag; null where the ticket has none. */
  field: { name: string; value: string } | null;
}

export interface Wish {
  tag: string;
  /** What a note says, where there is neither a label nor a field for the tag. */
  note: string;
}

/** All our labels begin with it; that alone makes a label nobody's to replace: a colleague's browser writes the same. */
export const labelPrefix = "sectag:";
export const labelOf = (tag: string): string => `${labelPrefix}${tag}`;

/** Of what was written once, what still stands there. */
export function stillOurs(written: Written, { labels, field }: Present): Written {
  const sameField = written.field !== null && field?.name === written.field.name && field.value === written.field.value;
  return {
    ...written,
    labels: written.labels.filter((label) => labels?.includes(label)),
    field: sameField ? written.field : null,
  };
}

export function planWrite(present: Present, { tag, note }: Wish, written: Written): Plan {
  const { version, labels, field } = present;
  const ours = stillOurs(written, present);
  if (labels) {
    const wanted = labelOf(tag);
    const add = labels.includes(wanted) ? [] : [wanted];
    const remove = ours.labels.filter((label) => label !== wanted);
    const left = labels.filter((label) => label.startsWith(labelPrefix) && label !== wanted && !remove.includes(label));
    const change: Change | null = add.length + remove.length > 0 ? { kind: "labels", add, remove } : null;
    return { change, left: left.map((value) => ({ kind: "label", name: "", value })), version };
  }
  if (field?.value === tag) return { change: null, left: [], version };
  if (field && (field.value === "" || ours.field)) {
    return { change: { kind: "field", name: field.name, before: field.value, after: tag }, left: [], version };
  }
  const left: LeftValue[] = field ? [{ kind: "field", name: field.name, value: field.value }] : [];
  return { change: written.note === note ? null : { kind: "note", text: note }, left, version };
}

/** A note cannot be taken back: it is part of the ticket's history. */
export function isRevertible({ last }: Written): boolean {
  return last !== null && last.change.kind !== "note";
}

/** What takes the last write back; null when what it wrote is not all there any more: then somebody has changed it since. */
export function planRevert(present: Present, { last }: Written): Change | null {
  if (!last || last.change.kind === "note") return null;
  const back = inverse(last.change);
  return fits(present, back) ? back : null;
}

function inverse(change: Exclude<Change, { kind: "note" }>): Change {
  if (change.kind === "labels") return { kind: "labels", add: change.remove, remove: change.add };
  return { ...change, before: change.after, after: change.before };
}

function fits({ labels, field }: Present, change: Change): boolean {
  if (change.kind === "note") return true;
  if (change.kind === "field") return field?.name === change.name && field.value === change.before;
  return labels !== null && change.remove.every((label) => labels.includes(label)) && !change.add.some((label) => labels.includes(label));
}

/** True when the ticket shows that the change was made. @param before its version before that. */
export function shows({ version, labels, field }: Present, change: Change, before: string): boolean {
  if (change.kind === "note") return version !== before;
  if (change.kind === "field") return field?.value === change.after;
  return labels !== null && change.add.every((label) => labels.includes(label)) && !change.remove.some((label) => labels.includes(label));
}

/** What is SecTag's after a change was made. @param last what can be reverted from now on. */
export function writtenAfter(written: Written, change: Change, last: Written["last"]): Written {
  switch (change.kind) {
    case "labels": {
      const kept = written.labels.filter((label) => !change.remove.includes(label) && !change.add.includes(label));
      return { ...written, labels: [...kept, ...change.add], last };
    }
    case "field":
      return { ...written, field: change.after === "" ? null : { name: change.name, value: change.after }, last };
    case "note":
      return { ...written, note: change.text, last };
  }
}
