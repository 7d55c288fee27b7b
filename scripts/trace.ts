// Reads a Chromium performance trace: how long each task of a page's main thread was, and how much of it ran scripts of the extension.
import { z } from "zod";

const Event = z.object({
  name: z.string(),
  ph: z.string(),
  pid: z.number(),
  tid: z.number(),
  /** Microseconds. */
  ts: z.number(),
  dur: z.number().default(0),
  /** Of the processor, without the time in which other processes had it. */
  tdur: z.number().default(0),
  args: z.object({ data: z.object({ url: z.string().optional(), message: z.string().optional() }).optional() }).optional(),
});
type Event = z.infer<typeof Event>;

export const traceCategories = ["devtools.timeline", "disabled-by-default-devtools.timeline"];

export interface Task {
  /** Milliseconds of the clock, and of the processor. */
  wall: number;
  cpu: number;
  /** The part of it in which scripts of an extension ran; milliseconds of clock and processor. */
  ours: { wall: number; cpu: number };
}

export interface PageTrace {
  tasks: Task[];
  /** Processor time of the tasks before the page said `console.timeStamp(mark)`. @throws Error when it never did. */
  cpuUntil(mark: string): number;
}

/** @param origin of the page: the thread that ran its scripts is its main thread. @throws Error when there is none. */
export function readTrace(buffer: Uint8Array, origin: string): PageTrace {
  const { traceEvents } = z.object({ traceEvents: z.array(z.unknown()) }).parse(JSON.parse(Buffer.from(buffer).toString()));
  const events = traceEvents.flatMap((one) => Event.safeParse(one).data ?? []).sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  const runs = (event: Event, address: string) =>
    ["FunctionCall", "EvaluateScript"].includes(event.name) && event.args?.data?.url?.startsWith(address) === true;
  const page = events.find((event) => runs(event, origin));
  if (!page) throw new Error(`The trace has no script of ${origin}`);
  const main = events.filter(({ pid, tid }) => pid === page.pid && tid === page.tid);
  const tasks: (Task & { ts: number })[] = [];
  let task: (Task & { ts: number }) | null = null;
  let taskEnd = 0;
  let ourEnd = 0;
  for (const event of main) {
    if (event.ph === "X" && event.name === "RunTask" && event.ts >= taskEnd) {
      task = { ts: event.ts, wall: event.dur / 1000, cpu: event.tdur / 1000, ours: { wall: 0, cpu: 0 } };
      taskEnd = event.ts + event.dur;
      tasks.push(task);
    } else if (task && event.ts < taskEnd && event.ts >= ourEnd && runs(event, "chrome-extension://")) {
      task.ours.wall += event.dur / 1000;
      task.ours.cpu += event.tdur / 1000;
      ourEnd = event.ts + event.dur;
    }
  }
  return {
    tasks,
    cpuUntil(mark) {
      const at = main.find(({ name, args }) => name === "TimeStamp" && args?.data?.message === mark)?.ts;
      if (at === undefined) throw new Error(`The trace has no mark "${mark}"`);
      return tasks.filter(({ ts }) => ts < at).reduce((sum, { cpu }) => sum + cpu, 0);
    },
  };
}

/** Longer than people feel no delay. */
export const longTaskMs = 50;

/** Whether the extension made this a long task: without its scripts it would be none, or they alone are one. Processor time. */
export function isOurLongTask({ cpu, ours }: Task): boolean {
  return cpu > longTaskMs && ours.cpu > 0 && (ours.cpu > longTaskMs || cpu - ours.cpu <= longTaskMs);
}
