// Board and backlog of the Jira double: lists that draw only what is in view, and use the same nodes for other cards when they scroll.
import { type CSSProperties, type ReactNode, useState } from "react";
import { flushSync } from "react-dom";
import { Avatar } from "./jira-comments.tsx";
import { TypeIcon } from "./jira-issue.tsx";
import { go } from "./jira-store.ts";
import type { PageTicket } from "./ticket-shape.ts";

const COLUMNS = ["Open", "In progress", "Waiting", "Done"];
const ROW = 92;
const SHOWN = 3;

interface ListProps {
  tickets: readonly PageTicket[];
  label: string;
  draw: (ticket: PageTicket) => ReactNode;
}

function VirtualList({ tickets, label, draw }: ListProps): ReactNode {
  const [top, setTop] = useState(0);
  const slots = Math.min(tickets.length, SHOWN + 2);
  const start = Math.max(0, Math.min(Math.floor(top / ROW), tickets.length - slots));
  // A slot keeps its nodes; which card it shows changes with the scrolling.
  const inSlot = (slot: number): number => start + ((((slot - start) % slots) + slots) % slots);
  return (
    <section
      aria-label={label}
      data-vc="virtual-list"
      style={{ "--height": `${SHOWN * ROW}px` } as CSSProperties}
      onScroll={({ currentTarget }) => flushSync(() => setTop(currentTarget.scrollTop))}
    >
      <div data-vc="virtual-space" style={{ "--height": `${tickets.length * ROW}px` } as CSSProperties}>
        {Array.from({ length: slots }, (_, slot) => {
          const index = inSlot(slot);
          const ticket = tickets[index];
          const key = `${slot}`;
          return ticket ? (
            <div key={key} data-vc="virtual-slot" style={{ "--top": `${index * ROW}px` } as CSSProperties}>
              {draw(ticket)}
            </div>
          ) : null;
        })}
      </div>
    </section>
  );
}

interface BoardProps {
  project: string;
  /** Where the cards lead: `boards/1` or `boards/1/backlog`. */
  view: string;
  tickets: readonly PageTicket[];
  selected: string | null;
}

function Card({
  ticket,
  hooks,
  selected,
  onClick,
}: {
  ticket: PageTicket;
  hooks: [string, string];
  selected: boolean;
  onClick: () => void;
}): ReactNode {
  const [card, key] = hooks;
  return (
    <button type="button" id={`card-${ticket.key}`} data-vc="card" data-selected={selected} data-testid={card} onClick={onClick}>
      <span data-vc="card-title">{ticket.title}</span>
      <span data-vc="card-foot">
        <TypeIcon type={ticket.fields.type} />
        <span data-testid={key}>{ticket.key}</span>
        <Avatar name={ticket.fields.assignee} />
      </span>
    </button>
  );
}

const boardHooks: [string, string] = ["platform-board-kit.ui.card.card", "platform-card.common.ui.key.key"];
const backlogHooks: [string, string] = ["software-backlog.card-list.card", "software-backlog.card-list.card.card-contents.key"];

export function Board({ project, view, tickets, selected }: BoardProps): ReactNode {
  const backlog = view.endsWith("backlog");
  const own = tickets.filter((ticket) => ticket.key.startsWith(`${project}-`));
  const columnOf = (ticket: PageTicket): string => COLUMNS.find((name) => ticket.fields.status.startsWith(name)) ?? "Open";
  const draw = (ticket: PageTicket): ReactNode => (
    <Card
      ticket={ticket}
      hooks={backlog ? backlogHooks : boardHooks}
      selected={ticket.key === selected}
      onClick={() => go(`/jira/software/projects/${project}/${view}?selectedIssue=${ticket.key}`)}
    />
  );
  return (
    <div data-vc="board">
      <h1>{backlog ? "Backlog" : `${project} board`}</h1>
      {backlog ? (
        <VirtualList label="Backlog" tickets={own} draw={draw} />
      ) : (
        <div data-vc="columns">
          {COLUMNS.map((column) => (
            <section key={column} data-vc="column" aria-label={column}>
              <h2>{column}</h2>
              <VirtualList label={column} tickets={own.filter((ticket) => columnOf(ticket) === column)} draw={draw} />
            </section>
          ))}
        </div>
      )}
    </div>
  );
}

const frame = (): Promise<void> => new Promise((resolve) => requestAnimationFrame(() => resolve()));

/** Scrolls the lists until the card is drawn, and presses it. @throws Error when no list has it. */
export async function pressCard(key: string): Promise<void> {
  for (const list of document.querySelectorAll('[data-vc="virtual-list"]')) {
    for (let top = 0; top === 0 || top < list.scrollHeight; top += ROW) {
      list.scrollTop = top;
      await frame();
      await frame();
      const card = list.querySelector<HTMLElement>(`[id="card-${key}"]`);
      if (card) return flushSync(() => card.click());
    }
  }
  throw new Error(`No list has a card ${key}`);
}
