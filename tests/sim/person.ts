// A person at a ticket page: looks at the history, decides, and asks again when no answer comes, as the page does.
import { z } from "zod";
import { DecideAnswer, type ReviewedTicket, type ReviewIntent, TicketHistory } from "../../shared/review.ts";
import type { Books } from "./books.ts";
import type { Background, Browser } from "./browser.ts";
import { makeIntent } from "./intents.ts";
import type { Loop } from "./loop.ts";
import type { Random } from "./random.ts";

export interface PersonOptions {
  loop: Loop;
  random: Random;
  books: Books;
}

/** No longer than this does a page wait for its background. */
const patienceMs = 30_000;

/** One decision about a ticket, from the look at its history to the word "saved", or to the closing of the tab. */
export async function decide(
  { loop, random, books }: PersonOptions,
  browser: Browser,
  ticket: ReviewedTicket,
  context?: Background,
): Promise<void> {
  const background = () => (context && !context.context.dead ? context : browser.background());
  const seen = random.chance(0.4) ? await ask(loop, background(), "review.history", ticket) : undefined;
  const history = TicketHistory.safeParse(seen).data ?? [];
  const intent = makeIntent(random, ticket, history, browser.now());
  const entry = {
    id: intent.id,
    browser: browser.name,
    ticket: ticket.ticket.key,
    saved: false,
    denied: false,
    unsure: false,
    destroyed: false,
    spoilt: false,
  };
  books.entries.set(entry.id, entry);
  for (let attempt = 1; attempt <= 3; attempt++) {
    const answer = await askToDecide(loop, background(), intent);
    loop.trace.note(
      `${browser.name} decides ${short(entry.id)} (${intent.verdict}): ${answer === null ? "no answer" : answer.ok ? "saved" : `${answer.code}, ${answer.message}`}`,
    );
    if (answer?.ok) {
      entry.saved = true;
      entry.denied = false;
      if (!answer.history.some(({ id }) => id === entry.id))
        throw new Error(`${entry.id} was saved, and is not in the history that came with the answer.`);
      return;
    }
    // No answer may mean anything.
    if (answer === null) entry.unsure = true;
    else entry.denied = true;
    if (answer?.code === "invalid") throw new Error(`${entry.id} was called invalid: ${answer.message}`);
    // The tab is closed, or the person tries again: the same decision, with the same id.
    if (random.chance(0.2)) return;
    await loop.sleep(random.between(200, 3000));
  }
}

const Answer = z.union([DecideAnswer, z.null()]);

async function askToDecide(loop: Loop, background: Background, intent: ReviewIntent): Promise<z.infer<typeof Answer>> {
  return Answer.parse((await ask(loop, background, "review.decide", intent)) ?? null);
}

/** The owner's answer; undefined when it dies, fails or takes too long. */
export async function ask(loop: Loop, background: Background, message: string, data: unknown): Promise<unknown> {
  const died = new Promise<undefined>((resolve) => background.context.onDeath(() => loop.ready(() => resolve(undefined))));
  const late = new Promise<undefined>((resolve) => loop.after(patienceMs, () => resolve(undefined)));
  // What goes over the border between two contexts is a copy.
  const answer = background
    .ask(message, structuredClone(data))
    .catch((error: unknown) => void loop.trace.note(`${background.context.name}: ${message} failed, ${error}`));
  return structuredClone(await Promise.race([answer, died, late]));
}

export const short = (id: string) => id.slice(-6);
