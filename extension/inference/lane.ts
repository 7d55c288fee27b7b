// One inference at a time: work waits in line, and of one ticket's work the newest request goes first.

export interface Lane {
  /**
   * Waits for a free moment, then runs `work`.
   * @param group tickets; within one, a higher `order` goes first, so an outdated request does not hold up its successor.
   */
  run<T>(group: string, order: number, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  group: string;
  order: number;
  start(): Promise<void>;
}

export function createLane(): Lane {
  const line: Waiting[] = [];
  let busy = false;

  const next = async (): Promise<void> => {
    if (busy) return;
    const first = line[0];
    if (!first) return;
    const newest = line.reduce((best, entry) => (entry.group === first.group && entry.order > best.order ? entry : best), first);
    line.splice(line.indexOf(newest), 1);
    busy = true;
    await newest.start();
    busy = false;
    void next();
  };

  return {
    run: (group, order, work) =>
      new Promise((resolve, reject) => {
        // `start` never rejects: the outcome belongs to whoever asked for the work.
        line.push({ group, order, start: () => work().then(resolve, reject) });
        void next();
      }),
  };
}
