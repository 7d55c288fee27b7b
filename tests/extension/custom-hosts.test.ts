// Added hosts: what an address is, which scripts are registered, what is given back on removal, and what a press in the options does.
import { beforeEach, expect, test, vi } from "vitest";
import { askToAdd } from "../../extension/allow-host.ts";
import { applyHosts, customHosts } from "../../extension/custom-hosts.ts";
import { addHost, mostHosts, originOf, patternOf, readHosts, removeHost } from "../../extension/store/hosts.ts";

type Fake = ReturnType<typeof hostsBrowser>;
const fake: { browser: Fake } = vi.hoisted(() => ({ browser: {} as Fake }));
vi.mock("wxt/browser", () => fake);
const sent: { name: string; tabId: number }[] = [];
vi.mock("../../extension/messages.ts", () => ({
  sendMessage: async (name: string, _data: unknown, tabId: number) => sent.push({ name, tabId }),
}));

interface Script {
  id: string;
  matches: string[];
  allFrames: boolean;
}

/** A browser in which the person says yes or no, with one tab on each named origin. */
function hostsBrowser() {
  const local: Record<string, unknown> = {};
  const managed: Record<string, unknown> = {};
  /** As after the background's first look, at the installation. */
  const session: Record<string, unknown> = { "hosts.looked": true };
  const granted = new Set<string>();
  const scripts = new Map<string, Script>();
  const open = new Map<number, string>();
  const injected: number[] = [];
  const area = (items: Record<string, unknown>) => ({
    get: async (key: string) => (key in items ? { [key]: items[key] } : {}),
    set: async (added: Record<string, unknown>) => void Object.assign(items, added),
  });
  return {
    answer: true,
    asked: [] as string[],
    policy: managed,
    session,
    granted,
    scripts,
    open,
    injected,
    storage: { local: area(local), managed: area(managed), session: area(session) },
    permissions: {
      contains: async ({ origins }: { origins: string[] }) => origins.every((origin) => granted.has(origin)),
      request: async ({ origins: [origin = ""] }: { origins: string[] }) => {
        fake.browser.asked.push(origin);
        if (fake.browser.answer) granted.add(origin);
        return fake.browser.answer;
      },
      remove: async ({ origins: [origin = ""] }: { origins: string[] }) => granted.delete(origin),
    },
    scripting: {
      getRegisteredContentScripts: async () => [...scripts.values()],
      registerContentScripts: async ([script]: [Script]) => {
        if (scripts.has(script.id)) throw new Error(`Duplicate script ID '${script.id}'`);
        scripts.set(script.id, script);
      },
      unregisterContentScripts: async ({ ids: [id = ""] }: { ids: string[] }) => void scripts.delete(id),
      executeScript: async ({ target }: { target: { tabId: number } }) => injected.push(target.tabId),
    },
    tabs: {
      query: async ({ url }: { url: string }) =>
        granted.has(url) ? [...open].filter(([, origin]) => `${origin}/*` === url).map(([id]) => ({ id })) : [],
    },
  };
}

const jira = "https://jira.corp.example";
const registered = () => [...fake.browser.scripts.values()].map(({ matches }) => matches[0]);

beforeEach(() => {
  fake.browser = hostsBrowser();
  sent.length = 0;
});

test.each([
  ["jira.corp.example", jira],
  [" https://Jira.Corp.Example/browse/SEC-1?x=1#y ", jira],
  ["http://rt.corp.example:8080/rt", "http://rt.corp.example:8080"],
  ["https://corp.example:443", "https://corp.example"],
  ["*.corp.example", null],
  ["ftp://corp.example", null],
  ["javascript:alert(1)", null],
  ["https://sam:secret@corp.example", null],
  ["", null],
])("an address %j is the origin %j", (text, origin) => {
  expect(originOf(text)).toBe(origin);
});

test("a pattern keeps scheme and port, and covers nothing but the host", () => {
  expect(patternOf("http://rt.corp.example:8080")).toBe("http://rt.corp.example:8080/*");
});

