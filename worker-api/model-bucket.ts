// Model files in a bucket that speaks S3 (AWS, R2, MinIO, ...), under Node and in a Worker.
import { AwsClient } from "aws4fetch";
import type { ModelFiles } from "./model-files.ts";

export interface Bucket {
  /** `https://HOST/BUCKET`, or `https://BUCKET.HOST`, with a prefix behind it when wanted. */
  url: string;
  keyId: string;
  secret: string;
  region: string;
}
/** Gives a stream its length where the platform takes none from a header. */
export type Sized = (bytes: ReadableStream<Uint8Array>, size: number) => ReadableStream<Uint8Array>;

export function modelBucket({ url, keyId, secret, region }: Bucket, sized: Sized = (bytes) => bytes): ModelFiles {
  const client = new AwsClient({ accessKeyId: keyId, secretAccessKey: secret, service: "s3", region, retries: 0 });
  const ask = (name: string, init: RequestInit) => client.fetch(`${url.replace(/\/$/, "")}/${name}`, init);
  return {
    async size(name) {
      const answer = await ask(name, { method: "HEAD" });
      if (answer.status === 404) return null;
      const length = demand(answer, 200).headers.get("content-length");
      // Not 0: that would be an empty file.
      if (length === null) throw new Error("The bucket gave no length");
      return Number(length);
    },
    async read(name, { start, length }) {
      if (length === 0) return new Blob([]).stream();
      const answer = await ask(name, { headers: { range: `bytes=${start}-${start + length - 1}` } });
      const { body } = demand(answer, 206);
      if (!body) throw new Error("The bucket gave no body");
      return body;
    },
    async write(name, bytes, size) {
      const sha256 = /[0-9a-f]{64}$/.exec(name)?.[0];
      if (!sha256) throw new Error("A file is named by its hash");
      // The hash is in the signature too: the bucket refuses other bytes by itself.
      const headers = { "content-length": String(size), "content-type": "application/octet-stream", "x-amz-content-sha256": sha256 };
      const init = { method: "PUT", headers, body: sized(bytes, size), duplex: "half" };
      const answer = demand(await ask(name, init), 200);
      await answer.body?.cancel();
    },
  };
}

/** @throws Error with the status alone: what a bucket says may name its owner. */
function demand(answer: Response, status: number): Response {
  if (answer.status === status) return answer;
  answer.body?.cancel().catch(() => undefined);
  throw new Error(`The bucket answered ${answer.status}`);
}
