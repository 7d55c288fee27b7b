// A stand-in for a bucket that speaks S3. No real one is on this machine: what is proved is what we send, not what a bucket makes of it.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { onTestFinished } from "vitest";
import { sha256Hex } from "../../shared/hex.ts";

/** Speaks as much S3 as we ask, and is as strict about length and hash. */
export async function openBucket() {
  const objects = new Map<string, Uint8Array<ArrayBuffer>>();
  const asked: IncomingMessage[] = [];
  const server: Server = createServer(async (request, response) => {
    asked.push(request);
    const key = request.url ?? "";
    const end = (status: number, headers = {}, body?: Uint8Array) => response.writeHead(status, headers).end(body);
    if (!/^AWS4-HMAC-SHA256 Credential=id\/\d{8}\/auto\/s3\/aws4_request, SignedHeaders=.*host/.test(request.headers.authorization ?? ""))
      return end(403);
    if (request.method === "PUT") {
      if (!request.headers["content-length"]) return end(411);
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of request) chunks.push(chunk);
      } catch {
        return; // The client broke off: nothing is stored.
      }
      const body = Uint8Array.from(Buffer.concat(chunks));
      if ((await sha256Hex(body)) !== request.headers["x-amz-content-sha256"]) return end(400);
      objects.set(key, body);
      return end(200);
    }
    const object = objects.get(key);
    if (!object) return end(404);
    if (request.method === "HEAD") return end(200, { "content-length": object.length });
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    return end(206, {}, object.slice(Number(first), Number(last) + 1));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/models`;
  return { objects, asked, bucket: { url, keyId: "id", secret: "secret", region: "auto" } };
}
