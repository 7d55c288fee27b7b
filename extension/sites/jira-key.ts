// Issue keys of Jira, Cloud and Data Center: which issue an address or a piece of a page names.

const key = /^[A-Z][A-Z0-9_]+-\d+$/;
/** Paths that end with a key: an issue's own page, an issue of a project or a queue. A context path may stand before. */
const paths = [/\/(?:browse|issues)\/([^/]+)\/?$/, /\/(?:queues|section)\/.*\/([^/]+)\/?$/];
const portal = /\/servicedesk\/customer\/portal\/\d+\/([^/]+)\/?$/;

export function isKey(text: string): boolean {
  return key.test(text);
}

/** The key that an address has in its path: /browse/SOC-12 -> SOC-12. */
export function pathKey({ pathname }: URL): string | null {
  for (const path of paths) {
    const found = path.exec(pathname)?.[1];
    if (found && isKey(found)) return found;
  }
  return null;
}

/** The key of a request as its customer sees it: /servicedesk/customer/portal/3/SOC-12. */
export function portalKey({ pathname }: URL): string | null {
  const found = portal.exec(pathname)?.[1];
  return found && isKey(found) ? found : null;
}

/** The issue that is open over a board, a backlog, a plan or a search: ?selectedIssue=SOC-12. */
export function selectedKey({ searchParams }: URL): string | null {
  const found = searchParams.get("selectedIssue");
  return found && isKey(found) ? found : null;
}

/** The key that a link shows, or that its address ends with; null when it is no link to an issue. */
export function linkKey(link: Element | null): string | null {
  if (!link) return null;
  const shown = /^\S+/.exec((link.textContent ?? "").trim())?.[0];
  if (shown && isKey(shown)) return shown;
  const target = /\/browse\/([^/?#]+)/.exec(link.getAttribute("href") ?? link.querySelector("a")?.getAttribute("href") ?? "")?.[1];
  return target && isKey(target) ? target : null;
}
