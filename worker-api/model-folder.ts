// Model files in a folder of this machine: written under another name, synced, then renamed.
import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Hash, ModelFiles } from "./model-files.ts";

const CHUNK = 256 * 1024;
/** What a killed process left behind is older than any upload lasts. */
const LEFT_MS = 24 * 60 * 60_000;
const incoming = ".incoming";

export function modelFolder(root: string): ModelFiles {
  const pathOf = (name: string) => join(root, name);
  return {
    size: async (name) => (await statOf(pathOf(name)))?.size ?? null,
    read: async (name, range) => bytesOf(pathOf(name), range),
    async write(name, bytes) {
      const target = pathOf(name);
      const partial = join(root, incoming, randomUUID());
      await mkdir(dirname(partial), { recursive: true });
      await mkdir(dirname(target), { recursive: true });
      try {
        const file = await open(partial, "wx");
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(partial, target);
        await sync(dirname(target));
        await sync(root);
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    },
  };
}

/** Removes what uploads of a killed process left. */
export async function sweepIncoming(root: string, now: number): Promise<void> {
  const folder = join(root, incoming);
  for (const name of await readdir(folder).catch((error: unknown) => (isMissing(error) ? [] : Promise.reject(error)))) {
    const path = join(folder, name);
    const found = await statOf(path);
    // Null: another server's upload has just ended.
    if (found && now - found.mtimeMs > LEFT_MS) await rm(path, { force: true });
  }
}

/** SHA-256 by Node. */
export function nodeHash(): Hash {
  const hash = createHash("sha256");
  return { update: (bytes) => hash.update(bytes), hex: () => hash.digest("hex") };
}

/** Opened at the first read: an answer to HEAD is never read. */
function bytesOf(path: string, { start, length }: { start: number; length: number }): ReadableStream<Uint8Array> {
  let file: FileHandle | undefined;
  let at = start;
  const end = start + length;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          file ??= await open(path);
          const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(CHUNK, end - at)), 0, null, at);
          at += bytesRead;
          if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
          if (at < end && bytesRead > 0) return;
          await file.close();
          // Shorter than it was: the reader must not take it for whole.
          if (at < end) controller.error(new Error("The file is shorter than it was"));
          else controller.close();
        } catch (error) {
          await file?.close();
          controller.error(error);
        }
      },
      cancel: () => file?.close(),
    },
    { highWaterMark: 0 },
  );
}

/** A new name is on the disk when its folder is. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const statOf = (path: string) => stat(path).catch((error: unknown) => (isMissing(error) ? null : Promise.reject(error)));
const isMissing = (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT";
