// The document inside `gsft_main`: the incident list, or one incident's classic form, by the frame's own address.
import "./no-eval.ts";
import { z } from "zod";
import { exposeControl } from "./control.ts";
import { make } from "./dom.ts";
import { after, readPace } from "./pace.ts";
import { showForm } from "./servicenow-form.ts";
import { PageTicket } from "./ticket-shape.ts";

const pace = readPace(document);

/** Opens a record in this frame; the top page's address stays what it is. */
export function openRecord(sysId: string): void {
  location.assign(`/incident.do?sys_id=${sysId}${pace.fast ? "&speed=fast" : ""}`);
}

async function allRecords(): Promise<PageTicket[]> {
  return z.array(PageTicket).parse(await (await fetch("/api/now/table/incident")).json());
}

async function showList(): Promise<void> {
  const body = make("tbody", { class: "list2_body" });
  const headings = ["Number", "Opened", "Short description", "Caller", "Priority", "State", "Assigned to"];
  document.body.className = "list";
  document.body.prepend(
    make("div", { class: "navbar" }, make("h1", { class: "navbar-title" }, "Incidents"), make("span", { class: "list-filter" }, "All")),
    make(
      "table",
      { id: "incident_table", class: "list_table", "data-list_id": "incident" },
      make("thead", {}, make("tr", {}, ...headings.map((name) => make("th", { scope: "col" }, name)))),
      body,
    ),
  );
  document.title = "Incidents | ServiceNow";
  const records = await allRecords();
  await after(pace.delay(150, 300), new AbortController().signal);
  body.append(
    ...records.map((record) => {
      const link = make("a", { class: "linked formlink", href: `/incident.do?sys_id=${record.sysId}` }, record.key);
      link.addEventListener("click", (event) => {
        event.preventDefault();
        openRecord(record.sysId);
      });
      const { fields } = record;
      return make(
        "tr",
        { class: "list_row", sys_id: record.sysId },
        make("td", {}, link),
        ...[fields.created, record.title, fields.reporter, fields.priority, fields.status, fields.assignee].map((text) =>
          make("td", {}, text),
        ),
      );
    }),
  );
}

/** `route:` takes a number or a sys_id, as a tester has either. */
async function route(target: string): Promise<void> {
  const record = (await allRecords()).find((candidate) => candidate.key === target || candidate.sysId === target);
  if (!record) throw new Error(`No incident ${target} on the desk`);
  openRecord(record.sysId);
}

const sysId = new URLSearchParams(location.search).get("sys_id");
if (location.pathname === "/incident.do" && sysId !== null) {
  showForm(sysId, pace, { route, list: () => location.assign("/incident_list.do") });
} else {
  const shown = showList();
  exposeControl({ route }, () => shown);
}
