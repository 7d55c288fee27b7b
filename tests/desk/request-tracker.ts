// Request Tracker's ticket page, as its templates draw it: history that may come late, folded quotes, the rich editor's frame; and a page that is no ticket.
import "./no-eval.ts";
import { z } from "zod";
import { exposeControl } from "./control.ts";
import { make } from "./dom.ts";
import { after, readPace } from "./pace.ts";
import { PageTicket, type TicketComment } from "./ticket-shape.ts";

const pace = readPace(document);
const number = Number(new URLSearchParams(location.search).get("id") ?? "1");

function message(id: number, description: string, text: string, quoted?: string): HTMLElement {
  const stanza = make("div", { class: "message-stanza plain-text-white-space" }, text);
  if (quoted) {
    const folder = make("span", { class: "message-stanza-folder closed" }, "Show quoted text");
    const fold = make("div", { class: "message-stanza closed" }, quoted);
    folder.addEventListener("click", () => {
      fold.classList.toggle("closed");
    });
    stanza.append(folder, make("br"), fold);
  }
  return make(
    "div",
    { class: "transaction Ticket-transaction message odd", "data-transaction-id": `${id}` },
    make("div", { class: "metadata" }, make("span", { class: "date" }, "Mon Nov 23"), make("span", { class: "description" }, description)),
    make("div", { class: "content" }, make("div", { class: "messagebody" }, stanza)),
  );
}
const status = (id: number): HTMLElement =>
  make(
    "div",
    { class: "transaction Ticket-transaction basics even", "data-transaction-id": `${id}` },
    make(
      "div",
      { class: "metadata" },
      make("span", { class: "description" }, "The RT System itself - Status changed from 'new' to 'open'"),
    ),
    make("div", { class: "content" }),
  );
const said = (kind: TicketComment["kind"]) => (kind === "comment" ? "Correspondence added" : "Comments added");

function build(ticket: PageTicket): HTMLElement {
  document.body.id = "comp-Ticket-Display";
  document.title = `#${number}: ${ticket.title}`;
  const history = make("div", { class: "history-container" });
  const editor = make("textarea", { id: "UpdateContent", class: "richtext" });
  document.body.prepend(
    make("div", { id: "header" }, make("h1", {}, `#${number}: ${ticket.title}`)),
    make("div", { class: "history ticket-history" }, history),
    make("form", {}, editor, make("iframe", { class: "cke_wysiwyg_frame", title: "Rich Text Editor" })),
  );
  return history;
}

async function show(): Promise<void> {
  const tickets = z.array(PageTicket).parse(await (await fetch("/api/now/table/incident")).json());
  const ticket = tickets[number - 1];
  if (location.pathname !== "/Ticket/Display.html" || !ticket) {
    document.title = "Alert 4711";
    const alert = make("p", {}, "Beacon every 60 s to 203.0.113.77 from host WS-0815.");
    document.body.prepend(
      make("nav", {}, "Alerts of 198.51.100.1"),
      make("main", {}, make("h1", {}, "Alert 4711"), alert, make("div", { contenteditable: true }, "my note on 198.51.100.2")),
    );
    return;
  }
  const history = build(ticket);
  await after(pace.delay(300, 900), new AbortController().signal);
  history.append(message(100, `${ticket.fields.reporter} - Ticket created`, ticket.description), status(101));
  const replies = ticket.comments.map(({ author, kind, text }, index) =>
    message(102 + index, `${author} - ${said(kind)}`, text, index === 0 ? "> quoted: 192.0.2.250" : undefined),
  );
  history.append(...replies);
}

const shown = show();
exposeControl(
  {
    "add-comment": (text) =>
      document.querySelector(".history-container")?.append(message(900, "root - Correspondence added", text || "Any news?")),
    unfold: () => document.querySelector<HTMLElement>(".message-stanza-folder")?.click(),
    "rerender-nodes": () => {
      for (const old of document.querySelectorAll(".transaction")) old.replaceWith(old.cloneNode(true));
    },
  },
  () => shown,
);
