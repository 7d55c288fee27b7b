// The background's part of reviews: answers the pages from the store, and syncs when there is something to send or time to look.
import { browser } from "wxt/browser";
import type { DecideAnswer, PageReport, ReviewIntent } from "../shared/review.ts";
import { forgetReads } from "./api-cache.ts";
import { answerMessage, backgroundMessages } from "./messages.ts";
import { createApi } from "./store/api-client.ts";
import { readConnection, watchConnection } from "./store/connection.ts";
import { openStore, type Store } from "./store/open-store.ts";
import { clearPassageCache } from "./store/passage-cache.ts";
import { isConnectionLost, StoreError } from "./store/review-db.ts";
import { noteTagged, ownCorrections } from "./store/review-log.ts";
import { readPrivacy, readReviewSettings, setArmed, watchReviewSettings } from "./store/review-settings.ts";
import { createReviews, type Reviews } from "./store/reviews.ts";
import { syncOnce } from "./store/sync.ts";
import { tellPages } from "./tell-pages.ts";

const alarmName = "sectag.sync";
/** The shortest that alarms allow. */
const alarmMinutes = 0.5;
/** A wait that is shorter than the background lives is waited for; longer ones are the alarm's. */
const ownWaitMs = 20_000;
/** Bytes: with less than that the browser cannot keep a database. */
const leastRoom = 1_000_000;

interface Open extends Store {
  reviews: Reviews;
}

interface ReviewHost {
  noteReport(report: PageReport, url: string): Promise<void>;
  /** Ids of the decisions made here that say something else than the model did, and that the server has. */
  ownCorrections(): Promise<string[]>;
}

