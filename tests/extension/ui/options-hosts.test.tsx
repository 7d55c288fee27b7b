// @vitest-environment jsdom
// Options, other addresses: each with its state, what can be pressed, and what is said when adding fails.
import { expect, test } from "vitest";
import { Hosts, type HostsProps } from "../../../extension/ui/options-hosts.tsx";
import { draw, settle } from "./draw.tsx";

function hosts(answers: Awaited<ReturnType<HostsProps["onAdd"]>>[] = []) {
  const done: string[] = [];
  const drawn = draw(
    <Hosts
      hosts={[
        { origin: "https://jira.corp.example", managed: false, allowed: true },
        { origin: "https://itsm.corp.example", managed: true, allowed: false },
      ]}
      most={7}
      onAdd={async (text) => {
        done.push(`add ${text}`);
        return answers.shift() ?? "";
      }}
      onAllow={(origin) => done.push(`allow ${origin}`)}
      onRemove={(origin) => done.push(`remove ${origin}`)}
    />,
  );
  return { ...drawn, done };
}

test("state per host; a policy's cannot be removed, a missing permission can be asked for", () => {
  const { container, press, has, done } = hosts();
  expect([...container.querySelectorAll("li")].map(({ textContent }) => textContent)).toEqual([
    "https://jira.corp.exampleallowed✕",
    "https://itsm.corp.examplepermission missing · Set by your organisation.Allow",
  ]);
  expect(has("Remove https://itsm.corp.example")).toBe(false);
  expect(has("Allow https://jira.corp.example")).toBe(false);
  press("Allow https://itsm.corp.example");
  press("Remove https://jira.corp.example");
  expect(done).toEqual(["allow https://itsm.corp.example", "remove https://jira.corp.example"]);
});

test("adding: each refusal has its words and leaves what was typed; success empties the field", async () => {
  const { container, type, press, text, done } = hosts(["fault", "builtIn", "full", "refused", ""]);
  const field = container.querySelector("input");
  if (!field) throw new Error("no field");
  type(field, "rt.corp.example");
  const said: string[] = [];
  for (let n = 0; n < 5; n++) {
    press("Add");
    await settle();
    said.push(text('[role="alert"]'));
    expect(field.value).toBe(n < 4 ? "rt.corp.example" : "");
  }
  expect(said.map((words) => words.split(/[.:,]/)[0])).toEqual([
    "An address looks like https",
    "This address is read anyway",
    "No more than 7 addresses",
    "The browser did not allow it",
    "",
  ]);
  expect(done).toHaveLength(5);
});
