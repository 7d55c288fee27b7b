// Jira Cloud issue view: /browse/KEY, /projects/P/issues/KEY, and boards or searches with ?selectedIssue=KEY (modal or side panel).
// Selectors: PAGES.md 2.1 (public code of 2025/2026). Last seen working on the practice desk's double: 2026-11.
import type { BlockRole } from "../../shared/contract.ts";
import type { PlacedBlock, SiteAdapter } from "./site.ts";
import { firstOf } from "./site.ts";

const key = /^[A-Z][A-Z0-9_]+-\d+$/;

const containers = [
  'section[role="dialog"][data-testid="issue.views.issue-details.issue-modal.modal-dialog"]',
  'section[data-testid="preview-panels.preview-panel"]',
];
const titles = [
  'h1[data-testid="issue.views.issue-base.foundation.summary.heading"]',
  'h1[data-test-id="issue.views.issue-base.foundation.summary.heading"]',
];
const descriptions = [
  '[data-testid="issue.views.field.rich-text.description"] .ak-renderer-document',
  '[data-component-selector="jira-issue-view-rich-text-inline-edit-view-container"] .ak-renderer-document',
];
/** Stands there instead of the description while somebody edits it. */
const descriptionEditors = ['[data-testid="issue.views.field.rich-text.editor-container"]'];
const commentItems = '[data-testid^="comment-base-item-"]';
/** Stand in, or around, a comment that only some may see. */
const restrictions = [
  '[data-testid="issue-comment-base.ui.comment.custom-comment.restricted-to"]',
  '[data-testid$="comment-visibility.comment-visibility-wrapper"]',
].join(", ");
const commentBodies = ['[data-testid^="issue-comment-base.ui.comment.ak-comment."][data-testid$="-body"]', ".ak-renderer-document"];

/** The issue key that a URL names, or null: /browse/SOC-12 -> SOC-12. */
export function issueKey(url: URL): string | null {
  const selected = url.searchParams.get("selectedIssue");
  if (selected && key.test(selected)) return selected;
  const path = /\/(?:browse|issues)\/([^/]+)\/?$/.exec(url.pathname) ?? /\/queues\/(?:custom|issue)\/\d+\/([^/]+)\/?$/.exec(url.pathname);
  return path?.[1] && key.test(path[1]) ? path[1] : null;
}

export const site: SiteAdapter = {
  id: "jira-cloud",
  matches: ["https://*.atlassian.net/*"],
  find(url, document) {
    const found = issueKey(url);
    if (!found) return null;
    // On a board the issue is in a modal or a panel, and the board's own cards must not be read as its text. On an issue's own
    // page a panel may show a linked issue: the container whose breadcrumb names the key wins.
    const onBoard = url.searchParams.has("selectedIssue");
    const roots = [...document.querySelectorAll(containers.join(", ")), document];
    const root = roots.find((one) => shownKey(one) === found) ?? (onBoard ? roots[0] : document) ?? document;
    const blocks: PlacedBlock[] = [];
    const missing: BlockRole[] = [];
    // While the breadcrumb names another issue, a route change has not arrived yet. Without one the page is trusted.
    if ((shownKey(root) ?? found) === found) {
      const title = firstOf(root, titles);
      if (title) blocks.push({ id: "title", role: "title", element: title, kind: "text", restricted: false });
      const description = firstOf(root, descriptions);
      if (description) blocks.push({ id: "description", role: "description", element: description, kind: "text", restricted: false });
      else if (firstOf(root, descriptionEditors)) missing.push("description");
      for (const item of root.querySelectorAll(commentItems)) {
        // Comments that were never scrolled into view are empty shells: they are read when their body arrives.
        const body = firstOf(item, commentBodies);
        const id = item.getAttribute("data-testid");
        const restricted = item.querySelector(restrictions) !== null || item.closest(restrictions) !== null;
        if (body && id) blocks.push({ id, role: "comment", element: body, kind: "text", restricted });
      }
    }
    if (!blocks.some((block) => block.role === "title")) missing.push("title");
    return { ticket: { system: "jira-cloud", key: found }, blocks, missing };
  },
};

/** The key that the breadcrumb of a view names, or null without one. (The parent's link comes first there: only the own item counts.) */
function shownKey(root: ParentNode): string | null {
  const crumb = root.querySelector('[data-testid="issue.views.issue-base.foundation.breadcrumbs.current-issue.item"]');
  return crumb?.textContent?.trim() || null;
}
