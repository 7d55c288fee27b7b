// Jira Cloud: an issue's page, the agent's view of a queue, and the issue in a modal or side panel over a board, a backlog or a search.
// Selectors: public code of 2025/2026 (docs/adr/0017). Last seen working on the practice desk's double: 2026-11.
import type { BlockRole } from "../../shared/contract.ts";
import { linkKey, pathKey, selectedKey } from "./jira-key.ts";
import type { PlacedBlock, SelectorLists, SiteAdapter, TicketPlace } from "./site.ts";
import { firstOf } from "./site.ts";

/** Elements with this hook, under the attribute's name of today or of before 2023. `how`: `=`, `^=` or `$=`. */
const hook = (value: string, how: "=" | "^=" | "$=" = "=") => `:is([data-testid${how}"${value}"], [data-test-id${how}"${value}"])`;

/** What says which issue is shown where. */
const places = {
  /** What shows one issue over another page. A modal gets its hook later than its content. */
  containers: [
    hook("issue.views.issue-details.issue-modal.modal-dialog"),
    hook("preview-panels.preview-panel"),
    `[role="dialog"]:has(${hook("issue.views.issue-base.", "^=")})`,
  ],
  /** Names the issue of a panel; stands there before the breadcrumb does. */
  panelLinks: [hook("platform-issue-preview-panel.preview-panel-new-tab-link")],
  /** The parent's link comes before it and has another hook. */
  breadcrumbs: [hook("issue.views.issue-base.foundation.breadcrumbs.current-issue.item")],
} as const satisfies Record<string, readonly string[]>;

/** Value lists, newest first, then what the page's structure gives when the hooks have changed again. */
const selectors = {
  titles: [hook("issue.views.issue-base.foundation.summary.heading")],
  titleEditors: [hook("issue.views.issue-base.foundation.summary.heading.writeable")],
  /** Only where an issue stands: a board and a queue have headings too. */
  anyTitle: ["#jira-issue-header h1", `${hook("issue.views.issue-details.issue-layout", "^=")} h1`],
  descriptions: [
    `${hook("issue.views.field.rich-text.description")} .ak-renderer-document`,
    `[data-component-selector="jira-issue-view-rich-text-inline-edit-view-container"]:not(${hook("issue.views.field.rich-text.", "^=")} *) .ak-renderer-document`,
  ],
  /** The field itself: with it and without a text, the description is empty. */
  descriptionFields: [hook("issue.views.field.rich-text.description")],
  descriptionEditors: [hook("issue.views.field.rich-text.editor-container")],
  comments: [hook("comment-base-item-", "^="), '[data-componentid^="issue-comment-base.ui.comment.comment-in-view-wrapper."]'],
  commentBodies: [
    `${hook("issue-comment-base.ui.comment.ak-comment.", "^=")}${hook("-body", "$=")} .ak-renderer-document`,
    `${hook("issue-comment-base.ui.comment.ak-comment.", "^=")}${hook("-body", "$=")}`,
    ".ak-renderer-document",
  ],
  /** Stand in, or around, a comment that only some may see. */
  restrictions: [
    hook("issue-comment-base.ui.comment.custom-comment.restricted-to"),
    hook("comment-visibility.comment-visibility-wrapper", "$="),
  ],
  richTexts: [".ak-renderer-document"],
  /** Other fields with rich text: neither description nor comment. */
  otherFields: [hook("issue.views.field.rich-text.", "^=")],
  activity: [hook("issue.activity.", "^="), hook("issue-activity-feed.", "^=")],
} as const satisfies Record<string, readonly string[]>;

type Lists = SelectorLists<keyof typeof selectors>;

/** A part of the page that shows one issue: a modal, a panel, or the page without these. */
interface View {
  container: Element | null;
  lists: Lists;
  all(list: readonly string[]): Element[];
}

