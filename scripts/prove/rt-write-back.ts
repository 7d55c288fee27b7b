// `npm run prove -- rt-write-back [--url http://127.0.0.1:8081]`: a decision is written to a real Request Tracker and taken back, by keyboard, in Chromium.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { z } from "zod";
import { severityIds, threatTypeIds } from "../../shared/labels.ts";
import { choiceKeys, type PageReport } from "../../shared/review.ts";
import { tagText } from "../../shared/words.ts";
import { addHost } from "../added-host.ts";
import { buildExtension } from "../build-extension.ts";
import { cardText, openCard, pressInCard } from "../card.ts";
import { launch } from "../chromium.ts";
import { findRequestTracker, trackerFlags } from "../request-tracker.ts";
import { until } from "../until.ts";

const { values } = parseArgs({ options: { url: { type: "string", default: "http://127.0.0.1:8081" }, build: { type: "string" } } });
const { origin, host, byHand, signIn } = await findRequestTracker(values.url);
/** Fields are made by RT's own library: its REST interface has no way to give one to all queues. */
const perl = `use RT -init; my $f = RT::CustomField->new(RT->SystemUser);
my %f = (Name => "SecTag", LookupType => "RT::Queue-RT::Ticket"); $f->LoadByName(%f);
unless ($f->Id) { $f->Create(%f, Type => "Freeform", MaxValues => 1); $f->AddToObject(RT::Queue->new(RT->SystemUser)) }`;
const { status } = spawnSync("perl", ["-I/usr/share/request-tracker5/lib", "-e", perl]);
if (status !== 0) throw new Error("The custom field SecTag could not be made: is Request Tracker installed on this machine?");

const Ticket = z.object({ CustomFields: z.array(z.object({ name: z.string(), values: z.array(z.string()) })) });
const fieldOf = async (id: string) =>
  Ticket.parse(await byHand("GET", `/ticket/${id}`))
    .CustomFields.find(({ name }) => name === "SecTag")
    ?.values.join() ?? "missing";
const comments = async (id: string) =>
  z
    .object({ items: z.array(z.object({ Type: z.string() })) })
    .parse(await byHand("GET", `/ticket/${id}/history?fields=Type&per_page=100`))
    .items.filter(({ Type }) => Type === "Comment").length;

const { id } = z.object({ id: z.string() }).parse(
  await byHand("POST", "/ticket", {
    Queue: "General",
    Subject: "Credential phishing at the accounts desk",
    Content: "The link hxxps://login-m365[.]example/a asked for the password of the payroll account.",
    ContentType: "text/plain",
  }),
);
const key = `${host}#${id}`;
const faults: string[] = [];
const figures = { written: 0, kept: 0, conflicts: 0, reverted: 0, signedOut: 0 };
/** Counts what held, and names what did not. */
const check = (figure: keyof typeof figures, holds: boolean, fault: string) => {
  if (holds) figures[figure]++;
  else faults.push(fault);
};

const lab = await launch({
  extension: values.build ?? buildExtension(),
  flags: trackerFlags,
  headless: true,
});
try {
  await addHost(lab, origin);
  await lab.console.evaluate(() => chrome.storage.local.set({ writeBack: { on: true, field: "" } }));
  const page = await lab.browser.newPage();
  await signIn(page);
  await page.goto(`${origin}/Ticket/Display.html?id=${id}`);
  await page.bringToFront();
  const mine = (wanted: (review: NonNullable<Extract<PageReport, { state: "tagged" }>["review"]>) => boolean) =>
    lab.waitFor(key, (report) => report.state === "tagged" && report.review !== null && wanted(report.review), 60_000);
  const shows = (text: string) => until(`"${text}"`, async () => (await cardText(page, ".write-back")).includes(text));
  const press = async (...keys: string[]) => {
    for (const one of keys) await page.keyboard.press(one as "Enter");
  };
  const decide = async (type: (typeof threatTypeIds)[number], severity: (typeof severityIds)[number]) => {
    await press("t", choiceKeys[threatTypeIds.indexOf(type)] ?? "", choiceKeys[severityIds.indexOf(severity)] ?? "");
    await mine(({ mine: own, news }) => news.code === "saved" && own !== null && tagText(own.tag) === `${type}_${severity}`);
  };
  await mine(() => true);
  await openCard(page);
  await pressInCard(page, { selector: ".switch" });
  await mine(({ armed }) => armed);

  await decide("phishing", "high");
  await press("w");
  await shows("+ phishing_high");
  check("kept", (await fieldOf(id)) === "", "something was written before the confirmation");
  await press("Enter");
  await shows("Written to the ticket");
  check("written", (await fieldOf(id)) === "phishing_high", "the field does not say the tag");

  await byHand("PUT", `/ticket/${id}`, { CustomFields: { SecTag: "by hand" } });
  await decide("malware", "low");
  await press("w");
  await shows("SecTag stays by hand");
  await press("Enter");
  await shows("Written: malware_low");
  check("written", (await comments(id)) === 1, "there is not one comment");
  check("kept", (await fieldOf(id)) === "by hand", "a person's value was overwritten");

  await byHand("PUT", `/ticket/${id}`, { CustomFields: { SecTag: null } });
  await decide("ransomware", "critical");
  await press("w");
  await shows("+ ransomware_critical");
  await byHand("POST", `/ticket/${id}/comment`, { Content: "I was faster.", ContentType: "text/plain" });
  await press("Enter");
  await shows("The ticket was changed meanwhile");
  check("conflicts", (await fieldOf(id)) === "", "a change was written over a newer version");
  await press("Enter");
  await shows("Written: ransomware_critical");
  check("written", (await fieldOf(id)) === "ransomware_critical", "the second confirmation did not write");
  await pressInCard(page, { selector: ".write-back-last button" });
  await shows("Taken back.");
  check("reverted", (await fieldOf(id)) === "", "the revert did not empty the field");

  await page.deleteCookie(...(await page.cookies()));
  await press("w");
  await shows("you are not signed in");
  check("signedOut", (await fieldOf(id)) === "", "something was written without a session");
} catch (error) {
  faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await lab.close();
}
for (const fault of faults) console.error(`FAULT ${fault}`);
console.log(JSON.stringify({ ...figures, faults: faults.length, ok: faults.length === 0 }));
process.exit(faults.length === 0 ? 0 : 1);
