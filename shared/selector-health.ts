// Whether a site's selectors still find what they should: what was found on a visit, the counts of many, and whether they became worse.
import { z } from "zod";

/** Every adapter that is counted, and every kind of page (tested): a fixed list, so that no count has room for a name. */
export const siteIds = [
  "jira-cloud",
  "jira-data-center",
  "servicenow-classic",
  "servicenow-portal",
  "servicenow-workspace",
  "request-tracker",
] as const;
export const pageKinds = ["page", "agent", "board", "issue", "modal", "panel", "portal", "split"] as const;
export type SiteId = (typeof siteIds)[number];
export type PageKind = (typeof pageKinds)[number];
export const parts = ["title", "description", "comments"] as const;

/** A view: an adapter and, where it reads several kinds of page, which. */
const view = { site: z.enum(siteIds), page: z.enum(pageKinds) };
/** What was found of one ticket while it was looked at. No key, no text. */
export const Visit = z.strictObject({ ...view, title: z.boolean(), description: z.boolean(), comments: z.boolean() });

const Count = z.int().nonnegative().max(1_000_000);
/** Of so many visits to a view, on how many each part was found. */
export const ViewHealth = z
  .strictObject({ ...view, visits: Count, title: Count, description: Count, comments: Count })
  .refine((health) => parts.every((part) => health[part] <= health.visits), "More was found than looked for");
/** Counts as they go to the API. */
export const VisitCounts = z.strictObject({ views: z.array(ViewHealth).min(1).max(100) });

export type Visit = z.infer<typeof Visit>;
export type ViewHealth = z.infer<typeof ViewHealth>;
type View = Pick<ViewHealth, "site" | "page">;

export const sameView = (a: View, b: View) => a.site === b.site && a.page === b.page;
export const viewName = ({ site, page }: View) => `${site} ${page}`;

/** Older visits fade: at so many all counts are halved, so that a changed layout shows within days. */
const mostVisits = 200;
/** Below this share of visits with a title something is wrong: every ticket has one. */
const least = 0.95;
/** Fewer visits say nothing. */
const enough = 20;

export function withVisit(all: readonly ViewHealth[], visit: Visit, most = mostVisits): ViewHealth[] {
  const { site, page } = visit;
  const before = all.find((one) => sameView(one, visit)) ?? { visits: 0, title: 0, description: 0, comments: 0 };
  const keep = before.visits >= most ? (count: number) => Math.floor(count / 2) : (count: number) => count;
  const after = {
    site,
    page,
    visits: keep(before.visits) + 1,
    title: keep(before.title) + Number(visit.title),
    description: keep(before.description) + Number(visit.description),
    comments: keep(before.comments) + Number(visit.comments),
  };
  return [...all.filter((one) => !sameView(one, visit)), after].sort((a, b) => viewName(a).localeCompare(viewName(b)));
}

/** True when the view's layout is probably new to SecTag. */
export function looksBroken({ visits, title }: ViewHealth): boolean {
  return visits >= enough && title / visits < least;
}

/** Other selectors are compared on their first visits to a view; after that a page may change under both. */
export const comparedVisits = enough;
const fewestCompared = 3;
/** So unlikely must it be that a part is only missing by chance. */
const chance = 0.001;

/** The part that other selectors find more seldom than those before did, beyond chance; null: none. */
export function worsePart(before: ViewHealth, now: ViewHealth): (typeof parts)[number] | null {
  if (now.visits < fewestCompared || now.visits > comparedVisits) return null;
  // As if there had been one more find and one more miss: few visits claim little.
  const worse = (part: (typeof parts)[number]) =>
    oddsOfSoFew(now[part], now.visits, (before[part] + 1) / (before.visits + 2)) < chance &&
    now[part] / now.visits < before[part] / before.visits;
  return parts.find(worse) ?? null;
}

/** Odds of at most `found` finds in `visits`, when each has the odds `share`. */
function oddsOfSoFew(found: number, visits: number, share: number): number {
  let exactly = (1 - share) ** visits;
  let sum = exactly;
  for (let count = 1; count <= found; count++) {
    exactly *= ((visits - count + 1) / count) * (share / (1 - share));
    sum += exactly;
  }
  return sum;
}
