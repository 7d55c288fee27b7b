// What the tests of the sync share: the real API in this process with an analyst and a lead, and a client with something between.
import { createApi } from "../../../extension/store/api-client.ts";
import { syncOnce } from "../../../extension/store/sync.ts";
import { Me } from "../../../shared/decisions.ts";
import { createKey, createOrg, createUser } from "../../../worker-api/accounts.ts";
import { createApp } from "../../../worker-api/app.ts";
import { openDatabase } from "../../../worker-api/database.ts";
import { openLab } from "./review-lab.ts";

type Answer = (request: Request) => Response | Promise<Response>;

/** A server with one analyst and one lead; `between` stands between a client and it. */
export async function startServer() {
  const db = await openDatabase({ url: ":memory:" });
  const app = createApp({ db });
  const orgId = await createOrg(db, { name: "SOC", now: Date.now() });
  const keyFor = async (name: string, role: "analyst" | "lead") => {
    const { id: userId } = await createUser(db, { orgId, name, role, now: Date.now() });
    const scopes = role === "lead" ? (["review", "lead"] as const) : (["review"] as const);
    return (await createKey(db, { orgId, userId, name: "test", scopes, expires: null, now: Date.now() })).key;
  };
  return {
    db,
    answer: (request: Request) => app.request(request),
    analyst: await keyFor("anna", "analyst"),
    lead: await keyFor("lea", "lead"),
  };
}

/** Whose the key is; nobody's where no server answers. */
async function accountOf(key: string, answer: Answer) {
  try {
    const me = await answer(new Request("http://127.0.0.1:1/v1/me", { headers: { authorization: `Bearer ${key}` } }));
    const { org, user } = Me.parse(await me.json());
    return { org: org.id, user: user.id };
  } catch {
    return { org: "none", user: "nobody" };
  }
}

/** @param before a client whose browser is connected to this server from now on. */
export async function startClient(key: string, answer: Answer, before?: Awaited<ReturnType<typeof openLab>>) {
  const lab = before ?? (await openLab({ connected: async () => true }));
  const clock = { now: Date.now() };
  const account = await accountOf(key, answer);
  let between: (request: Request, next: Answer) => Response | Promise<Response> = (request, next) => next(request);
  const requests: Request[] = [];
  const api = createApi({
    baseUrl: "http://127.0.0.1:1",
    key,
    fetch: async (url, init) => {
      // Node's Request knows no "error" redirect and cache modes in a server's hands; the rest is as the browser sends it.
      const request = new Request(url, { method: init.method ?? "GET", headers: init.headers ?? {}, body: init.body ?? null });
      requests.push(request.clone());
      return between(request, answer);
    },
  });
  return {
    ...lab,
    clock,
    requests,
    /** From now on requests go through this. */
    put: (next: typeof between) => {
      between = next;
    },
    sync: (force = false) =>
      syncOnce(
        { db: lab.db, api, account, mirror: lab.mirror, now: () => clock.now, random: () => 0.5, exclusive: (work) => work() },
        { force },
      ),
  };
}

export const problem = (status: number, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify({ type: "urn:sectag:problem:test", title: "no", status, detail: "because" }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
