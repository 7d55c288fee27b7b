// @vitest-environment jsdom
// Which REST address a page's ticket has, and where SecTag says that it cannot write.
import { expect, test } from "vitest";
import { findTicketApi } from "../../../extension/write-back/find-ticket.ts";
import type { TicketRef } from "../../../shared/contract.ts";

const sysId = "0123456789abcdef0123456789abcdef";
const form = '<form><input type="hidden" name="sysparm_ck" value="5e551on"></form>';

/** The first address that is asked, with its headers; or what was said instead. */
async function asked(system: TicketRef["system"], address: string, { html = "", key = "SOC-1", field = "" } = {}) {
  document.documentElement.innerHTML = html;
  const seen: { url: string; token: string | null }[] = [];
  const api = findTicketApi({
    url: new URL(address),
    document,
    ticket: { system, key },
    field,
    fetch: async (url, init) => {
      seen.push({ url, token: new Headers(init.headers).get("x-usertoken") });
      return new Response(null, { status: 503 });
    },
  });
  if (api === null || api === "copy") return api;
  await api.read();
  return seen[0];
}

test("Jira: the key on the page's own site, below its context path", async () => {
  const query = "?fields=labels,updated";
  expect(await asked("jira-cloud", "https://corp.atlassian.net/jira/software/projects/SOC/boards/1?selectedIssue=SOC-1")).toMatchObject({
    url: `https://corp.atlassian.net/rest/api/3/issue/SOC-1${query}`,
  });
  for (const [address, html, path] of [
    ["https://jira.corp.example/browse/SOC-1", "", ""],
    ["https://corp.example/tools/jira/browse/SOC-1", "", "/tools/jira"],
    ["https://corp.example/odd/page", '<head><meta name="ajs-context-path" content="/jira"></head>', "/jira"],
    ["https://corp.example/browse/SOC-1", '<head><meta name="ajs-context-path" content=""></head>', ""],
  ] as const)
    expect(await asked("jira-data-center", address, { html }), address).toMatchObject({
      url: `${new URL(address).origin}${path}/rest/api/2/issue/SOC-1${query}`,
    });
});

test("a context path that points elsewhere is not followed", async () => {
  for (const content of ["//evil.example", "/\\evil.example", "https://evil.example", "/jira/"]) {
    const html = `<head><meta name="ajs-context-path" content="${content}"></head>`;
    expect(await asked("jira-data-center", "https://jira.corp.example/browse/SOC-1", { html })).toMatchObject({
      url: "https://jira.corp.example/rest/api/2/issue/SOC-1?fields=labels,updated",
    });
  }
});

test("ServiceNow: the form's record with the form's token; a text to copy where either is missing", async () => {
  const address = `https://corp.service-now.com/sn_si_incident.do?sys_id=${sysId}&sysparm_view=`;
  const found = await asked("servicenow-classic", address, { html: form, field: "u_sectag" });
  expect(found).toMatchObject({ token: "5e551on" });
  expect(found && typeof found === "object" ? new URL(found.url).pathname : "").toBe(`/api/now/table/sn_si_incident/${sysId}`);
  expect(await asked("servicenow-classic", address)).toBe("copy");
  expect(await asked("servicenow-classic", "https://corp.service-now.com/incident.do?sys_id=-1", { html: form })).toBe("copy");
  expect(await asked("servicenow-classic", `https://corp.service-now.com/now/sow/record/incident/${sysId}`)).toBe("copy");
});

test("Request Tracker: the number in the address, below RT's web path", async () => {
  const key = "rt.corp.example#12";
  // 11 was merged into 12.
  expect(await asked("request-tracker", "https://rt.corp.example/Ticket/Display.html?id=11", { key })).toMatchObject({
    url: "https://rt.corp.example/REST/2.0/ticket/12",
  });
  expect(await asked("request-tracker", "https://corp.example/rt/SelfService/Display.html?id=12", { key })).toMatchObject({
    url: "https://corp.example/rt/REST/2.0/ticket/12",
  });
  expect(await asked("request-tracker", "https://corp.example/rt/Ticket/Display.html?id=12", { key: "rt.corp.example#null" })).toBe("copy");
  expect(await asked("request-tracker", "https://corp.example/", { key })).toBe("copy");
});

test("a page of an unknown system is not written to", async () => {
  expect(await asked("generic", "https://desk.example/t/1")).toBeNull();
});
