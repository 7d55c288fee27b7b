// Everything that the options page shows, gathered from settings and store and kept up to date.
import { browser } from "wxt/browser";
import type { ModelView } from "../shared/model-run.ts";
import type { PackView } from "../shared/pack-view.ts";
import type { ViewHealth } from "../shared/selector-health.ts";
import type { WriteBackSettings } from "../shared/write-back.ts";
import { type CustomHost, customHosts, watchCustomHosts } from "./custom-hosts.ts";
import type { EngineSettings, EngineStatus } from "./messages.ts";
import { openForPages } from "./page-store.ts";
import { type Connection, readConnection } from "./store/connection.ts";
import { readSettings, readStatus } from "./store/engine-memory.ts";
import { readPolicy } from "./store/policy.ts";
import { readModelView } from "./store/release-settings.ts";
import type { ReviewDb } from "./store/review-db.ts";
import { deadLetters, sentPayloads, syncOverview, watchStore } from "./store/review-log.ts";
import { type PrivacySettings, readPrivacy, readReviewSettings } from "./store/review-settings.ts";
import { readHealth } from "./store/selector-health.ts";
import { readPackView } from "./store/selector-settings.ts";
import { managedWriteBack, readWriteBack } from "./store/write-back.ts";

type Stored = Awaited<ReturnType<typeof readStored>>;
type Settings = Awaited<ReturnType<typeof readAllSettings>>;

export interface OptionsData extends Settings {
  /** Null while the store is being read, or cannot be. */
  stored: Stored | null;
  db: ReviewDb | null;
  /** What is wrong with the store; "" when nothing is. */
  problem: string;
}

/** Calls back now and with each change, until `signal` aborts. */
export async function followOptions(signal: AbortSignal, onData: (data: OptionsData) => void): Promise<void> {
  let data: OptionsData = { ...(await readAllSettings()), stored: null, db: null, problem: "" };
  const tell = (change: Partial<OptionsData>) => {
    data = { ...data, ...change };
    if (!signal.aborted) onData(data);
  };
  const readAgain = () => void readAllSettings().then(tell);
  watchStorage(signal, readAgain);
  watchCustomHosts(signal, readAgain);
  tell({});
  // What changed between the reading and the watching.
  readAgain();
  const onProblem = (error: unknown) => tell({ problem: error instanceof Error ? error.message : String(error) });
  try {
    const db = await openForPages();
    tell({ db });
    watchStore(
      () => readStored(db),
      signal,
      (stored) => tell({ stored, problem: "" }),
      onProblem,
    );
  } catch (error) {
    onProblem(error);
  }
}

/** What tabs show is not shown here, and of what waits to be sent the store tells. */
const elsewhere = /^(tab|outbox)\./;

/** Calls back with each change of settings, states and policies, in any area of the browser's storage. */
function watchStorage(signal: AbortSignal, onChange: () => void): void {
  const listener = (changes: Record<string, unknown>) => {
    if (Object.keys(changes).some((key) => !elsewhere.test(key))) onChange();
  };
  browser.storage.onChanged.addListener(listener);
  signal.addEventListener("abort", () => browser.storage.onChanged.removeListener(listener));
}

async function readStored(db: ReviewDb) {
  const [overview, dead, payloads, next] = await Promise.all([
    syncOverview(db),
    deadLetters(db),
    sentPayloads(db),
    db.outbox.orderBy("n").first(),
  ]);
  return { overview, dead, payloads, sample: next?.decision ?? null };
}

async function readAllSettings(): Promise<{
  settings: EngineSettings;
  status: EngineStatus | null;
  connection: Connection | null;
  hosts: CustomHost[];
  keys: Awaited<ReturnType<typeof readReviewSettings>>["keys"];
  privacy: PrivacySettings;
  managed: (keyof PrivacySettings)[];
  writeBack: WriteBackSettings;
  managedWriteBack: (keyof WriteBackSettings)[];
  model: ModelView | null;
  health: ViewHealth[];
  selectors: PackView | null;
}> {
  const [settings, status, connection, hosts, { keys }, privacy, managed, writeBack, managedOfWriteBack, model, health, selectors] =
    await Promise.all([
      readSettings(),
      readStatus(),
      readConnection(),
      customHosts(),
      readReviewSettings(),
      readPrivacy(),
      readManaged(),
      readWriteBack(),
      managedWriteBack(),
      readModelView(),
      readHealth(),
      readPackView(),
    ]);
  return {
    settings,
    status,
    connection,
    hosts,
    keys,
    privacy,
    managed,
    writeBack,
    managedWriteBack: managedOfWriteBack,
    model,
    health,
    selectors,
  };
}

/** What an administrator's policy has set. */
async function readManaged(): Promise<(keyof PrivacySettings)[]> {
  const names = ["restricted", "ownDomains"] as const;
  const policy = await readPolicy([...names]);
  return names.filter((name) => name in policy);
}
