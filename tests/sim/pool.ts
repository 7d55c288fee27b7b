// Several processes of the simulator that take worlds to run as they become free.
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Mutation } from "./instrument.ts";
import type { Job, Result, Tells, Told } from "./worker.ts";

export interface Pool {
  /** Makes the code ready, with faults put into it. @returns the client's awaits, `file:line:column`. */
  prepare(mutations: readonly Mutation[]): Promise<readonly string[]>;
  /** @param process which one has to do it; the next one that is free when absent. */
  run(job: Job, process?: number): Promise<Result>;
  /** Does the work for each of the items, as many at a time as keep the processes busy. */
  each<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void>;
  close(): void;
}

/** Jobs that a process has at a time, so that it never waits for the next one. */
const ahead = 4;

interface Waiting {
  job: Job;
  process: number | undefined;
  resolve(result: Result): void;
  reject(error: Error): void;
}

interface Member {
  /** Jobs that it has now. */
  has: number;
  prepare(mutations: readonly Mutation[]): Promise<readonly string[]>;
  send(told: Told): void;
  stop(): void;
}

export function createPool(size = availableParallelism()): Pool {
  const queue: Waiting[] = [];
  const busy = new Map<number, Waiting>();
  let ids = 0;
  let closed = false;
  const members = Array.from({ length: size }, start);
  function feed(): void {
    for (const [index, member] of members.entries())
      while (member.has < ahead) {
        const at = queue.findIndex(({ process }) => process === undefined || process === index);
        const [next] = at < 0 ? [] : queue.splice(at, 1);
        if (!next) break;
        member.has++;
        busy.set(++ids, next);
        member.send({ kind: "job", id: ids, job: next.job });
      }
  }
  return {
    async prepare(mutations) {
      const ready = await Promise.all(members.map((member) => member.prepare(mutations)));
      return ready[0] ?? [];
    },
    run: (job, process) =>
      new Promise((resolve, reject) => {
        queue.push({ job, process: process === undefined ? undefined : process % size, resolve, reject });
        feed();
      }),
    async each(items, work) {
      const rest = items.entries();
      const hand = async () => {
        for (const [index, item] of rest) await work(item, index);
      };
      await Promise.all(Array.from({ length: size * ahead * 2 }, hand));
    },
    close() {
      closed = true;
      for (const { stop } of members) stop();
    },
  };

  function start(): Member {
    const child = fork(join(import.meta.dirname, "worker.ts"), {
      execArgv: ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=64", "--no-lazy-feedback-allocation"],
      serialization: "advanced",
    });
    const preparing: { resolve(points: readonly string[]): void; reject(error: Error): void }[] = [];
    const member: Member = {
      has: 0,
      prepare: (mutations) =>
        new Promise((resolve, reject) => {
          preparing.push({ resolve, reject });
          member.send({ kind: "setup", mutations });
        }),
      send: (told) => void child.send(told),
      stop: () => void child.kill(),
    };
    child.on("message", (tells: Tells) => {
      if (tells.kind === "ready") {
        preparing.shift()?.resolve(tells.points);
        return;
      }
      member.has--;
      busy.get(tells.id)?.resolve(tells.result);
      busy.delete(tells.id);
      feed();
    });
    child.on("exit", (code) => {
      if (closed) return;
      const error = new Error(`A process of the simulator ended with code ${code}.`);
      for (const { reject } of [...preparing, ...busy.values(), ...queue]) reject(error);
    });
    return member;
  }
}
