// What surrounds the ServiceNow form: the old `nav_to.do` page, or the Next Experience shell whose frame sits in an open shadow root.
import "./no-eval.ts";
import { exposeControl } from "./control.ts";
import { make } from "./dom.ts";

const SHELL_PATH = "/now/nav/ui/classic/params/target/";
const MACROPONENT = "macroponent-f51912f4c700201072b211d4d8c26010";

/** The address that the frame starts with, from the top address; only addresses of this instance. */
function target(): string {
  const { pathname, search } = location;
  const encoded = pathname.startsWith(SHELL_PATH) ? pathname.slice(SHELL_PATH.length) : null;
  const asked = encoded === null ? new URLSearchParams(search).get("uri") : decodeURIComponent(encoded) + search;
  const url = new URL(asked || "/incident_list.do", location.origin);
  return url.origin === location.origin ? url.pathname + url.search : "/incident_list.do";
}

function findFrame(): HTMLIFrameElement | null {
  return (
    document.querySelector<HTMLIFrameElement>("#gsft_main") ??
    document.querySelector(MACROPONENT)?.shadowRoot?.querySelector<HTMLIFrameElement>("#gsft_main") ??
    null
  );
}

/** A module link. It cannot use `target`: a frame inside a shadow root is not found by its name. */
function moduleLink(name: string): HTMLElement {
  const link = make("a", { href: "/incident_list.do" }, name);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    findFrame()?.contentWindow?.location.assign("/incident_list.do");
  });
  return link;
}

const navigation = (): HTMLElement =>
  make(
    "nav",
    { class: "sn-polaris-navigation", "aria-label": "Modules" },
    make("p", { class: "nav-group" }, "Incident"),
    ...["Create New", "Assigned to me", "Open", "Open - Unassigned", "All"].map(moduleLink),
    make("p", { class: "nav-group" }, "Problem"),
    make("span", {}, "All"),
    make("p", { class: "nav-group" }, "Change"),
    make("span", {}, "Schedule"),
    make("span", {}, "All"),
  );
const header = (): HTMLElement =>
  make(
    "header",
    { class: "navpage-header" },
    make("span", { class: "instance" }, "Practice Desk"),
    make("span", { class: "instance-sub" }, "Service Management"),
    make("span", { class: "header-space" }),
    make("span", { class: "header-search" }, "Search"),
    make("span", { class: "header-user" }, "MO"),
  );
const frame = (): HTMLIFrameElement => make("iframe", { id: "gsft_main", name: "gsft_main", title: "Main Content", src: target() });

if (location.pathname.startsWith(SHELL_PATH)) {
  const host = document.createElement(MACROPONENT);
  host.setAttribute("component-id", MACROPONENT.slice("macroponent-".length));
  host.setAttribute("global-navigation-config", "{}");
  document.body.className = "shell";
  document.body.prepend(host);
  const root = host.attachShadow({ mode: "open" });
  // The page's own style sheet again: shadow roots do not inherit rules, and inline styles would break the policy.
  root.append(
    make("link", { rel: "stylesheet", href: "/assets/servicenow.css" }),
    header(),
    make("div", { class: "shell-body" }, navigation(), frame()),
  );
} else {
  document.body.className = "navpage-layout";
  document.body.prepend(header(), make("div", { class: "shell-body" }, navigation(), frame()));
}

exposeControl(
  {
    /** Another frame with the same address, as some navigations of the shell do. */
    "rerender-nodes": () => {
      const old = findFrame();
      old?.replaceWith(make("iframe", { id: "gsft_main", name: "gsft_main", title: "Main Content", src: old.src }));
    },
  },
  async () => {
    const inner = findFrame()?.contentWindow;
    await inner?.__double?.settled();
  },
);