test("policy and person together, each once; nobody can add without end", async () => {
  fake.browser.policy.hosts = [jira, "not an address", 7];
  expect(await readHosts()).toEqual([]);
  fake.browser.policy.hosts = [jira, "not an address"];
  await addHost(jira);
  await addHost("https://rt.corp.example");
  expect(await readHosts()).toEqual([
    { origin: jira, managed: true },
    { origin: "https://rt.corp.example", managed: false },
  ]);
  for (let n = 0; n < mostHosts - 2; n++) await addHost(`https://h${n}.example`);
  await expect(addHost("https://one-too-many.example")).rejects.toThrow(/No more than/);
});

test("adding asks the browser first; a refusal, a known address and nonsense change nothing", async () => {
  fake.browser.answer = false;
  expect(await askToAdd(jira, 0)).toBe("refused");
  expect(await askToAdd("acme.service-now.com", 0)).toBe("builtIn");
  expect(await askToAdd("two words", 0)).toBe("fault");
  expect(await askToAdd(jira, mostHosts)).toBe("full");
  expect(fake.browser.asked).toEqual([`${jira}/*`]);
  expect(await customHosts()).toEqual([]);
  fake.browser.answer = true;
  expect(await askToAdd("jira.corp.example", 0)).toBe("");
  expect(await customHosts()).toEqual([{ origin: jira, managed: false, allowed: true }]);
});

test("an allowed host gets its script once, in open tabs too; twice is as once", async () => {
  fake.browser.open.set(4, jira).set(5, "https://other.example");
  await askToAdd(jira, 0);
  await applyHosts();
  await applyHosts();
  expect(registered()).toEqual([`${jira}/*`]);
  expect([...fake.browser.scripts.values()][0]).toMatchObject({ allFrames: true, js: ["/content-scripts/content.js"] });
  expect(fake.browser.injected).toEqual([4]);
});

test("after an update, which takes registrations away, they come back, and tabs with the older script are left alone", async () => {
  fake.browser.open.set(4, jira);
  await askToAdd(jira, 0);
  await applyHosts();
  fake.browser.scripts.clear();
  delete fake.browser.session["hosts.looked"];
  await applyHosts();
  expect(registered()).toEqual([`${jira}/*`]);
  expect(fake.browser.injected).toEqual([4]);
});

test("a host that is added while the background sleeps: its first look, at waking up, reads the open tabs", async () => {
  await applyHosts();
  fake.browser.open.set(4, jira);
  await askToAdd(jira, 0);
  // Awake again, the background looks by itself, before it hears of the change.
  await applyHosts();
  expect(fake.browser.injected).toEqual([4]);
});

test("a removed host: its tabs are told, permission and script go", async () => {
  fake.browser.open.set(4, jira);
  await askToAdd(jira, 0);
  await applyHosts();
  await removeHost(jira);
  await applyHosts();
  expect(sent).toEqual([{ name: "page.stop", tabId: 4 }]);
  expect(registered()).toEqual([]);
  expect([...fake.browser.granted]).toEqual([]);
});

test("a policy's host without permission waits for one press; a permission taken away in the browser takes the script with it", async () => {
  fake.browser.policy.hosts = [jira];
  await applyHosts();
  expect(registered()).toEqual([]);
  expect(await customHosts()).toEqual([{ origin: jira, managed: true, allowed: false }]);
  fake.browser.granted.add(`${jira}/*`);
  await applyHosts();
  expect(registered()).toEqual([`${jira}/*`]);
  fake.browser.granted.clear();
  await applyHosts();
  expect(registered()).toEqual([]);
});

test("hosts of the manifest are not registered a second time", async () => {
  fake.browser.policy.hosts = ["https://acme.atlassian.net", jira];
  fake.browser.granted.add("https://acme.atlassian.net/*").add(`${jira}/*`);
  await applyHosts();
  expect(registered()).toEqual([`${jira}/*`]);
});
