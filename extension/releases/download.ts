// Fetches what a server has and no more: answers under a cap, files by hash in parts that outlive the background, so that a cut costs a part.
import { sha256Hex } from "../../shared/hex.ts";
import type { ReleaseFile } from "../../shared/release.ts";
import type { ReleaseDb } from "./release-db.ts";

export interface Source {
  fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Without a slash at the end. */
  baseUrl: string;
  key: string;
  /** Longest that a server may say nothing, in ms. */
  silenceMs?: number;
}

/** `later`: the same again may work; `altered`, `longer`: these are not the bytes that were signed. */
export class DownloadError extends Error {
  override readonly name = "DownloadError";
  readonly code: "later" | "altered" | "longer";
  constructor(code: DownloadError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

const partBytes = 1_000_000;
const SILENCE_MS = 30_000;

interface Stream {
  response: Response;
  /** The body, each chunk as it comes. @throws DownloadError `later` when it breaks off or goes silent. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/** @throws DownloadError `later` when nobody answers. */
export async function openStream(
  { fetch, baseUrl, key, silenceMs = SILENCE_MS }: Source,
  path: string,
  headers: Record<string, string>,
): Promise<Stream> {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => controller.abort(new Error(`silent for ${silenceMs / 1000} seconds`)), silenceMs);
  };
  const broken = (error: unknown) =>
    new DownloadError("later", `The server's answer broke off: ${error instanceof Error ? error.message : String(error)}`);
  alive();
  let response: Response;
  try {
    response = await fetch(baseUrl + path, {
      headers: { authorization: `Bearer ${key}`, ...headers },
      credentials: "omit",
      cache: "no-store",
      redirect: "error",
      signal: controller.signal,
    });
  } catch (error) {
    clearTimeout(timer);
    throw broken(error);
  }
  return {
    response,
    async *chunks() {
      const reader = response.body?.getReader();
      try {
        for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
          alive();
          yield part.value;
        }
      } catch (error) {
        throw broken(error);
      } finally {
        clearTimeout(timer);
        // Also when the consumer had enough; a stream that already failed has nothing left to cancel.
        await reader?.cancel().catch(() => undefined);
      }
    },
  };
}

/** The whole body. @throws DownloadError `longer` as soon as there is more than `most`. */
export async function readAtMost({ chunks }: Stream, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of chunks()) {
    read += chunk.length;
    if (read > most) throw new DownloadError("longer", `The server's answer has more than ${most} bytes`);
    parts.push(chunk);
  }
  return joined(parts, read);
}

interface FileDeps extends Source {
  db: ReleaseDb;
  /** Told after each part that is kept. */
  onPart?: ((bytes: number) => void) | undefined;
}

/**
 * Gets one file into the store, going on where an earlier try ended. What is in the store has the hash; nothing else ever is.
 * @throws DownloadError.
 */
export async function downloadFile({ sha256, size, path }: ReleaseFile, deps: FileDeps): Promise<void> {
  const { db, onPart } = deps;
  const partsOf = () => db.parts.where("[sha256+at]").between([sha256, 0], [sha256, Number.MAX_SAFE_INTEGER]);
  let have = 0;
  for (const { at, bytes } of await partsOf().toArray()) if (at === have) have += bytes.length;
  const refuse = async (code: "altered" | "longer", message: string): Promise<never> => {
    await partsOf().delete();
    throw new DownloadError(code, message);
  };
  if (have < size) {
    const stream = await openStream(deps, `/v1/models/files/${sha256}`, have > 0 ? { range: `bytes=${have}-` } : {});
    const { status, headers } = stream.response;
    const goesOn = status === 206 && headers.get("content-range")?.startsWith(`bytes ${have}-`);
    if (status !== 200 && !goesOn) {
      await stream.response.body?.cancel();
      // A server that cannot go on there may have the file anew.
      if (status === 416 || status === 206) await partsOf().delete();
      throw new DownloadError("later", `The server answered ${status} for ${path}`);
    }
    if (!goesOn) {
      await partsOf().delete();
      have = 0;
    }
    let waiting: Uint8Array[] = [];
    let bytes = 0;
    const keep = async () => {
      if (bytes === 0) return;
      await db.parts.put({ sha256, at: have, bytes: joined(waiting, bytes) });
      have += bytes;
      [waiting, bytes] = [[], 0];
      onPart?.(have);
    };
    try {
      for await (const chunk of stream.chunks()) {
        if (have + bytes + chunk.length > size) return await refuse("longer", `${path} is longer than its release says`);
        waiting.push(chunk);
        bytes += chunk.length;
        if (bytes >= partBytes) await keep();
      }
    } catch (error) {
      if (error instanceof DownloadError && error.code === "later") await keep();
      throw error;
    }
    await keep();
    if (have < size) throw new DownloadError("later", `${path} broke off after ${have} of ${size} bytes`);
  }
  const parts = await partsOf().toArray();
  const whole = joined(
    parts.map(({ bytes }) => bytes),
    parts.reduce((sum, { bytes }) => sum + bytes.length, 0),
  );
  if (whole.length !== size || (await sha256Hex(whole)) !== sha256)
    return await refuse("altered", `${path} is not the file that was signed`);
  await db.transaction("rw", db.files, db.parts, async () => {
    await db.files.put({ sha256, bytes: whole });
    await partsOf().delete();
  });
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
