// Reads a request's body under a limit of bytes and of time, also behind gzip: a bomb is stopped at the limit.
import { createMiddleware } from "hono/factory";
import type { Env } from "./auth.ts";
import { refuse } from "./problem.ts";

export interface BodyLimits {
  /** Bytes, before and after gunzip. */
  bytes: number;
  /** Milliseconds for the whole body to arrive. */
  ms: number;
}

/** Puts the body where hono's validators look for it. */
export const boundedBody = (limits: BodyLimits) =>
  createMiddleware<Env>(async (context, next) => {
    if (/^(POST|PUT|PATCH)$/.test(context.req.method)) {
      const text = await readText(context.req.raw, limits);
      // The type says string; hono reads a promise.
      Object.assign(context.req.bodyCache, { text: Promise.resolve(text) });
    }
    await next();
  });

async function readText(request: Request, { bytes: limit, ms }: BodyLimits): Promise<string> {
  const encoding = (request.headers.get("content-encoding") ?? "identity").toLowerCase();
  if (encoding !== "gzip" && encoding !== "identity") refuse("unsupported-type", "Send the body plain or with `Content-Encoding: gzip`.");
  const length = request.headers.get("content-length");
  if (Number(length) > limit) refuseSize(limit);
  // A declared length is kept by the HTTP parser, and this way is the quick one under Node.
  const whole = encoding === "identity" && length ? request.arrayBuffer() : readAll(request.body, encoding === "gzip", limit);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooSlow), ms);
  });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await Promise.race([whole, late]));
  } catch (error) {
    if (error === tooSlow) return refuse("too-slow", `Send the whole body within ${ms / 1000} seconds.`, { connection: "close" });
    if (error === tooLarge) return refuseSize(limit);
    // Bytes that are no UTF-8 or no gzip, or a body that broke off.
    if (error instanceof TypeError)
      return refuse("malformed-json", "Send one whole JSON value in UTF-8; with `Content-Encoding: gzip`, as whole gzip.");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const tooLarge = Symbol("too large");
const tooSlow = Symbol("too slow");

function refuseSize(limit: number): never {
  return refuse("too-large", `Send at most ${limit} bytes, also when unpacked: split the batch.`, { connection: "close" });
}

/** Stops at the first chunk that goes over the limit, on either side of gunzip. */
async function readAll(body: Request["body"], gzip: boolean, limit: number): Promise<Uint8Array> {
  if (!body) return new Uint8Array();
  const packed = body.pipeThrough(cutAt(limit));
  const reader = (gzip ? packed.pipeThrough(new DecompressionStream("gzip")) : packed).getReader();
  const whole = new Uint8Array(limit);
  for (let length = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return whole.subarray(0, length);
    if (length + value.byteLength > limit) {
      // Not waited for: what is left may never come.
      reader.cancel(tooLarge).catch(() => undefined);
      throw tooLarge;
    }
    whole.set(value, length);
    length += value.byteLength;
  }
}

function cutAt(limit: number): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > limit) controller.error(tooLarge);
      else controller.enqueue(chunk);
    },
  });
}
