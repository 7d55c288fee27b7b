// A stand-in for a bucket that speaks S3. No real one is on this machine: what is proved is what we send, not what a bucket makes of it.
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { onTestFinished } from "vitest";
import { sha256Hex } from "../../shared/hex.ts";

const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** Signature version 4 of AWS, computed anew from what came: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
function isSigned({ method, url, headers }: IncomingMessage): boolean {
  const form = /^AWS4-HMAC-SHA256 Credential=id\/(\d{8})\/auto\/s3\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/;
  const [, day = "", names = "", signature = ""] = form.exec(headers.authorization ?? "") ?? [];
  const needed = ["host", "x-amz-content-sha256", "x-amz-date"].every((name) => names.split(";").includes(name));
  const signed = names.split(";").map((name) => `${name}:${headers[name]}\n`);
  const asked = [method, url, "", signed.join(""), names, headers["x-amz-content-sha256"]].join("\n");
  const digest = createHash("sha256").update(asked).digest("hex");
  const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], `${day}/auto/s3/aws4_request`, digest].join("\n");
  const key = ["auto", "s3", "aws4_request"].reduce<Buffer>((last, part) => hmac(last, part), hmac("AWS4secret", day));
  return needed && hmac(key, text).toString("hex") === signature;
}

/** Speaks as much S3 as we ask, and is as strict about signature, length and hash. @param silent tells no lengths, as a proxy before it may. */
export async function openBucket({ silent = false } = {}) {
  const objects = new Map<string, Uint8Array<ArrayBuffer>>();
  const asked: IncomingMessage[] = [];
  const server: Server = createServer(async (request, response) => {
    asked.push(request);
    const key = request.url ?? "";
    const end = (status: number, headers = {}, body?: Uint8Array) => response.writeHead(status, headers).end(body);
    if (!isSigned(request)) return end(403);
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
    if (request.method === "HEAD") return end(200, silent ? {} : { "content-length": object.length });
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
