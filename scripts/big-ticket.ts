// Makes tickets of any size for the desk: so many text nodes, so many comments, an indicator here and there.
import type { DeskTicket } from "../tests/desk/ticket-shape.ts";
import { sysIdOf } from "../tests/desk/tickets.ts";

interface Size {
  key: string;
  /** Text nodes of description and comments together, about. */
  textNodes: number;
  comments: number;
}

/** Text nodes in one line of markup. */
const nodesPerLine = 8;

/** One line: four words in plain text and four in bold, each a text node of its own; every fifth line names an address. */
function line(index: number): string {
  const words = Array.from({ length: nodesPerLine / 2 }, (_, part) => `step ${index}.${part} **checked**`);
  const address = index % 5 === 0 ? ` 203.0.113.${index % 250}` : "";
  return `${words.join(" ")}${address}`;
}

const lines = (from: number, count: number) => Array.from({ length: count }, (_, index) => line(from + index)).join("\n\n");

/** A Jira ticket whose comments hold two fifths of the text nodes. */
export function bigTicket({ key, textNodes, comments }: Size): DeskTicket {
  const all = Math.round(textNodes / nodesPerLine);
  const perComment = comments === 0 ? 0 : Math.max(1, Math.floor((all * 0.4) / comments));
  const described = Math.max(1, all - perComment * comments);
  return {
    key,
    sysId: sysIdOf(key),
    system: "jira",
    title: `Beaconing from several workstations (${textNodes} text nodes)`,
    description: lines(0, described),
    comments: Array.from({ length: comments }, (_, index) => ({
      id: 700_000 + index,
      author: "Analyst",
      at: "2026-11-23 09:30",
      kind: "comment",
      text: lines(described + index * perComment, perComment),
    })),
    fields: {
      type: "Incident",
      status: "Open",
      priority: "High",
      reporter: "Service Desk",
      assignee: "Unassigned",
      created: "2026-11-20 09:00",
      parent: null,
    },
    expect: { threatType: "malware", severity: "high" },
    alternatives: [],
    language: "en",
    highlights: [],
    file: "generated",
  };
}
