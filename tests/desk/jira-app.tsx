// The Jira Cloud double: mounts the application, routes by history, and offers the control channel.
import "./no-eval.ts";
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from "react";
import { flushSync } from "react-dom";
import { createRoot, type Root } from "react-dom/client";
import { exposeControl } from "./control.ts";
import { Board, pressCard } from "./jira-board.tsx";
import { Chrome, Queue } from "./jira-chrome.tsx";
import { IssueView } from "./jira-issue.tsx";
import {
  addComment,
  bringDescriptionLate,
  change,
  editIssue,
  go,
  type JiraState,
  jiraState,
  openOver,
  pace,
  settled,
  showRoute,
  subscribe,
} from "./jira-store.ts";
import { css, nextRender } from "./jira-style.ts";
import type { PageTicket } from "./ticket-shape.ts";

/** Dialog first, its test id 400 ms later by an attribute change, as seen in the field; or later still. */
function Modal({ hook, children }: { hook: JiraState["modalHook"]; children: ReactNode }): ReactNode {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (hook?.ms === Number.POSITIVE_INFINITY) return;
    const timer = setTimeout(() => {
      box.current?.setAttribute("data-testid", "issue.views.issue-details.issue-modal.modal-dialog");
      if (hook?.bare) box.current?.setAttribute("role", "dialog");
    }, hook?.ms ?? pace.delay(400));
    return () => clearTimeout(timer);
  }, [hook]);
  return (
    <div data-vc="backdrop">
      <section
        ref={box}
        {...(hook?.bare ? {} : { role: "dialog", "aria-modal": true })}
        aria-label="Issue"
        data-vc="modal"
        className={css("modal")}
      >
        {children}
      </section>
    </div>
  );
}

function Container({ project, issueKey, children }: { project: string; issueKey: string; children: ReactNode }): ReactNode {
  const state = useSyncExternalStore(subscribe, jiraState);
  const controls = (
    <div data-vc="container-head">
      {state.container === "panel" ? (
        <a
          href={`/browse/${issueKey}`}
          target="_blank"
          rel="noreferrer"
          data-testid="platform-issue-preview-panel.preview-panel-new-tab-link"
        >
          {issueKey} ↗
        </a>
      ) : null}
      <button type="button" data-vc="subtle" onClick={() => change({ container: state.container === "modal" ? "panel" : "modal" })}>
        {state.container === "modal" ? "Switch to sidebar" : "Switch to dialog"}
      </button>
      <button type="button" data-vc="subtle" aria-label="Close" onClick={() => go(`/jira/software/projects/${project}/boards/1`)}>
        ✕
      </button>
    </div>
  );
  if (state.container === "modal") {
    return (
      <Modal hook={state.modalHook}>
        {controls}
        {children}
      </Modal>
    );
  }
  return (
    <section data-testid="preview-panels.preview-panel" data-vc="panel" aria-label="Issue" className={css("panel")}>
      {controls}
      {children}
    </section>
  );
}

/** An issue that was opened in a panel, whole at once. */
function Over({ state, ticket }: { state: JiraState; ticket: PageTicket }): ReactNode {
  const parts = { breadcrumb: ticket, summary: ticket, description: ticket, comments: ticket };
  return <IssueView state={{ ...state, parts, missing: false, editing: null }} />;
}

function App(): ReactNode {
  const state = useSyncExternalStore(subscribe, jiraState);
  nextRender();
  const { route, over } = state;
  if (route.kind === "queue") {
    return (
      <Chrome>
        <Queue tickets={state.queue} path="/browse/" />
      </Chrome>
    );
  }
  const project = location.pathname.split("/projects/")[1]?.split("/")[0] ?? "SEC";
  const issue = <IssueView key={`${state.epochs.tree}`} state={state} />;
  if (route.kind !== "board") {
    return (
      <Chrome>
        {route.kind === "agent" ? (
          <div data-vc="queue-side">
            <Queue tickets={state.queue} path={`/jira/servicedesk/projects/${project}/queues/custom/1/`} />
          </div>
        ) : null}
        {over ? (
          <Container project={project} issueKey={over.key}>
            <Over state={state} ticket={over} />
          </Container>
        ) : null}
        {issue}
      </Chrome>
    );
  }
  const view = location.pathname.endsWith("/backlog") ? "boards/1/backlog" : "boards/1";
  return (
    <Chrome>
      <Board project={project} view={view} tickets={state.queue} selected={route.key} />
      {route.key !== null ? (
        <Container project={project} issueKey={over?.key ?? route.key}>
          {over ? <Over state={state} ticket={over} /> : issue}
        </Container>
      ) : null}
    </Chrome>
  );
}

