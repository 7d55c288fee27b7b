// Whether a site's selectors still find what they should: what was found on a visit, and the counts of many.
import { z } from "zod";

/** What was found of one ticket while it was looked at. No key, no text. */
export const Visit = z.strictObject({
  /** A system and, where it has several, the view: `jira-cloud panel`. */
  view: z.string().regex(/^[a-z-]{1,40}( [a-z-]{1,20})?$/),
  title: z.boolean(),
  description: z.boolean(),
  comments: z.boolean(),
});

const Count = z.int().nonnegative();
/** Of so many visits to a view, on how many each part was found. */
export const ViewHealth = z.strictObject({ view: Visit.shape.view, visits: Count, title: Count, description: Count, comments: Count });

export type Visit = z.infer<typeof Visit>;
export type ViewHealth = z.infer<typeof ViewHealth>;

/** Older visits fade: at so many all counts are halved, so that a changed layout shows within days. */
const mostVisits = 200;
/** Below this share of visits with a title something is wrong: every ticket has one. */
const least = 0.95;
/** Fewer visits say nothing. */
const enough = 20;

export function withVisit(all: readonly ViewHealth[], visit: Visit): ViewHealth[] {
  const before = all.find(({ view }) => view === visit.view) ?? { view: visit.view, visits: 0, title: 0, description: 0, comments: 0 };
  const { visits, title, description, comments } = before;
  const keep = visits >= mostVisits ? (count: number) => Math.floor(count / 2) : (count: number) => count;
  const after = {
    view: visit.view,
    visits: keep(visits) + 1,
    title: keep(title) + Number(visit.title),
    description: keep(description) + Number(visit.description),
    comments: keep(comments) + Number(visit.comments),
  };
  return [...all.filter(({ view }) => view !== visit.view), after].sort((a, b) => a.view.localeCompare(b.view));
}

/** True when the view's layout is probably new to SecTag. */
export function looksBroken({ visits, title }: ViewHealth): boolean {
  return visits >= enough && title / visits < least;
}