/** Call once, at the start of the background. `noteReport` takes each page's report. */
export function startReviewHost(): ReviewHost {
  const forever = new AbortController().signal;
  let opened: Promise<Open> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  /** The open store; opened anew when the browser closed it (an update, an eviction). */
  const open = async (): Promise<Open> => {
    for (;;) {
      opened ??= openAnew();
      const asked = opened;
      const store = await asked.catch((error: unknown) => {
        if (opened === asked) opened = null;
        throw error;
      });
      if (store.db.isOpen()) return store;
      if (opened === asked) opened = null;
    }
  };
  /** Does the work; once more with a new connection when the browser has cut the old one. All that is done here may be done twice. */
  const withStore = async <T>(work: (store: Open) => Promise<T>): Promise<T> => {
    const store = await open();
    try {
      return await work(store);
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      store.db.close();
      return work(await open());
    }
  };
  const openAnew = async (): Promise<Open> => {
    const store = await openStore({ area: browser.storage.local });
    if (store.notice) console.warn(`SecTag: ${store.notice}`);
    const { db, mirror } = store;
    const reviews = createReviews({
      db,
      mirror,
      policy: readPrivacy,
      connected: async () => (await readConnection()) !== null,
      userId: async () => (await readConnection())?.me.user.id ?? null,
      freeSpace: [clearPassageCache, () => db.sent.clear(), () => db.kept.clear()],
      onSaved: () => void sync(false),
      onNotice: (message) => console.warn(`SecTag: ${message}`),
    });
    return { ...store, reviews };
  };

  const sync = async (force: boolean): Promise<void> => {
    clearTimeout(timer);
    try {
      const connection = await readConnection();
      if (connection) {
        const round = await withStore(({ db, mirror }) =>
          syncOnce(
            {
              db,
              mirror,
              account: { org: connection.me.org.id, user: connection.me.user.id },
              api: createApi({ ...connection, fetch: (url, init) => fetch(url, init) }),
              now: Date.now,
              random: Math.random,
              exclusive: (work) => navigator.locks.request("sectag.sync", { ifAvailable: true }, (lock) => (lock ? work() : null)),
            },
            { force },
          ),
        );
        if (round?.changed) await tellPages("history");
        const wait = round ? round.status.notBefore - Date.now() : 0;
        if (wait > 0 && wait < ownWaitMs) timer = setTimeout(() => void sync(false), wait + 20);
      }
      await showPending(connection ? await withStore(({ db }) => db.outbox.count()) : 0);
    } catch (error) {
      console.warn("SecTag: syncing failed, it is tried again", error instanceof Error ? error.message : error);
    }
  };

  /** One after the other: an older look at the connection must not clear the alarm that a newer one has set. */
  let following: Promise<void> = Promise.resolve();
  const follow = (changed: boolean) => {
    following = following
      .then(() => followConnection(changed))
      .catch((error: unknown) => console.warn("SecTag: the connection could not be followed", error));
  };
  const followConnection = async (changed: boolean) => {
    if (await readConnection()) {
      if (!(await browser.alarms.get(alarmName))) await browser.alarms.create(alarmName, { periodInMinutes: alarmMinutes });
      // A start of the background is no reason to ask a server that said when to come back: it starts with each alarm.
      await sync(changed);
    } else {
      await browser.alarms.clear(alarmName);
      await showPending(0);
    }
  };

  const decide = async (intent: ReviewIntent): Promise<DecideAnswer> => {
    try {
      await open();
    } catch (error) {
      const code = error instanceof StoreError ? error.code : "broken";
      return { ok: false, code, message: error instanceof Error ? error.message : String(error) };
    }
    return withStore(({ reviews }) => reviews.decide(intent));
  };
  answerMessage(backgroundMessages, "review.decide", browser.runtime, async (intent) => {
    const answer = await decide(intent);
    return !answer.ok && answer.code === "broken" && (await isDiskFull()) ? { ...answer, code: "full" } : answer;
  });
  answerMessage(backgroundMessages, "review.history", browser.runtime, (ticket) => withStore(({ reviews }) => reviews.history(ticket)));
  answerMessage(backgroundMessages, "review.preview", browser.runtime, (intent) => withStore(({ reviews }) => reviews.preview(intent)));
  answerMessage(backgroundMessages, "review.settings", browser.runtime, readReviewSettings);
  answerMessage(backgroundMessages, "review.arm", browser.runtime, setArmed);
  answerMessage(backgroundMessages, "sync.now", browser.runtime, () => sync(true));
  watchReviewSettings(forever, () => void tellPages("settings"));
  watchConnection(forever, () => {
    void forgetReads();
    follow(true);
  });
  browser.alarms.onAlarm.addListener(({ name }) => {
    if (name === alarmName) void sync(false);
  });
  self.addEventListener("online", () => void sync(true));
  void browser.storage.local.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" });
  follow(false);

  return {
    ownCorrections: () => withStore(({ db }) => ownCorrections(db)),
    async noteReport(report, url) {
      if (report.state !== "tagged" || !report.suggestion.threatType) return;
      // Nothing is kept of a page that was read on request (docs/adr/0018), least of all its address.
      if (report.suggestion.ticket.system === "generic") return;
      const {
        blocks: _blocks,
        contentHash: _hash,
        ticket,
        truncated: _cut,
        modelCalls: _calls,
        problem: _problem,
        ...summary
      } = report.suggestion;
      await withStore(({ db }) => noteTagged(db, ticket, url, summary, Date.now()));
    },
  };
}

/**
 * On a disk that is really full Chromium cuts the connection and cannot open the database again, and says no more than that. (`npm run prove --
 * full-disk`; space of our own to give back would not help: a row can only be deleted by writing.)
 */
async function isDiskFull(): Promise<boolean> {
  try {
    const { quota = Number.POSITIVE_INFINITY, usage = 0 } = await navigator.storage.estimate();
    return quota - usage < leastRoom;
  } catch {
    // Then the answer stays as it is: what went wrong, in the browser's words.
    return false;
  }
}

/** What waits stands on the badge of every tab that has nothing of its own to say. */
async function showPending(pending: number): Promise<void> {
  await browser.action.setBadgeText({ text: pending > 0 ? `↑${pending}` : "" });
  await browser.action.setBadgeBackgroundColor({ color: "#5b6675" });
}
