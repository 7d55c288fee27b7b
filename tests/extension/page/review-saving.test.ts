// @vitest-environment jsdom
// Saving: whatever the background does, and whichever ticket is there when it answers, nothing is lost, doubled, or called saved too early.

import { v7 as uuidv7 } from "uuid";
import { expect, test, vi } from "vitest";
import { entry, tag } from "./review-lab.ts";
import { openLab, tagged } from "./review-session-lab.ts";

test("a background that dies is asked again with the same id; one that stays dead is said to have failed, and tried again on demand", async () => {
  const lab = openLab();
  await lab.open();
  lab.answers.push("die", "die");
  lab.press("Enter");
  await vi.advanceTimersByTimeAsync(1100);
  expect(lab.state().news.code).toBe("saved");
  expect(new Set(lab.intents.map(({ id }) => id)).size).toBe(1);
  expect(lab.intents).toHaveLength(3);
  lab.answers.push("die", "die", "die", "die");
  lab.press("x");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lab.state()).toMatchObject({
    news: { code: "failed", detail: expect.stringContaining("port closed") },
    mine: { verdict: "accept" },
  });
  lab.press("x");
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.state()).toMatchObject({ news: { code: "saved" }, mine: { verdict: "reject" } });
  expect(new Set(lab.intents.slice(3).map(({ id }) => id)).size).toBe(1);
  expect(lab.stored.get("SOC-1")).toHaveLength(2);
});

test("an answer lost after the commit doubles nothing", async () => {
  const lab = openLab();
  await lab.open();
  lab.ask.decide.mockImplementationOnce(async (intent) => {
    lab.intents.push(intent);
    lab.store(intent);
    throw new Error("The message port closed before a response was received.");
  });
  lab.press("Enter");
  await vi.advanceTimersByTimeAsync(1000);
  expect(lab.state().news.code).toBe("saved");
  expect(lab.stored.get("SOC-1")).toHaveLength(1);
});

test("a background that hangs is asked again; the late answer of the first try counts", async () => {
  const lab = openLab();
  await lab.open();
  let late: (answer: unknown) => void = () => undefined;
  lab.ask.decide.mockImplementationOnce((intent) => {
    lab.intents.push(intent);
    return new Promise((resolve) => {
      late = () => resolve(lab.store(intent));
    });
  });
  lab.answers.push("hang", "hang", "hang");
  lab.press("Enter");
  await vi.advanceTimersByTimeAsync(6000);
  expect(lab.intents).toHaveLength(2);
  expect(lab.state().news.code).toBe("saving");
  late(null);
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.state().news.code).toBe("saved");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(lab.intents).toHaveLength(2);
});

test("what the store refuses is said in its words; an answer that is none is no answer", async () => {
  const lab = openLab();
  await lab.open();
  lab.answers.push({ ok: false, code: "full", message: "The disk is full: free some space." });
  lab.press("Enter");
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.state().news).toMatchObject({ code: "failed", detail: "The disk is full: free some space." });
  lab.ask.decide.mockResolvedValueOnce(undefined);
  lab.press("Enter");
  await vi.advanceTimersByTimeAsync(1000);
  expect(lab.state().news.code).toBe("saved");
});

test("the answer for a ticket that was left shows nothing on the next one, and is there when it comes back", async () => {
  const lab = openLab();
  await lab.open("SOC-1");
  let answer: () => void = () => undefined;
  lab.ask.decide.mockImplementationOnce((intent) => new Promise((resolve) => (answer = () => resolve(lab.store(intent)))));
  lab.press("Enter");
  await lab.open("SOC-2");
  lab.changed.mockClear();
  answer();
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.changed).not.toHaveBeenCalled();
  expect(lab.state()).toMatchObject({ mine: null, news: { code: "none" } });
  await lab.open("SOC-1");
  expect(lab.state().mine).toMatchObject({ verdict: "accept" });
});

test("a failure for a ticket that was left is told on the next one, and mended by the next save", async () => {
  const lab = openLab();
  await lab.open("SOC-1");
  lab.answers.push("die", "die", "die", "die");
  lab.press("Enter");
  await lab.open("SOC-2");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lab.state().news).toMatchObject({ code: "failed", detail: expect.stringContaining("SOC-1") });
  lab.press("n");
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.stored.get("SOC-1")).toHaveLength(1);
  expect(lab.stored.get("SOC-2")).toHaveLength(1);
  expect(new Set(lab.intents.filter(({ ticket }) => ticket.key === "SOC-1").map(({ id }) => id)).size).toBe(1);
});

test("nothing is shown until settings and history are known; a history that cannot be had is said, and reviewing goes on", async () => {
  const lab = openLab();
  lab.ask.history.mockRejectedValue(new Error("The store is broken."));
  lab.session.follow(tagged());
  expect(lab.session.shown()).toBeNull();
  expect(lab.press("Enter")).toBe(false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(lab.state()).toMatchObject({ mine: null, news: { code: "failed", detail: "The store is broken." } });
  lab.press("Enter");
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.state().mine).toMatchObject({ verdict: "accept" });
});

test("a new suggestion, and news from the background, ask for the history; an old answer never covers a newer decision", async () => {
  const lab = openLab();
  await lab.open();
  lab.session.follow({ ...tagged(), suggestion: { ...tagged().suggestion, threatType: "phishing" } });
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.asked).toHaveLength(2);
  let old: () => void = () => undefined;
  lab.ask.history.mockImplementationOnce(() => new Promise((resolve) => (old = () => resolve([]))));
  lab.session.heard("history");
  lab.press("Enter");
  await vi.advanceTimersByTimeAsync(0);
  old();
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.state().mine).toMatchObject({ verdict: "accept", tag: { threatType: "phishing" } });
  const ruled = entry(uuidv7(), { verdict: "correct", final: tag("phishing", "low"), mine: false, by: { name: "Ada", role: "lead" } });
  lab.stored.set("SOC-1", [...(lab.stored.get("SOC-1") ?? []), ruled]);
  lab.session.heard("history");
  await vi.advanceTimersByTimeAsync(0);
  expect(lab.state().ruling).toMatchObject({ name: "Ada" });
});
