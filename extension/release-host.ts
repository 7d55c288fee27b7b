// The background's part of releases: looks for them by alarm and when asked, says which model is to be run, and hears how it does.
import { browser } from "wxt/browser";
import { labelsVersion } from "../shared/labels.ts";
import { type ModelChoice, type ModelNews, type ModelView, packagedModel } from "../shared/model-run.ts";
import { ensureHost } from "./inference/ensure-host.ts";
import type { ModelRunner } from "./inference/model-runner.ts";
import { answerMessage, backgroundMessages, sendMessage } from "./messages.ts";
import { look } from "./releases/look.ts";
import { choiceOf, ownIn, viewOf } from "./releases/model-view.ts";
import { keepOpen } from "./releases/release-db.ts";
import * as steps from "./releases/release-state.ts";
import { createReleaseStore } from "./releases/release-store.ts";
import { readConnection, watchConnection } from "./store/connection.ts";
import { installId, keepModelView, readModelPolicy, readModelView } from "./store/release-settings.ts";
import { trustedKeys } from "./trusted-keys.ts";

const alarmName = "sectag.releases";
const againName = "sectag.releases.again";
const alarmMinutes = 6 * 60;
/** After a look that was cut, got no answer, or did not come to its end. */
const againMinutes = 5;

type HostLink = Pick<ModelRunner, "rehearse" | "changeOver">;
const byMessage: HostLink = {
  async rehearse(counter) {
    await ensureHost();
    await sendMessage("model.rehearse", counter);
  },
  // Where no host runs, the next one asks what to run when it starts.
  changeOver: () => sendMessage("model.change", undefined).catch(() => undefined),
};

export interface ReleaseHost {
  /** What is to be run by a host that starts now; the start is counted. The packaged model when releases cannot be read. */
  choose(): Promise<ModelChoice>;
  tell(news: ModelNews): Promise<ModelChoice>;
  /** Firefox: the host is in this document. */
  link(host: HostLink): void;
}

