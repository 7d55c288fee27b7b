// Windows and pooling follow the trainer's rules to the number.
import { describe, expect, it } from "vitest";
import { createEntityRows, logSoftmax, pool, softmax, windowStarts } from "../../../extension/inference/windows.ts";

const rule = { length: 12, overlap: 3, beta: 1 };

describe("windowStarts", () => {
  it.each([
    [0, [0]],
    [10, [0]],
    [11, [0, 7]],
    [17, [0, 7]],
    [18, [0, 7, 14]],
  ])("%i tokens begin windows at %j", (tokens, starts) => {
    expect(windowStarts(tokens, rule)).toEqual(starts);
  });

  it("refuses an overlap that never gets on", () => {
    expect(() => windowStarts(50, { length: 12, overlap: 10, beta: 1 })).toThrow(RangeError);
  });
});

describe("pool", () => {
  const benign = [4, 0, 0];
  const alarming = [-6, 5, 0];

  it("of one window is that window's log softmax", () => {
    const pooled = pool([{ threat: alarming, severity: [1, 2] }], 1, 0);
    expect(pooled.threat).toEqual(logSoftmax(alarming));
    expect(pooled.severity).toEqual(logSoftmax([1, 2]));
  });

  it("lets the window that looks least benign speak", () => {
    const windows = [benign, benign, alarming, benign].map((threat) => ({ threat, severity: threat === alarming ? [0, 3] : [3, 0] }));
    const weighed = softmax(pool(windows, 1, 0).threat);
    const plain = softmax(pool(windows, 0, 0).threat);
    expect(weighed[1]).toBeGreaterThan(0.9);
    expect(plain[1]).toBeLessThan(0.5);
  });

  it("caps the log odds at 8", () => {
    const windows = [
      { threat: [-30, 0], severity: [0] },
      { threat: [-300, 0], severity: [0] },
    ];
    const [first = 0] = pool(windows, 1, 0).threat;
    expect(first).toBeCloseTo((-30 - 300) / 2, 6);
  });

  it("lets windows count by their shares", () => {
    const windows = [
      { threat: [3, 0], severity: [0, 1] },
      { threat: [0, 3], severity: [1, 0] },
    ];
    const [alone = 0] = pool(windows.slice(0, 1), 0, 0).threat;
    expect(pool(windows, 0, 0, [1, 1])).toEqual(pool(windows, 0, 0));
    expect(pool(windows, 0, 0, [1, 1e-9]).threat[0]).toBeCloseTo(alone, 6);
    expect(pool(windows, 0, 0, [3, 1]).threat[0] ?? 0).toBeGreaterThan(pool(windows, 0, 0).threat[0] ?? 0);
  });

  it("needs a window", () => {
    expect(() => pool([], 1, 0)).toThrow(RangeError);
  });
});

describe("createEntityRows", () => {
  it("takes a shared token from the window it lies deeper in, at a tie from the earlier", () => {
    const rows = createEntityRows(9, 1);
    // Two windows of six tokens ([CLS] and [SEP] beside), at 0 and 3: tokens 3, 4 and 5 are shared.
    rows.add(0, Float32Array.from([-1, 10, 11, 12, 13, 14, 15, -1]));
    rows.add(3, Float32Array.from([-1, 20, 21, 22, 23, 24, 25, -1]));
    expect([...rows.rows]).toEqual([10, 11, 12, 13, 14, 22, 23, 24, 25]);
  });
});

describe("softmax", () => {
  it("does not overflow and is flatter when hot", () => {
    expect(softmax([1000, 1000])).toEqual([0.5, 0.5]);
    expect(softmax([2, 0], 4)[0]).toBeLessThan(softmax([2, 0])[0] ?? 0);
  });
});
