// A real Request Tracker, as the proofs need it: there or not, its REST interface as another person, and a browser that is signed in.
import type { Page } from "puppeteer-core";

/** What `rt5.sh` sets. */
const [user, password] = ["root", "password"];

export interface RequestTracker {
  origin: string;
  host: string;
  /** Past the browser, by the REST interface. @returns its JSON. @throws Error with the status that is no success. */
  byHand(method: string, path: string, body?: unknown): Promise<unknown>;
  signIn(page: Page): Promise<void>;
}

/** A browser with them reaches this machine only. */
export const trackerFlags = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"];

/** Ends the process when none answers: then there is nothing to prove. */
export async function findRequestTracker(url: string): Promise<RequestTracker> {
  const { origin, host } = new URL(url);
  const answers = await fetch(origin).then(
    ({ ok }) => ok,
    () => false,
  );
  if (!answers) {
    console.error(`No Request Tracker answers at ${origin}. \`../shared/lab/rt5.sh\` installs, starts and fills one.`);
    process.exit(2);
  }
  return {
    origin,
    host,
    async byHand(method, path, body) {
      const answer = await fetch(`${origin}/REST/2.0${path}`, {
        method,
        headers: { authorization: `Basic ${btoa(`${user}:${password}`)}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
      return answer.json();
    },
    async signIn(page) {
      await page.goto(origin);
      await page.type('input[name="user"]', user);
      await page.type('input[name="pass"]', password);
      await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    },
  };
}