/** Call once, at the start of the background. @param ownCorrections ids of this browser's corrections that count. */
export function startReleaseHost(ownCorrections: () => Promise<string[]>): ReleaseHost {
  let host = byMessage;
  const openDb = keepOpen();
  const open = async () => {
    const db = await openDb();
    return { db, store: createReleaseStore(db, browser.storage.local) };
  };
  const policy = async () => {
    const { pinModel, modelChannel } = await readModelPolicy();
    return { pin: pinModel ?? null, channel: modelChannel ?? ("stable" as const), keys: await trustedKeys() };
  };
  const warn = (error: unknown) => console.warn("SecTag: releases", error instanceof Error ? error.message : error);

  /** One after the other: an older picture must not cover a newer one. */
  let showing: Promise<void> = Promise.resolve();
  const show = (change: { look?: ModelView["look"]; progress?: number } = {}) => {
    showing = showing.then(() => draw(change)).catch(warn);
    return showing;
  };
  const draw = async (change: Parameters<typeof show>[0]) => {
    const [{ db, store }, { pin, channel }, before] = await Promise.all([open(), policy(), readModelView()]);
    const state = await store.read();
    const runs = steps.running(state, pin);
    const known = change?.look === undefined && before?.running?.counter === runs?.manifest.counter;
    const own = known ? (before?.own ?? 0) : runs ? await ownIn(db, runs, await ownCorrections()) : 0;
    await keepModelView(viewOf(state, { pin, channel, look: before?.look ?? null, progress: null, ...change, own }));
  };

  /** A look that broke; without the database, as that may be the reason. */
  const showBroken = (error: unknown) => {
    warn(error);
    const detail = (error instanceof Error ? error.message : String(error)).slice(0, 600);
    const look = { code: "broken" as const, detail, version: null, counter: null, at: Date.now() };
    showing = showing
      .then(async () => {
        const before = await readModelView();
        if (before) await keepModelView({ ...before, look, progress: null });
      })
      .catch(warn);
    return showing;
  };

  /** Applies a step; the host hears of it when another model is to be run. */
  const step = async (change: (state: steps.ReleaseState, pin: string | null) => steps.ReleaseState): Promise<ModelChoice> => {
    const [{ store }, { pin }] = await Promise.all([open(), policy()]);
    const after = await store.change((state) => change(state, pin));
    void show();
    return choiceOf(after, pin);
  };
  const changeOver = async (change: Parameters<typeof step>[0]) => {
    await step(change);
    await host.changeOver();
  };

  const tell = (news: ModelNews) => step((state, pin) => steps.hear(state, news, Date.now(), pin));

  const lookOnce = async (byPerson: boolean): Promise<void> => {
    const [{ db, store }, connection, { pin, channel, keys }, id] = await Promise.all([open(), readConnection(), policy(), installId()]);
    if (byPerson) await store.change(steps.reconsider);
    // The background may be ended in the middle of a slow download: then this goes on.
    await browser.alarms.create(againName, { delayInMinutes: againMinutes });
    const before = steps.running(await store.read(), pin)?.manifest.counter;
    const result = await look({
      db,
      store,
      source: connection && { ...connection, fetch: (url, init) => fetch(url, init) },
      keys,
      channel,
      pin,
      app: { version: browser.runtime.getManifest().version, labelsVersion },
      scope: connection ? `${connection.baseUrl} ${connection.me.org.id}` : "",
      installId: id,
      now: Date.now,
      onProgress: (progress) => void show({ progress }),
    });
    // Only here: beside a look that fetches, it would take away what has just come.
    if (result.code === "current") await store.sweep();
    await show({ look: { ...result, at: Date.now() } });
    if (result.code !== "cut" && result.code !== "offline") await browser.alarms.clear(againName);
    const state = await store.read();
    if (steps.running(state, pin)?.manifest.counter !== before) await host.changeOver();
    const { counter } = result;
    if (result.code !== "staged" || counter === null) return;
    const now = Date.now();
    const tried = await store.change((state) => steps.rehearse(state, counter, now));
    if (tried.rehearsals?.counter === counter && tried.rehearsals.at === now) await host.rehearse(counter);
    else await show();
  };
  const lookNow = (byPerson: boolean) =>
    navigator.locks
      .request("sectag.releases", { ifAvailable: true }, (lock) => (lock ? lookOnce(byPerson).catch(showBroken) : undefined))
      .catch(warn);

  const follow = async (changed: boolean) => {
    if (changed) await browser.alarms.clear(alarmName);
    if (!(await readConnection())) return show();
    // A background that starts again is no reason to ask the server again.
    if (await browser.alarms.get(alarmName)) return;
    await browser.alarms.create(alarmName, { periodInMinutes: alarmMinutes });
    await lookNow(false);
  };

  answerMessage(backgroundMessages, "model.news", browser.runtime, tell);
  answerMessage(backgroundMessages, "model.look", browser.runtime, () => void lookNow(true));
  answerMessage(backgroundMessages, "model.back", browser.runtime, () => changeOver(steps.goBack));
  answerMessage(backgroundMessages, "model.own", browser.runtime, async () => {
    const view = await readModelView();
    return view?.running && view.own > 0 ? { version: view.running.version, n: view.own } : null;
  });
  watchConnection(new AbortController().signal, () => void follow(true).catch(warn));
  browser.alarms.onAlarm.addListener(({ name }) => {
    if (name === alarmName || name === againName) void lookNow(false);
  });
  browser.storage.managed.onChanged?.addListener(() => void changeOver((state) => state).catch(warn));
  void follow(false).catch(warn);

  return {
    tell,
    choose: () =>
      step(steps.start).catch((error: unknown) => {
        warn(error);
        return packagedModel;
      }),
    link(here) {
      host = here;
    },
  };
}
