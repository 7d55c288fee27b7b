// ServiceNow's Service Portal: one ticket's page, whose widgets are replaced when the address changes; markup as AngularJS leaves it.
import "./no-eval.ts";
import { z } from "zod";
import { exposeControl } from "./control.ts";
import { make } from "./dom.ts";
import { after, readPace } from "./pace.ts";
import { PageTicket, type TicketComment } from "./ticket-shape.ts";

const KINDS = { comment: "Additional comments", "work note": "Work notes" } as const;
const pace = readPace(document);
const root = make("main", { class: "sp-page-root page flex-grow" });
let record: PageTicket | null = null;

function entry({ author, at, kind, text }: TicketComment): Node[] {
  const item = make(
    "li",
    { class: "timeline-item ng-scope", "ng-repeat": "entry in data.mergedEntries" },
    make(
      "div",
      { class: "timeline-panel" },
      make("div", { class: "timeline-heading" }, make("span", {}, author), " ", make("span", {}, KINDS[kind]), " ", make("small", {}, at)),
      make("div", { class: "timeline-body ng-binding" }, ...text.split("\n").map((line) => make("p", {}, line))),
    ),
  );
  return [item, document.createComment(" end ngRepeat: entry in data.mergedEntries ")];
}

/** Widgets of one ticket, all made anew: the header with its fields, the conversation with its box, and a list of links. */
async function draw(): Promise<void> {
  const shown = record;
  root.replaceChildren(make("div", { class: "loading" }, "Loading"));
  await after(pace.delay(200, 800), new AbortController().signal);
  if (!shown || shown !== record) return;
  const timeline = make("ul", { class: "timeline" }, document.createComment(" ngRepeat: entry in data.mergedEntries "));
  root.replaceChildren(
    make(
      "div",
      { class: "panel panel-default ng-scope" },
      make("h2", { class: "panel-title" }, `${shown.title} - ${shown.key}`),
      make("p", { class: "ticket-state" }, `State: ${shown.fields.status}`),
      make("div", { class: "ticket-text" }, ...shown.description.split("\n").map((line) => make("p", {}, line))),
    ),
    make(
      "div",
      { class: "v85357f52cb30020000f8d856634c9c24 ng-scope" },
      make("textarea", { placeholder: "Type your message here" }),
      timeline,
    ),
    make("aside", {}, make("h2", {}, "Related links"), make("a", { href: "/sp" }, "Report a lost device")),
  );
  await after(pace.delay(200, 800), new AbortController().signal);
  timeline.append(...[...shown.comments].reverse().flatMap(entry));
}

async function open(): Promise<void> {
  const sysId = new URLSearchParams(location.search).get("sys_id");
  const answer = await fetch(`/api/now/table/incident/${sysId}`);
  record = PageTicket.parse(await answer.json());
  await draw();
}
async function route(target: string): Promise<void> {
  const all = z.array(PageTicket).parse(await (await fetch("/api/now/table/incident")).json());
  const next = all.find(({ key }) => key === target);
  if (!next) throw new Error(`No incident ${target} on the desk`);
  history.pushState(null, "", `/sp?id=ticket&table=incident&sys_id=${next.sysId}`);
  record = next;
  await draw();
}

document.title = "Ticket - Service Portal";
document.body.prepend(make("nav", { class: "sp-navbar-container" }, make("a", { href: "/sp" }, "Self Service")), root);
let shown = open();
exposeControl(
  {
    route: (target) => {
      shown = route(target);
      return shown;
    },
    "rerender-nodes": () => {
      shown = draw();
    },
  },
  () => shown,
);
