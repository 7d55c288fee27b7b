// The state of releases: trial, health, returns by machine, person, policy and operator; and what no order of events can break.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as steps from "../../../extension/releases/release-state.ts";
import { ReleaseState } from "../../../extension/releases/release-state.ts";
import { release } from "./lab.ts";

const at = (counter: number, version = `2026.${counter}.1`) => ({
  manifest: release({ counter, version }).manifest,
  digest: String(counter).padStart(64, "0"),
});
const noted = (state: ReleaseState, counter: number, revoked: number[] = []) =>
  steps.note(state, release({ counter, revoked }).manifest, String(counter).padStart(64, "0"));
const taken = (state: ReleaseState, counter: number) =>
  steps.rehearsed(steps.stage(noted(state, counter), at(counter), null), counter, null, 0);
const healthy = (state: ReleaseState) => {
  let next = state;
  for (let scan = 0; scan < steps.healthyAfter.scans; scan++) next = steps.answered(next, next.line[0] ?? 0, 1000, null);
  return next;
};
const runs = (state: ReleaseState, pin: string | null = null) => steps.running(state, pin)?.manifest.counter ?? null;
const startedBadly = (state: ReleaseState, times: number) => {
  let next = state;
  for (let time = 0; time < times; time++) next = steps.start(next, null);
  return next;
};

describe("a release", () => {
  it("runs only after its self-test was passed", () => {
    const staged = steps.stage(noted(steps.noReleases, 7), at(7), null);
    expect(runs(staged)).toBeNull();
    expect(runs(steps.rehearsed(staged, 7, "logits differ", 0))).toBeNull();
    expect(runs(steps.rehearsed(staged, 7, null, 0))).toBe(7);
    expect(runs(steps.rehearsed(staged, 8, null, 0))).toBeNull();
    const forgotten = steps.rehearsed(steps.rehearse(staged, 7, 0), 7, "golden.json is missing", 0, true);
    expect(forgotten).toMatchObject({ kept: [], denied: [], rehearsals: null });
    expect(runs(steps.rehearsed(steps.stage(forgotten, at(7), null), 7, null, 0))).toBe(7);
  });

  it("is healthy after 200 tickets, or a day and one ticket", () => {
    const trial = taken(steps.noReleases, 7);
    expect(trial.trial).toEqual({ since: 0, scans: 0 });
    expect(healthy(trial).trial).toBeNull();
    expect(steps.answered(trial, 7, steps.healthyAfter.ms - 1, null).trial).toEqual({ since: 0, scans: 1 });
    expect(steps.answered(trial, 7, steps.healthyAfter.ms, null).trial).toBeNull();
  });

  it("keeps two versions beside the packaged one, the older ones until it is healthy", () => {
    const second = healthy(taken(healthy(taken(steps.noReleases, 7)), 8));
    expect(second.kept.map(({ manifest }) => manifest.counter)).toEqual([7, 8]);
    const trial = taken(second, 9);
    expect(trial.kept.map(({ manifest }) => manifest.counter)).toEqual([7, 8, 9]);
    expect(healthy(trial).kept.map(({ manifest }) => manifest.counter)).toEqual([8, 9]);
    expect(healthy(trial).line).toEqual([9, 8]);
  });

  it("F37 returns to the one before after three starts that ended without a word, and its counter is denied", () => {
    const trial = taken(healthy(taken(steps.noReleases, 7)), 8);
    expect(runs(startedBadly(trial, 3))).toBe(8);
    const fourth = startedBadly(trial, 4);
    expect(runs(fourth)).toBe(7);
    expect(steps.denialOf(fourth, 8)).toMatchObject({ by: "machine", why: expect.stringContaining("3 times") });
    // The one before starts badly too: the packaged model.
    expect(runs(startedBadly(trial, 7))).toBeNull();
    // A start that ends well counts for nothing, however often.
    let next = trial;
    for (let time = 0; time < 10; time++) next = steps.loaded(steps.start(next, null), 8, null);
    expect(runs(next)).toBe(8);
  });

  it("F37 returns when it starts well and takes the process down with its first ticket", () => {
    let next = taken(steps.noReleases, 7);
    for (let time = 0; time < 3; time++) next = steps.scanning(steps.loaded(steps.start(next, null), 7, null), 7, null);
    expect(runs(next)).toBe(7);
    expect(runs(steps.start(next, null))).toBeNull();
  });

  it("returns at once when it fails in its trial; a healthy one may fail on a ticket", () => {
    const trial = taken(steps.noReleases, 7);
    const failure = { counter: 7, why: "not finite", files: false, ticket: true };
    expect(runs(steps.fail(trial, failure))).toBeNull();
    expect(runs(steps.fail(healthy(trial), failure))).toBe(7);
    expect(runs(steps.fail(healthy(trial), { ...failure, ticket: false }))).toBeNull();
  });

  it("whose files were lost is not denied: it is fetched again", () => {
    const lost = steps.fail(healthy(taken(steps.noReleases, 7)), { counter: 7, why: "cut short", files: true, ticket: false });
    expect([runs(lost), lost.kept, steps.denialOf(lost, 7)]).toEqual([null, [], undefined]);
    expect(runs(taken(lost, 7))).toBe(7);
  });

  it("whose self-test ends without an answer three times is denied", () => {
    let next = steps.stage(noted(steps.noReleases, 7), at(7), null);
    for (let time = 0; time < 3; time++) next = steps.rehearse(next, 7, time * steps.patienceMs);
    expect(steps.denialOf(next, 7)).toBeUndefined();
    // One that is still at it is not asked again.
    expect(steps.rehearse(next, 7, 3 * steps.patienceMs - 1)).toBe(next);
    expect(steps.denialOf(steps.rehearse(next, 7, 3 * steps.patienceMs), 7)).toMatchObject({ by: "machine" });
  });
});

