// One incident in ServiceNow's classic form: dotted ids, values in inputs, tabs with hidden fields, `g_form` in the page's world.
import { exposeControl } from "./control.ts";
import { make } from "./dom.ts";
import type { Pace } from "./pace.ts";
import { after } from "./pace.ts";
import { type ActivityStream, showActivity } from "./servicenow-activity.ts";
import { PageTicket } from "./ticket-shape.ts";

declare global {
  interface Window {
    g_form?: Record<string, (...args: string[]) => unknown>;
  }
}

export interface FormNavigation {
  route: (target: string) => Promise<void>;
  list: () => void;
}

const input = (id: string, value: string, readonly = false): HTMLInputElement => {
  const field = make("input", {
    id,
    name: id.replace("sys_readonly.", ""),
    class: "form-control",
    ...(readonly ? { readonly: true } : {}),
  });
  field.value = value;
  return field;
};

function row(name: string, label: string, control: HTMLElement, wide = false): HTMLElement {
  return make(
    "div",
    { class: `form-group${wide ? " form-group-wide" : ""}`, id: `element.incident.${name}` },
    make("label", { for: control.id, class: "control-label" }, make("span", { class: "label-text" }, label)),
    make("div", { class: "form-field" }, control),
  );
}

function textarea(id: string, value: string, rows: string): HTMLTextAreaElement {
  const area = make("textarea", { id, name: id, class: "form-control", rows, wrap: "soft" });
  area.value = value;
  return area;
}

function tabs(record: PageTicket): HTMLElement {
  const closeNotes = "incident.close_notes";
  const panes: [string, HTMLElement[]][] = [
    ["Notes", []],
    [
      "Related Records",
      [
        row("problem_id", "Problem", input("sys_display.incident.problem_id", "")),
        row("rfc", "Change Request", input("sys_display.incident.rfc", "")),
      ],
    ],
    [
      "Resolution Information",
      [
        row("close_code", "Resolution code", input("incident.close_code", "")),
        row("close_notes", "Resolution notes", textarea(closeNotes, "", "4"), true),
      ],
    ],
  ];
  const sections = panes.map(([name, rows], index) =>
    make(
      "div",
      { id: `section-${record.sysId.slice(0, 6)}${index}`, class: "section tabs2_section", "data-name": name, hidden: index > 0 },
      ...rows,
    ),
  );
  const buttons = panes.map(([name], index) => {
    const button = make("button", { type: "button", role: "tab", class: "tabs2_tab", "aria-selected": `${index === 0}` }, name);
    button.addEventListener("click", () => {
      buttons.forEach((other, at) => {
        other.setAttribute("aria-selected", `${at === index}`);
      });
      sections.forEach((section, at) => {
        section.hidden = at !== index;
      });
    });
    return button;
  });
  return make("div", { id: "tabs2_section" }, make("div", { class: "tabs2_strip", role: "tablist" }, ...buttons), ...sections);
}

