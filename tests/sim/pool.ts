// Several processes of the simulator that take worlds to run as they become free.
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Mutation } from "./instrument.ts";
import type { Job, Result, Tells, Told } from "./worker.ts";

export interface Pool {
  /** The client's awaits, `file:line:column`. */
  readonly points: readonly string[];
  /** Names of the kinds of trouble. */
  readonly troubles: readonly string[];
  /** How many processes there are. */
  readonly size: number;
  /** @param process which one has to do it; the next one that is free when absent. */
  run(job: Job, process?: number): Promise<Result>;
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
  points: readonly string[];
  troubles: readonly string[];
  send(told: Told): void;
  stop(): void;
}

export async function createPool(mutations: readonly Mutation[] = [], size = availableParallelism()): Promise<Pool> {
  const queue: Waiting[] = [];
  const busy = new Map<number, Waiting>();
  let ids = 0;
  let closed = false;
  const members = await Promise.all(Array.from({ length: size }, (_, index) => start(index)));
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
    points: members[0]?.points ?? [],
    troubles: members[0]?.troubles ?? [],
    size,
    run: (job, process) =>
      new Promise((resolve, reject) => {
        queue.push({ job, process: process === undefined ? undefined : process % size, resolve, reject });
        feed();
      }),
    close() {
      closed = true;
      for (const { stop } of members) stop();
    },
  };

  function start(index: number): Promise<Member> {
    const child = fork(join(import.meta.dirname, "worker.ts"), {
      execArgv: ["--disable-warning=ExperimentalWarning", "--max-semi-space-size=64", "--no-lazy-feedback-allocation"],
      serialization: "advanced",
    });
    return new Promise((resolve, reject) => {
      child.on("message", (tells: Tells) => {
        if (tells.kind === "ready") {
          const { points, troubles } = tells;
          resolve({ has: 0, points, troubles, send: (told) => void child.send(told), stop: () => void child.kill() });
          return;
        }
        const member = members[index];
        if (member) member.has--;
        busy.get(tells.id)?.resolve(tells.result);
        busy.delete(tells.id);
        feed();
      });
      child.on("exit", (code) => {
        const error = new Error(`A process of the simulator ended with code ${code}.`);
        reject(error);
        if (!closed) for (const { reject: fail } of [...busy.values(), ...queue]) fail(error);
      });
      child.send({ kind: "setup", mutations } satisfies Told);
    });
  }
}
