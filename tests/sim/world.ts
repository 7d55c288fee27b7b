// A world of one seed: the analyst's two browsers and the lead's one, the network, the server, and everything that goes wrong between them.
import { PushResponse } from "../../shared/decisions.ts";
import type { ReviewedTicket } from "../../shared/review.ts";
import { type Books, createBooks } from "./books.ts";
import { type Browser, createBrowser } from "./browser.ts";
import type { Verdict } from "./checker.ts";
import type { Doom } from "./context.ts";
import { setAmbient } from "./globals.ts";
import { makeTickets } from "./intents.ts";
import { createLoop, type Loop } from "./loop.ts";
import { createNetwork, type Network } from "./network.ts";
import { createRandom, type Random } from "./random.ts";
import type { Runtime } from "./runtime.ts";
import { type Account, createServer, type Server, type Template } from "./server.ts";
import { createTally, type Tally } from "./tally.ts";

export interface World {
  seed: number;
  loop: Loop;
  random: Random;
  tally: Tally;
  network: Network;
  server: Server;
  books: Books;
  browsers: Browser[];
  /** Whose browser it is; the two of the analyst share one account. */
  accountOf(browser: Browser): Account;
  tickets: ReviewedTicket[];
  size: Size;
  /** Gives the browser the key that is good now, as pairing does. */
  connect(browser: Browser): void;
  remove(): void;
}

/** How much happens in a world. */
export interface Size {
  /** Virtual milliseconds that the bad time lasts. */
  lasts: number;
  /** Fewest and most decisions that are made in a browser. */
  decisions: [number, number];
  tickets: number;
  /** How probable it is that the second browser, and the lead's, take part. */
  others: number;
}

/** Most worlds are small: many short stories find more than a few long ones. */
function sizeOf(random: Random): Size {
  const draw = random.next();
  if (draw < 0.78) return { lasts: random.between(4, 20) * 1000, decisions: [0, 1], tickets: 1, others: 0.35 };
  if (draw < 0.95) return { lasts: random.between(15, 50) * 1000, decisions: [0, 2], tickets: 2, others: 0.7 };
  if (draw < 0.992) return { lasts: random.between(60, 150) * 1000, decisions: [1, 3], tickets: 3, others: 0.9 };
  return { lasts: 300_000, decisions: [2, 5], tickets: 4, others: 1 };
}

export interface Code {
  client: Runtime;
  server: Runtime;
  template: Template;
}

/** Where worlds begin: the true time, milliseconds since 1970. */
export const beginning = Date.UTC(2026, 10, 25, 9);

/** @param doom decides on kills in client and server. */
export async function createWorld(
  seed: number,
  code: Code,
  verdict: Verdict,
  doom: (random: Random, tally: Tally) => { client: Doom; server: Doom },
): Promise<World> {
  const random = createRandom(`world ${seed}`);
  const loop = createLoop(random.fork("order"), random.pick([0.5, 0.8, 0.95]));
  const trueNow = () => beginning + loop.now();
  const tally = createTally();
  const dooms = doom(random.fork("doom"), tally);
  const server = createServer({ loop, runtime: code.server, template: code.template, doom: dooms.server, trueNow });
  setAmbient({ loop, random: random.fork("ambient"), now: server.now });
  const acknowledged = new Set<string>();
  const onAnswer = (body: string) => {
    for (const result of PushResponse.safeParse(JSON.parse(body)).data?.results ?? [])
      if (result.status !== "rejected") acknowledged.add(result.id);
  };
  const network = createNetwork({ loop, random: random.fork("network"), tally, serve: server.serve, onAnswer });
  const accounts = structuredClone(code.template.accounts);
  const owners = new Map<string, Account>([
    ["A", accounts.anna],
    ["B", accounts.anna],
    ["C", accounts.leo],
  ]);
  const size = sizeOf(random);
  const browsers = [...owners.keys()]
    .filter((name) => name === "A" || random.chance(size.others))
    .map((name) =>
      createBrowser({
        name,
        loop,
        random: random.fork(`browser ${name}`),
        runtime: code.client,
        network,
        doom: dooms.client,
        tally,
        verdict,
        trueNow,
      }),
    );
  const accountOf = ({ name }: Browser): Account => {
    const account = owners.get(name);
    if (!account) throw new Error(`Nobody owns ${name}.`);
    return account;
  };
  return {
    seed,
    loop,
    random,
    tally,
    network,
    server,
    books: createBooks(browsers, server, acknowledged),
    browsers,
    accountOf,
    size,
    tickets: makeTickets(random.fork("tickets"), random.between(1, size.tickets)),
    connect(browser) {
      const { key, user, org } = accountOf(browser);
      const me = { user, org, scopes: user.role === "lead" ? ["review", "lead"] : ["review"], keyExpires: null };
      browser.setItem("connection", { baseUrl: "https://sectag.example", key, me, since: new Date(beginning).toISOString() });
    },
    remove() {
      setAmbient(null);
      server.remove();
    },
  };
}