function build(record: PageTicket): void {
  const { fields } = record;
  const left = [
    row("number", "Number", input("sys_readonly.incident.number", record.key, true)),
    row("caller_id", "Caller", input("sys_display.incident.caller_id", fields.reporter)),
    row("category", "Category", input("incident.category", fields.type)),
    row("cmdb_ci", "Configuration item", input("sys_display.incident.cmdb_ci", "")),
  ];
  const right = [
    row("opened_at", "Opened", input("sys_readonly.incident.opened_at", fields.created, true)),
    row("state", "State", input("incident.state", fields.status)),
    row("priority", "Priority", input("sys_readonly.incident.priority", fields.priority, true)),
    row("assigned_to", "Assigned to", input("sys_display.incident.assigned_to", fields.assignee)),
  ];
  const hiddenNumber = make("input", { type: "hidden", id: "incident.number", name: "incident.number" });
  hiddenNumber.value = record.key;
  const target = make("input", { type: "hidden", id: "sys_target", name: "sys_target" });
  target.value = "incident";
  // With it the form proves to the server that this page sent it; the REST double knows the same.
  const token = make("input", { type: "hidden", id: "sysparm_ck", name: "sysparm_ck" });
  token.value = "5e551on";
  const form = make(
    "form",
    { id: "incident.do", name: "incident.do", class: "form_body", autocomplete: "off" },
    hiddenNumber,
    target,
    token,
    make("div", { class: "form-columns" }, make("div", {}, ...left), make("div", {}, ...right)),
    row("short_description", "Short description", input("incident.short_description", record.title), true),
    row("description", "Description", textarea("incident.description", record.description, "12"), true),
    tabs(record),
  );
  form.addEventListener("submit", (event) => event.preventDefault());
  const back = make("a", { class: "icon-chevron-left", href: "/incident_list.do", "aria-label": "Back" }, "‹");
  document.body.className = "form";
  document.body.prepend(
    make(
      "div",
      { class: "navbar" },
      back,
      make(
        "h1",
        { class: "navbar-title" },
        make("span", { class: "navbar-title-caption" }, "Incident"),
        make("span", { class: "navbar-title-display-value" }, record.key),
      ),
      make("span", { class: "navbar-space" }),
      ...["Follow", "Update", "Resolve"].map((name) => make("button", { type: "button", class: "btn" }, name)),
    ),
    form,
  );
  document.title = `${record.key} | Incident | ServiceNow`;
}

const fieldOf = (name: string): HTMLInputElement | HTMLTextAreaElement | null => {
  const field = ["incident.", "sys_readonly.incident.", "sys_display.incident."]
    .map((prefix) => document.getElementById(prefix + name))
    .find((found) => found !== null);
  return field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement ? field : null;
};

function setField(name: string, value: string): void {
  const field = fieldOf(name);
  if (!field) throw new Error(`The form has no field ${name}`);
  field.value = value;
  // g_form fires this too, so that whoever listens learns of a value that no person typed.
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Builds the form of one record and its control channel. */
export function showForm(sysId: string, pace: Pace, navigation: FormNavigation): void {
  let record: PageTicket | null = null;
  let stream: ActivityStream | null = null;
  const load = async (): Promise<void> => {
    const answer = await fetch(`/api/now/table/incident/${sysId}`);
    if (!answer.ok) {
      document.body.prepend(make("div", { class: "outputmsg_error" }, "Record not found"));
      return;
    }
    record = PageTicket.parse(await answer.json());
    build(record);
    window.g_form = {
      getTableName: () => "incident",
      getUniqueValue: () => sysId,
      getValue: (name = "") => fieldOf(name)?.value ?? "",
      setValue: (name = "", value = "") => setField(name, value),
      isNewRecord: () => false,
    };
    stream = showActivity(record, pace);
    await stream.shown;
  };
  let shown = load();
  const current = (): { record: PageTicket; stream: ActivityStream } => {
    if (!record || !stream) throw new Error("The form is not there yet: await settled() first");
    return { record, stream };
  };
  exposeControl(
    {
      route: navigation.route,
      queue: navigation.list,
      edit: (text) =>
        setField("description", `${text || "Update: still happening this morning."}\n\n${fieldOf("description")?.value ?? ""}`),
      describe: (text) => setField("description", text),
      title: (text) => setField("short_description", text),
      "add-comment": (text) => current().stream.prepend(text || "Any news on this one?", "comment"),
      "add-work-note": (text) => current().stream.prepend(text || "Looked again, nothing new.", "work note"),
      "add-mail": () => current().stream.mail(),
      "rerender-text": () => current().stream.rewriteTexts(),
      "rerender-nodes": () => current().stream.rebuild(),
      /** The whole form again, as a UI policy reload does; values typed by a person are lost. */
      remount: () => {
        const { record: shownRecord } = current();
        document.body.replaceChildren();
        build(shownRecord);
        stream = showActivity(shownRecord, pace);
        shown = stream.shown;
      },
      late: async (ms) => {
        const { stream: old } = current();
        old.clear();
        shown = after(Number(ms) || 3500, new AbortController().signal).then(() => old.rebuild());
      },
    },
    () => shown,
  );
}
