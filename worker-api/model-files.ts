// Where the files of models lie: what a store must do, and how bytes are hashed while they arrive, so that no other ones get in.
import { databaseCode } from "./patient-client.ts";
import { type ProblemCode, refuse } from "./problem.ts";

/** Files by name (`org/sha256`). */
export interface ModelFiles {
  /** Bytes of the file; null: there is none. */
  size(name: string): Promise<number | null>;
  /** `length` bytes from `start`. */
  read(name: string, range: { start: number; length: number }): Promise<ReadableStream<Uint8Array>>;
  /** Stores all of it, durably, or nothing: when `bytes` fails, the name has what it had before. */
  write(name: string, bytes: ReadableStream<Uint8Array>, size: number): Promise<void>;
}

/** A SHA-256 that grows. */
export interface Hash {
  update(bytes: Uint8Array): unknown;
  hex(): string | Promise<string>;
}

export interface Arrival {
  sha256: string;
  /** Bytes that were announced. */
  size: number;
  hash: Hash;
  /** Milliseconds within which the next bytes must come. */
  pauseMs: number;
}

/** What is wrong with what arrived. */
export interface Fault {
  code: ProblemCode;
  detail: string;
}

const otherBytes: Fault = {
  code: "other-bytes",
  detail: "Nothing was stored: these are not the bytes of that name. Send the whole file again.",
};
const tooSlow: Fault = { code: "too-slow", detail: "Nothing was stored. Send the file without long pauses." };

/**
 * The bytes as they come. The last ones are held back until the hash is known: a store that was told the size never has the whole of a wrong
 * file. `faultOf` tells what ended it, which a store's own client may have wrapped.
 */
export function checked(body: ReadableStream<Uint8Array>, { sha256, size, hash, pauseMs }: Arrival) {
  const reader = body.getReader();
  let fault: Fault | null = null;
  let seen = 0;
  let held: Uint8Array | undefined;

  /** @returns the chunk before the one that came; undefined at the first and at the end. */
  async function take(): Promise<{ done: boolean; bytes: Uint8Array | undefined }> {
    const next = await within(pauseMs, reader.read()).catch(() => otherBytes);
    if ("code" in next) throw next;
    const bytes = held;
    held = next.value;
    if (next.done && (seen !== size || (await hash.hex()) !== sha256)) throw otherBytes;
    seen += held?.byteLength ?? 0;
    if (seen > size) throw otherBytes;
    if (held) await hash.update(held);
    return { done: next.done, bytes };
  }

  const bytes = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          let turn = await take();
          while (!turn.done && !turn.bytes) turn = await take();
          if (turn.bytes) controller.enqueue(turn.bytes);
          if (turn.done) controller.close();
        } catch (error) {
          fault = error === tooSlow ? tooSlow : otherBytes;
          // Not waited for: what is left may never come.
          reader.cancel().catch(() => undefined);
          controller.error(new Error(fault.code));
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { bytes, faultOf: (): Fault | null => fault };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | Fault> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Fault>((resolve) => {
    timer = setTimeout(() => resolve(tooSlow), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends the request with what a store's failure means to who asked. */
export function refuseForStore(error: unknown): never {
  if (/^(ENOSPC|EDQUOT)$/.test(databaseCode(error)))
    return refuse("store-full", "Nothing was stored. Free space where the server keeps models; then send it again.", {
      "retry-after": "60",
    });
  return refuse("store-unavailable", "Send it again later.", { "retry-after": "5" });
}
