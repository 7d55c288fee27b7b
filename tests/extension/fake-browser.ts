// The parts of the browser's interface that the extension's pages use, in memory: storage that tells of changes, and tabs.
type Listener<A extends unknown[]> = (...args: A) => void;

function event<A extends unknown[]>() {
  const listeners = new Set<Listener<A>>();
  return {
    addListener: (listener: Listener<A>) => void listeners.add(listener),
    removeListener: (listener: Listener<A>) => void listeners.delete(listener),
    tell: (...args: A) => {
      for (const listener of listeners) listener(...args);
    },
    count: () => listeners.size,
  };
}

type Changes = Record<string, { newValue?: unknown }>;

/** @param everywhere hears of each area's changes. */
export function fakeArea(everywhere?: ReturnType<typeof event<[Changes]>>) {
  const items = new Map<string, unknown>();
  const onChanged = event<[Changes]>();
  const tell = (changes: Changes) => {
    onChanged.tell(changes);
    everywhere?.tell(changes);
  };
  return {
    onChanged,
    async get(keys: string | string[] | null) {
      // Another process answers: never within the same turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      const wanted = keys === null ? [...items.keys()] : [keys].flat();
      return Object.fromEntries(wanted.filter((key) => items.has(key)).map((key) => [key, items.get(key)]));
    },
    async set(added: Record<string, unknown>) {
      for (const [key, value] of Object.entries(added)) items.set(key, value);
      tell(Object.fromEntries(Object.entries(added).map(([key, newValue]) => [key, { newValue }])));
    },
    async remove(keys: string | string[]) {
      for (const key of [keys].flat()) items.delete(key);
      tell(Object.fromEntries([keys].flat().map((key) => [key, {}])));
    },
  };
}

export function fakeBrowser() {
  const onActivated = event<[{ tabId: number }]>();
  const onChanged = event<[Changes]>();
  let front: number | undefined;
  return {
    storage: { local: fakeArea(onChanged), session: fakeArea(onChanged), managed: fakeArea(onChanged), onChanged },
    permissions: {
      onAdded: event<[object]>(),
      onRemoved: event<[object]>(),
      contains: async () => false,
      getAll: async () => ({ origins: [] }),
    },
    tabs: {
      onActivated,
      query: async () => (front === undefined ? [] : [{ id: front }]),
    },
    /** Brings a tab of the own window to the front. */
    toFront(tabId: number) {
      front = tabId;
      onActivated.tell({ tabId });
    },
  };
}

/** What a background has besides: alarms that ring when they are told to, and the extension's own name. */
export function fakeBackground() {
  const set = new Set<string>();
  let heard: (alarm: { name: string }) => void = () => undefined;
  const alarms = {
    get: async (name: string) => (set.has(name) ? { name } : undefined),
    create: async (name: string) => void set.add(name),
    clear: async (name: string) => set.delete(name),
    onAlarm: { addListener: (listener: typeof heard) => (heard = listener) },
    ring: (name: string) => heard({ name }),
    names: () => [...set],
  };
  const runtime = { id: "x", getURL: () => "chrome-extension://x/", getManifest: () => ({ version: "0.1.0" }) };
  return { ...fakeBrowser(), alarms, runtime };
}

/** Locks of one context (`ifAvailable`): the lock is free, but for a look that is going on. */
export function fakeLocks() {
  let looking = false;
  const request = async (_name: string, _options: object, work: (lock: object | null) => Promise<void>) => {
    if (looking) return work(null);
    looking = true;
    await Promise.resolve(work({})).finally(() => {
      looking = false;
    });
  };
  return { request, looking: () => looking };
}