const frontend = document.createElement("div");
frontend.id = "jira-frontend";
document.body.prepend(frontend);
let root: Root = createRoot(frontend);
root.render(<App />);
window.addEventListener("popstate", () => showRoute());
showRoute();

/** Same elements, every text node written anew: ranges that held them collapse. */
function rewriteTexts(): void {
  for (const rich of document.querySelectorAll(".ak-renderer-document")) {
    const walker = document.createTreeWalker(rich, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const text = node.nodeValue;
      node.nodeValue = "";
      node.nodeValue = text;
    }
  }
}

/** Scrolls every comment into view until its body is there, then back to the top: what a patient reader does. */
async function readAll(): Promise<void> {
  flushSync(() => change({ allComments: true }));
  for (const shell of document.querySelectorAll('[data-testid^="comment-base-item-"]')) {
    shell.scrollIntoView({ block: "center" });
    await new Promise<void>((resolve) => {
      if (shell.firstChild) return resolve();
      const observer = new MutationObserver(() => {
        observer.disconnect();
        resolve();
      });
      observer.observe(shell, { childList: true });
    });
  }
  document.querySelector('[data-testid="issue.views.issue-details.issue-layout.container-left"]')?.scrollTo(0, 0);
}

const bump = (name: "nodes" | "tree"): void => {
  const { epochs } = jiraState();
  change({ epochs: { ...epochs, [name]: epochs[name] + 1 } });
};
const now = (act: () => void): void => flushSync(act);

exposeControl(
  {
    "rerender-text": () => {
      now(() => change({}));
      rewriteTexts();
    },
    "rerender-nodes": () => now(() => bump("nodes")),
    remount: () => {
      root.unmount();
      root = createRoot(frontend);
      now(() => root.render(<App />));
    },
    edit: (text) =>
      now(() => editIssue((old) => ({ ...old, description: `${text || "Update: still happening this morning."}\n\n${old.description}` }))),
    describe: (markup) => now(() => editIssue((old) => ({ ...old, description: markup }))),
    title: (title) => now(() => editIssue((old) => ({ ...old, title }))),
    "add-comment": (text) => now(() => addComment(text || "Any news on this one?")),
    "show-more": () => now(() => change({ allComments: true })),
    "read-all": readAll,
    "open-editor": () => now(() => change({ editing: "description" })),
    "close-editor": () => now(() => change({ editing: null })),
    route: (key) => now(() => go(`/browse/${key}`)),
    "route-stale": (key) => now(() => go(`/browse/${key}`, { stale: true })),
    board: (key) => now(() => go(`/jira/software/projects/${key.split("-")[0]}/boards/1?selectedIssue=${key}`)),
    backlog: (key) => now(() => go(`/jira/software/projects/${key.split("-")[0]}/boards/1/backlog?selectedIssue=${key}`)),
    agent: (key) => now(() => go(`/jira/servicedesk/projects/${key.split("-")[0]}/queues/custom/1/${key}`)),
    card: pressCard,
    "panel-issue": openOver,
    "close-panel": () => now(() => change({ over: null })),
    /** `3500`, `3500 bare` or `never bare`: of this modal, or of the next one. */
    "modal-hook": (words) => {
      const ms = Number.parseInt(words, 10);
      now(() => change({ modalHook: { ms: Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms, bare: words.endsWith("bare") } }));
    },
    "virtual-comments": () => now(() => change({ virtualComments: true })),
    queue: () => now(() => go("/")),
    modal: () => now(() => change({ container: "modal" })),
    panel: () => now(() => change({ container: "panel" })),
    late: (ms) => now(() => bringDescriptionLate(Number(ms) || 3500)),
  },
  settled,
);