export const site: SiteAdapter<keyof typeof selectors> = {
  id: "jira-cloud",
  matches: ["https://*.atlassian.net/*"],
  selectors,
  detect: (_url, document) => document.querySelector("#jira-frontend") !== null,
  find(url, document, lists) {
    const views = viewsOf(document, lists);
    const onPage = pathKey(url);
    const named = onPage ?? selectedKey(url);
    /** A panel's own link counts more than a board's address, which may stay when another issue is opened in the panel. */
    const wanted = (view: View): string | null => {
      if (onPage || !view.container) return named;
      return linkKey(first(view, places.panelLinks)) ?? named ?? shownKey(view);
    };
    const over = onPage ? undefined : views.find(({ container }) => container);
    const view = views.find((one) => wanted(one) !== null && shownKey(one) === wanted(one)) ?? over ?? views.at(-1);
    const key = view ? wanted(view) : null;
    if (!view || !key) return null;
    const blocks: PlacedBlock[] = [];
    const missing: BlockRole[] = [];
    const shown = shownKey(view);
    // While the breadcrumb names another issue, a route change has not arrived yet. Without one the view is trusted.
    if (shown === null || shown === key) {
      const title = titleOf(view, shown === key);
      if (title) blocks.push({ id: "title", role: "title", element: title, kind: "text", restricted: false });
      const description = descriptionOf(view, shown === key);
      if (description) blocks.push({ id: "description", role: "description", element: description, kind: "text", restricted: false });
      else if (first(view, lists.descriptionEditors)) missing.push("description");
      blocks.push(...commentsOf(view, shown === key, description));
    }
    if (!blocks.some(({ role }) => role === "title")) missing.unshift("title");
    return { ticket: { system: "jira-cloud", key }, blocks, missing, view: nameOf(view, url) };
  },
};

function nameOf({ container }: View, { pathname }: URL): NonNullable<TicketPlace["view"]> {
  if (!container) return /\/(queues|section)\//.test(pathname) ? "agent" : "page";
  return container.matches('[role="dialog"]') ? "modal" : "panel";
}

/** Every modal and panel with an issue, then the page; what stands in a container belongs to no other view. */
function viewsOf(document: Document, lists: Lists): View[] {
  const containers = [...document.querySelectorAll(places.containers.join(", "))];
  const view = (container: Element | null): View => ({
    container,
    lists,
    all(list) {
      for (const selector of list) {
        const found = [...(container ?? document).querySelectorAll(selector)];
        const own = container ? found : found.filter((element) => !containers.some((one) => one.contains(element)));
        if (own.length > 0) return own;
      }
      return [];
    },
  });
  return [...containers, null].map(view);
}

function first(view: View, list: readonly string[]): Element | null {
  return view.all(list)[0] ?? null;
}

/** The key that the view's breadcrumb names, or null while it has none. */
function shownKey(view: View): string | null {
  return linkKey(first(view, places.breadcrumbs));
}

function titleOf(view: View, sure: boolean): Element | null {
  const { titles, titleEditors, anyTitle } = view.lists;
  const title = first(view, titles);
  if (title || first(view, titleEditors)) return title;
  return sure ? first(view, view.container ? ["h1"] : anyTitle) : null;
}

function descriptionOf(view: View, sure: boolean): Element | null {
  const { descriptions, descriptionFields, descriptionEditors, activity } = view.lists;
  const description = first(view, descriptions);
  if (description || !sure || first(view, descriptionFields) || first(view, descriptionEditors)) return description;
  return looseTexts(view).find((text) => !text.closest(activity.join(", "))) ?? null;
}

/** Rich texts that no hook says anything about; one inside another is a part of it. */
function looseTexts(view: View): Element[] {
  const { otherFields, comments, richTexts } = view.lists;
  const known = [...otherFields, ...comments].join(", ");
  const inside = richTexts.join(", ");
  return view.all(richTexts).filter((text) => !text.closest(known) && !text.parentElement?.closest(inside));
}

/** Attributes that tell one comment from the others. */
const idNames = ["data-testid", "data-test-id", "data-componentid", "id"];

function commentsOf(view: View, sure: boolean, description: Element | null): PlacedBlock[] {
  const { comments, commentBodies, restrictions } = view.lists;
  const items = view.all(comments);
  const place = { role: "comment", kind: "text" } as const;
  if (items.length === 0 && sure) {
    // Nothing says whether these are internal: what is not known stays here.
    const loose = looseTexts(view).filter((text) => text !== description);
    return loose.map((element, index) => ({ ...place, id: `comment-${index + 1}`, element, restricted: true }));
  }
  const marks = restrictions.join(", ");
  const known = new Set(items);
  return items.flatMap((item): PlacedBlock[] => {
    const id = idNames.map((name) => item.getAttribute(name)).find((value) => value);
    if (!id) return [];
    const restricted = item.querySelector(marks) !== null || item.closest(marks) !== null;
    // A reply may stand inside the comment that it answers: its body is its own.
    const body = firstOf(item, commentBodies);
    const mine = body && holderOf(body, known) === item;
    // Comments that are not in view are empty shells.
    return [mine ? { ...place, id, element: body, restricted } : { ...place, id, element: item, restricted, away: true }];
  });
}

/** The innermost of these elements that holds another one. */
function holderOf(element: Element, holders: ReadonlySet<Element>): Element | null {
  for (let one: Element | null = element; one; one = one.parentElement) if (holders.has(one)) return one;
  return null;
}
