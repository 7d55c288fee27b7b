// The background's part of selectors: counts what they find, looks for packs by alarm and when asked, and says which one is in use.
import { browser } from "wxt/browser";
import type { PackView } from "../shared/pack-view.ts";
import type { Visit } from "../shared/selector-health.ts";
import type { PackSites } from "../shared/selector-lists.ts";
import type { SelectorPack } from "../shared/selector-pack.ts";
import { ensureHost } from "./inference/ensure-host.ts";
import { answerMessage, backgroundMessages, sendMessage } from "./messages.ts";
import { type KeptState, keptState } from "./releases/kept-state.ts";
import { lookForPack } from "./releases/look-pack.ts";
import * as steps from "./releases/pack-state.ts";
import { keepOpen, type ReleaseDb } from "./releases/release-db.ts";
import { sites } from "./sites/all-sites.ts";
import { type PackProblem, packProblem } from "./sites/packed.ts";
import { type Connection, readConnection, watchConnection } from "./store/connection.ts";
import { forgetHealth, noteVisit, readHealth, takeUnsent } from "./store/selector-health.ts";
import { keepPackView, readPackView, readSelectorPolicy } from "./store/selector-settings.ts";
import { sendCounts } from "./store/send-counts.ts";
import { tellPages } from "./tell-pages.ts";
import { trustedKeys } from "./trusted-keys.ts";

const alarmName = "sectag.selectors";
const alarmMinutes = 60;

/** Chromium's background has no document to try a selector in, its offscreen document has; Firefox's background is one. */
async function tryOut(pack: PackSites): Promise<PackProblem | null> {
  if (import.meta.env.FIREFOX) return packProblem(pack, sites, document);
  await ensureHost();
  return sendMessage("selectors.try", pack);
}

/** Call once, at the start of the background. */
export function startSelectorHost(problemOf = tryOut): void {
  const openDb = keepOpen();
  const open = async (): Promise<{ db: ReleaseDb; state: KeptState<steps.PackState> }> => {
    const db = await openDb();
    const kept = { row: "pack", copyKey: "selectors.highest", shape: steps.PackState, none: steps.noPacks } as const;
    return { db, state: keptState({ db, area: browser.storage.local, ...kept }) };
  };
  const warn = (error: unknown) => console.warn("SecTag: selectors", error instanceof Error ? error.message : error);

  /** One after the other: an older picture must not cover a newer one, and a step must see what the one before it did. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };

  const active = async (): Promise<SelectorPack | null> => {
    const [{ state }, { pin }] = await Promise.all([open(), readSelectorPolicy()]);
    return steps.packInUse(await state.read(), pin, Date.now());
  };
  /** What the pages were last told to use is kept with the view: this follows from it to what is in use now. */
  const show = (look?: PackView["look"]) => inTurn(() => draw(look));
  const draw = async (look?: PackView["look"]) => {
    const [{ state }, { pin }, before] = await Promise.all([open(), readSelectorPolicy(), readPackView()]);
    const now = await state.read();
    const pack = steps.packInUse(now, pin, Date.now());
    const [head] = now.line;
    const refused = now.denied.filter(({ by }) => by === "machine").at(-1);
    const inUse = pack && { counter: pack.counter, created: pack.created, expires: pack.expires, sites: Object.keys(pack.sites) };
    const old = !pack && pin === null ? head?.pack : undefined;
    const changed = before?.inUse?.counter !== inUse?.counter;
    // What others found says nothing of these.
    if (changed) await forgetHealth([...(before?.inUse?.sites ?? []), ...(inUse?.sites ?? [])]);
    await keepPackView({
      inUse,
      expired: old ? { counter: old.counter, expires: old.expires } : null,
      pin,
      look: look ?? before?.look ?? null,
      refused: refused ? { counter: refused.counter, why: refused.why } : null,
    });
    if (changed) await tellPages("selectors");
  };
  /** A look that broke; without the database, as that may be the reason. */
  const showBroken = (error: unknown) => {
    warn(error);
    const detail = (error instanceof Error ? error.message : String(error)).slice(0, 600);
    return inTurn(async () => {
      const before = await readPackView();
      if (before) await keepPackView({ ...before, look: { code: "broken", detail, counter: null, at: Date.now() } });
    });
  };
  const change = async (step: (state: steps.PackState) => steps.PackState) => {
    await (await open()).state.change(step);
    await show();
  };

  const lookOnce = async (byPerson: boolean): Promise<void> => {
    const [{ db, state }, connection, { pin, counts }, keys] = await Promise.all([
      open(),
      readConnection(),
      readSelectorPolicy(),
      trustedKeys(),
    ]);
    if (byPerson) await state.change(steps.reconsiderPacks);
    const look = await lookForPack({
      ...{ db, state, keys, pin, problemOf },
      source: connection && { ...connection, fetch: (url, init) => fetch(url, init) },
      app: browser.runtime.getManifest().version,
      scope: scopeOf(connection),
      health: readHealth,
      now: Date.now,
    });
    await show({ ...look, at: Date.now() });
    // Whom nobody answers, nobody need send anything.
    if (connection && counts && look.code !== "offline") await sendCounts(connection, await takeUnsent()).catch(warn);
  };
  const lookNow = (byPerson: boolean) =>
    navigator.locks
      .request("sectag.selectors", { ifAvailable: true }, (lock) => (lock ? lookOnce(byPerson).catch(showBroken) : undefined))
      .catch(warn);

  const follow = async (changed: boolean) => {
    if (changed) {
      await browser.alarms.clear(alarmName);
      // What was counted for one server is no other's business.
      await takeUnsent();
    }
    if (!(await readConnection())) return show();
    // A background that starts again is no reason to ask the server again.
    if (await browser.alarms.get(alarmName)) return;
    await browser.alarms.create(alarmName, { periodInMinutes: alarmMinutes });
    await lookNow(false);
  };

  const found = async (visit: Visit) => {
    const [connection, { counts, pin }] = await Promise.all([readConnection(), readSelectorPolicy()]);
    await noteVisit(visit, connection !== null && counts);
    const state = await (await open()).state.read();
    // Only the newest is compared. While it has expired, or a policy wants another, these were not found by it.
    if (!state.line[0] || steps.packInUse(state, pin, Date.now()) !== state.line[0].pack) return;
    const health = await readHealth();
    if (steps.comparePack(state, health) !== state) await change((now) => steps.comparePack(now, health));
  };

  answerMessage(backgroundMessages, "page.found", browser.runtime, found);
  answerMessage(backgroundMessages, "selectors.active", browser.runtime, async () => (await active())?.sites ?? null);
  answerMessage(backgroundMessages, "selectors.look", browser.runtime, () => void lookNow(true));
  answerMessage(backgroundMessages, "selectors.packaged", browser.runtime, () => change(steps.usePackaged));
  watchConnection(new AbortController().signal, () => void follow(true).catch(warn));
  browser.alarms.onAlarm.addListener(({ name }) => {
    if (name === alarmName) void lookNow(false);
  });
  browser.storage.managed.onChanged?.addListener(() => void show().catch(warn));
  void follow(false).catch(warn);
}

const scopeOf = (connection: Connection | null) => (connection ? `${connection.baseUrl} ${connection.me.org.id}` : "");
