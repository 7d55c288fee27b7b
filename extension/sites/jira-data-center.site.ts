// Jira Data Center 8 to 10 on a host that was added: issue, split view of a search, detail view of a board, agent's and customer's view of a request.
// Selectors: public code of 2025/2026 (docs/adr/0017); those of comments' restrictions are from memory. Last seen working on the desk's double: 2026-11.
import type { BlockRole } from "../../shared/contract.ts";
import { linkKey, pathKey, portalKey } from "./jira-key.ts";
import type { PlacedBlock, SelectorLists, SiteAdapter, TicketPlace } from "./site.ts";
import { allOf, firstOf } from "./site.ts";

/** What shows one issue, and where it names it. A list of issues names many: only the first two kinds of place are looked into. */
const places = {
  boardDetails: ["#ghx-detail-view"],
  boardKeys: ["#issuekey-val", "#key-val", "[data-issue-key]"],
  issues: [".details-layout #issue-content", "#issue-content", "body"],
  keys: ["#key-val"],
} as const satisfies Record<string, readonly string[]>;

const selectors = {
  /** Not while it is being edited in place. */
  titles: ["#summary-val:not(:has(input, textarea))"],
  descriptions: ["#description-val .user-content-block", "#description-val:has(p):not(:has(textarea, iframe))"],
  descriptionEditors: ["#description-val :is(textarea, iframe)"],
  comments: ["#issue_actions_container > .activity-comment", '.activity-comment[id^="comment-"]'],
  /** Each comment is there twice: whole (`verbose`) and as its first words (`concise`); which one shows is a class of the comment. */
  commentBodies: [".twixi-wrap.verbose .action-body", ".action-body:not(.concise .action-body)"],
  commentHeads: [".twixi-wrap.verbose .action-head", ".twixi-wrap.verbose .action-details", ".action-details"],
  restrictions: ['.redText, [class*="internal" i]'],
  written: [".action-body", ".twixi-wrap.concise"],
  /** Only projects of a service desk have them. */
  serviceDesk: ["#sd-comment-collapsed-textarea", '[class*="sd-comment"]'],
  portalTitles: [".cv-page-title-text"],
  /** Fields and comments of a request are in one element, whose insides change with each version. */
  portalTexts: ["#cv-request-content", ".cv-request-content", ".cv-request-details"],
} as const satisfies Record<string, readonly string[]>;

type Lists = SelectorLists<keyof typeof selectors>;

/** What a comment's head says when only some may see it, in the languages that Jira is mostly used in. */
const restrictedWords = /restricted|internal|eingeschränkt|beschränkt|intern|restreint|restringid|limitad|限制|制限/i;
/** What it says in a service project when the customer sees it. */
const sharedWords = /shared|customer|kunde|client|cliente|共有|顧客/i;

export const site: SiteAdapter<keyof typeof selectors> = {
  id: "jira-data-center",
  matches: [],
  selectors,
  detect(url, document) {
    if (document.querySelector("#jira-frontend")) return false;
    const product = document.querySelector('body#jira, meta[name="application-name"][content="JIRA" i]') !== null;
    return product || (portalKey(url) !== null && firstOf(document, selectors.portalTitles) !== null);
  },
  find(url, document, lists) {
    const request = portalKey(url);
    if (request) return portalPlace(request, document, lists);
    const detail = firstOf(document, places.boardDetails);
    const boardKey = detail && isShown(detail) ? linkKey(firstOf(detail, places.boardKeys)) : null;
    if (detail && boardKey) return issuePlace(boardKey, detail, "board", lists);
    const root = firstOf(document, places.issues);
    // The key in the page stands in the same part as the words, and is exchanged with them: it counts more than the address.
    const key = (root && linkKey(firstOf(root, places.keys))) ?? pathKey(url);
    return key && root ? issuePlace(key, root, root.matches(places.issues[0]) ? "split" : "issue", lists) : null;
  },
};

function issuePlace(key: string, root: Element, view: NonNullable<TicketPlace["view"]>, lists: Lists): TicketPlace {
  const blocks: PlacedBlock[] = [];
  const missing: BlockRole[] = [];
  const title = firstOf(root, lists.titles);
  if (title) blocks.push({ id: "title", role: "title", element: title, kind: "text", restricted: false });
  else missing.push("title");
  const description = firstOf(root, lists.descriptions);
  if (description) blocks.push({ id: "description", role: "description", element: description, kind: "text", restricted: false });
  else if (firstOf(root, lists.descriptionEditors)) missing.push("description");
  const serviceDesk = firstOf(root, lists.serviceDesk) !== null;
  for (const item of allOf(root, lists.comments)) {
    const element = firstOf(item, lists.commentBodies);
    if (element && item.id)
      blocks.push({ id: item.id, role: "comment", element, kind: "text", restricted: isRestricted(item, serviceDesk, lists) });
  }
  return { ticket: { system: "jira-data-center", key }, blocks, missing, view: serviceDesk ? "agent" : view };
}

/** The customer's view: what is on it, the customer sees. */
function portalPlace(key: string, document: Document, lists: Lists): TicketPlace {
  const title = firstOf(document, lists.portalTitles);
  const text = firstOf(document, lists.portalTexts);
  const blocks: PlacedBlock[] = [];
  if (title) blocks.push({ id: "title", role: "title", element: title, kind: "text", restricted: false });
  if (text) blocks.push({ id: "description", role: "description", element: text, kind: "text", restricted: false });
  return { ticket: { system: "jira-data-center", key }, blocks, missing: title ? [] : ["title"], view: "portal" };
}

/** By mark or word; in a service project also when nothing says that the customer sees it: what is not known stays here. */
function isRestricted(item: Element, serviceDesk: boolean, { restrictions, written, commentHeads }: Lists): boolean {
  const marked = restrictions.join(", ");
  const marks = [item, ...item.querySelectorAll(marked)].filter((mark) => mark.matches(marked));
  // What the author wrote marks nothing.
  if (marks.some((mark) => !mark.closest(written.join(", ")))) return true;
  const head = firstOf(item, commentHeads)?.textContent ?? "";
  return restrictedWords.test(head) || (serviceDesk && !sharedWords.test(head));
}

/** A board keeps its closed detail view in the page. */
function isShown(element: Element): boolean {
  return typeof element.checkVisibility !== "function" || element.checkVisibility();
}
