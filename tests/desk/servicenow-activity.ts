// The activity stream of the ServiceNow form: journal boxes at once, entries 800 ms later with AngularJS's comment nodes between them.
import { make } from "./dom.ts";
import { after, type Pace } from "./pace.ts";
import type { PageTicket, TicketComment } from "./ticket-shape.ts";

export interface ActivityStream {
  /** Resolves when the entries are there. */
  shown: Promise<void>;
  /** A new entry on top. */
  prepend(text: string, kind: TicketComment["kind"]): void;
  /** A new entry that shows a mail in a sandboxed frame of its own. */
  mail(): void;
  /** Same elements, every text written anew. */
  rewriteTexts(): void;
  /** New elements for all entries. */
  rebuild(): void;
  clear(): void;
}

const KINDS = { comment: "Additional comments", "work note": "Work notes" } as const;

function card(comment: TicketComment): HTMLElement {
  const work = comment.kind === "work note";
  return make(
    "li",
    { class: `h-card h-card_md h-card_comments${work ? " h-card_work" : ""}`, "ng-repeat": "entry in entries" },
    make("div", { class: `sn-card-component_accent-bar${work ? " sn-card-component_accent-bar_dark" : ""}` }),
    make(
      "div",
      { class: "sn-card-component" },
      make(
        "div",
        { class: "sn-card-component-header" },
        make("span", { class: "sn-avatar", "aria-hidden": "true" }, comment.author.slice(0, 1)),
        make("span", { class: "sn-card-component-createdby" }, comment.author),
        make(
          "span",
          { class: "sn-card-component-time" },
          make("span", {}, KINDS[comment.kind]),
          " • ",
          make("div", { class: "date-calendar" }, comment.at),
        ),
      ),
      make(
        "div",
        { class: "sn-card-component_summary" },
        make("span", { class: "sn-widget-textblock-body sn-widget-textblock-body_formatted" }, comment.text),
      ),
    ),
  );
}

function journalBox(id: string, label: string, onPost: (text: string) => void): HTMLElement {
  const area = make("textarea", { id, class: "form-control", rows: "2", placeholder: label, "aria-label": label });
  const post = make("button", { type: "button", class: "btn btn-primary" }, "Post");
  post.addEventListener("click", () => {
    if (area.value.trim() !== "") onPost(area.value);
    area.value = "";
  });
  return make("div", { class: "sn-controls" }, make("label", { for: id, class: "control-label" }, label), area, post);
}

/** Puts the stream at the end of the Notes tab. Newest entry first. */
export function showActivity(record: PageTicket, pace: Pace): ActivityStream {
  const list = make("ul", { class: "activities-form" });
  const entries = [...record.comments].reverse();
  const nodesOf = (comment: TicketComment): Node[] => [card(comment), document.createComment(" end ngRepeat: entry in entries ")];
  const fill = (): void => list.replaceChildren(document.createComment(" ngRepeat: entry in entries "), ...entries.flatMap(nodesOf));
  const prepend = (text: string, kind: TicketComment["kind"]): void => {
    const entry: TicketComment = { id: 900_000 + entries.length, author: "Mira Olsson", at: "2026-11-23 09:30", kind, text };
    entries.unshift(entry);
    list.firstChild?.after(...nodesOf(entry));
  };
  document.querySelector("#tabs2_section .section")?.append(
    journalBox("activity-stream-work_notes-textarea", "Work notes", (text) => prepend(text, "work note")),
    journalBox("activity-stream-comments-textarea", "Additional comments (Customer visible)", (text) => prepend(text, "comment")),
    make("h2", { class: "activity-title" }, `Activities: ${entries.length}`),
    make("div", { id: "sn_form_inline_stream_entries" }, list),
  );
  return {
    shown: after(pace.delay(800), new AbortController().signal).then(fill),
    prepend,
    mail() {
      prepend("", "comment");
      list.querySelector(".sn-widget-textblock-body")?.replaceChildren(make("iframe", { sandbox: true, title: "Mail" }));
    },
    rewriteTexts() {
      for (const text of list.querySelectorAll(".sn-widget-textblock-body")) {
        const node = text.firstChild;
        if (!node) continue;
        const value = node.nodeValue;
        node.nodeValue = "";
        node.nodeValue = value;
      }
    },
    rebuild: fill,
    clear: () => list.replaceChildren(),
  };
}