describe("going back", () => {
  const second = healthy(taken(healthy(taken(steps.noReleases, 7)), 8));

  it("by the person: to the one before, then to the packaged one; a look may bring it again", () => {
    const back = steps.goBack(second);
    expect(runs(back)).toBe(7);
    expect(runs(steps.goBack(back))).toBeNull();
    expect(steps.goBack(steps.goBack(steps.goBack(back))).line).toEqual([]);
    expect(steps.denialOf(back, 8)?.by).toBe("person");
    expect(runs(taken(steps.reconsider(back), 8))).toBe(8);
  });

  it("by policy: a pinned version runs, also an older one, and the packaged one by its name", () => {
    expect([runs(second, "2026.7.1"), runs(second, "packaged"), runs(second, "2026.99.1"), runs(second)]).toEqual([7, null, 8, 8]);
  });

  it("by the operator: a revoked one stops at once, wherever it stands", () => {
    expect(runs(noted(second, 9, [8]))).toBe(7);
    expect(runs(noted(second, 9, [7, 8]))).toBeNull();
    expect(runs(noted(second, 9, [7, 8]), "2026.8.1")).toBeNull();
    expect(runs(noted(second, 9, [7]))).toBe(8);
    expect(noted(noted(second, 9, [8]), 9, [8]).denied).toHaveLength(1);
  });
});

describe("any order of events", () => {
  const counter = fc.integer({ min: 1, max: 6 });
  const event = fc.oneof(
    fc.tuple(counter, fc.subarray([1, 2, 3, 4, 5])).map(
      ([n, revoked]) =>
        (s: ReleaseState) =>
          noted(
            s,
            n,
            revoked.filter((r) => r !== n),
          ),
    ),
    counter.map((n) => (s: ReleaseState) => (steps.denialOf(s, n) ? s : steps.stage(s, at(n), null))),
    counter.map((n) => (s: ReleaseState) => (steps.denialOf(s, n) || s.line.includes(n) ? s : steps.renew(s, at(n, "2026.1.1")))),
    fc.tuple(counter, fc.nat()).map(
      ([n, now]) =>
        (s: ReleaseState) =>
          steps.rehearse(s, n, now),
    ),
    fc.tuple(counter, fc.constantFrom(null, "bad")).map(
      ([n, why]) =>
        (s: ReleaseState) =>
          steps.rehearsed(s, n, why, 0),
    ),
    fc.constant((s: ReleaseState) => steps.start(s, null)),
    counter.map((n) => (s: ReleaseState) => steps.loaded(s, n, null)),
    counter.map((n) => (s: ReleaseState) => steps.scanning(s, n, null)),
    fc.tuple(counter, fc.constantFrom(0, steps.healthyAfter.ms)).map(
      ([n, now]) =>
        (s: ReleaseState) =>
          steps.answered(s, n, now, null),
    ),
    fc
      .record({ counter, why: fc.constant("why"), files: fc.boolean(), ticket: fc.boolean() })
      .map((failure) => (s: ReleaseState) => steps.fail(s, failure)),
    fc.constant(steps.goBack),
    fc.constant(steps.reconsider),
  );

  it("runs nothing that is denied or not whole, never lowers the highest counter, and stays a state that can be read", () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let state = steps.noReleases;
        for (const change of events) {
          const before = state;
          state = change(state);
          const running = steps.running(state, null)?.manifest.counter;
          expect(state.line.every((n) => state.kept.some(({ manifest }) => manifest.counter === n))).toBe(true);
          expect(state.line.some((n) => steps.denialOf(state, n))).toBe(false);
          expect(running).toBe(state.line[0]);
          expect(state.highest?.counter ?? 0).toBeGreaterThanOrEqual(before.highest?.counter ?? 0);
          expect(state.attempts).toBeLessThanOrEqual(steps.mostAttempts + events.length);
          if (state.trial) expect(state.line.length).toBeGreaterThan(0);
        }
        expect(ReleaseState.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
      }),
      { numRuns: 150 },
    );
  });
});
