// The HTTP side: CORS, methods, headers, request ids, limits, logs that cannot be forged, and the docs page from our own files.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { Me } from "../../shared/decisions.ts";
import { extensionOrigin } from "../../shared/extension-id.ts";
import { originOf, readConfig } from "../../worker-api/config.ts";
import { startServer } from "../../worker-api/start-server.ts";
import { startChild } from "./child-server.ts";
import { decision } from "./decisions.ts";
import { openLab, testFolder } from "./lab.ts";

const preflight = { "access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type" };

test("CORS: an allowed origin is named, another gets no permission, none is reflected", async () => {
  const { call, analyst } = await openLab({ origins: [extensionOrigin] });
  const asked = await call("/v1/events", { method: "OPTIONS", headers: { origin: extensionOrigin, ...preflight } });
  expect(asked.status).toBe(204);
  expect(asked.headers.get("access-control-allow-origin")).toBe(extensionOrigin);
  expect(asked.headers.get("access-control-allow-headers")).toContain("Authorization");
  const got = await call("/v1/me", { key: analyst.key, headers: { origin: extensionOrigin } });
  expect(got.headers.get("access-control-allow-origin")).toBe(extensionOrigin);
  expect(got.headers.get("access-control-expose-headers")).toBe("X-Request-Id,Retry-After,Date,ETag,Content-Range");
  const refused = await call("/v1/me", { headers: { origin: extensionOrigin } });
  expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, extensionOrigin]);
  for (const origin of [
    "https://evil.example",
    "null",
    `${extensionOrigin}.evil.example`,
    extensionOrigin.toUpperCase(),
    `${extensionOrigin}/`,
    "*",
  ])
    for (const method of ["OPTIONS", "GET"]) {
      const answer = await call("/v1/me", { method, key: analyst.key, headers: { origin, ...preflight } });
      expect(answer.headers.get("access-control-allow-origin"), origin).toBeNull();
      expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
      expect(answer.headers.get("vary")).toContain("Origin");
    }
});

test("HEAD answers as GET without a body; OPTIONS and other methods name what a path does", async () => {
  const { call, refusal, analyst, app } = await openLab();
  const head = await call("/v1/me", { method: "HEAD", key: analyst.key });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  for (const path of new Set(app.routes.filter(({ path, method }) => method !== "ALL" && !path.includes("*")).map((route) => route.path))) {
    const address = path.replace(":ticketId", "a".repeat(64)).replace(":keyId", "x");
    const options = await call(address, { method: "OPTIONS", key: analyst.key });
    expect(options.status, path).toBe(204);
    const allow = options.headers.get("allow") ?? "";
    expect(allow.split(", ").length, path).toBeGreaterThan(1);
    const put = call(address, { method: "PATCH", key: analyst.key });
    expect((await put).headers.get("allow")).toBe(allow);
    expect(await refusal(put), path).toMatchObject({ status: 405, code: "method-not-allowed" });
  }
  for (const path of ["/", "/v1", "/v1/nothing", "/v1/events/1", "/docs/../package.json", "/docs/package.json", "/%00"])
    expect(await refusal(call(path, { key: analyst.key })), path).toMatchObject({ status: 404, code: "not-found" });
});

test("each answer has a request id and secure headers; a hostile request id is replaced", async () => {
  const { call } = await openLab();
  for (const path of ["/healthz", "/nothing", "/v1/me", "/docs"]) {
    const { headers } = await call(path);
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  }
  const id = "01a21407-2c84-7086-ad79-e7bd227d0083";
  expect((await call("/healthz", { headers: { "x-request-id": id } })).headers.get("x-request-id")).toBe(id);
  for (const hostile of ['"},{"level":"info', "words-of-a-ticket", `${id}0`, "é"])
    expect((await call("/healthz", { headers: { "x-request-id": hostile } })).headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test("logs have ids, counts and codes: no text, no path, no key, whatever is sent", async () => {
  const { call, push, logged, analyst } = await openLab();
  const words = "Very-Secret-Words";
  await push(
    analyst.key,
    decision({
      key: words,
      blocks: [
        { role: "title", text: words },
        { role: "description", text: `evil ${words}` },
      ],
    }),
  );
  await push(analyst.key, { ...decision(), [words]: words });
  await call(`/v1/tickets/${words}`, { key: analyst.key, headers: { "user-agent": words, "x-request-id": words } });
  await call(`/${words}%0a%22`, { headers: { authorization: `Bearer ${words}` } });
  await call("/v1/events", { key: analyst.key, body: `{"${words}` });
  expect(logged.length).toBeGreaterThan(4);
  const lines = logged.map((entry) => JSON.stringify(entry));
  for (const line of lines) {
    expect(line).not.toContain(words);
    expect(line).not.toContain(analyst.key);
    expect(line).not.toContain("\n");
  }
  expect(logged.filter(({ route }) => route === "none")).toHaveLength(1);
});

test("an unexpected error is a 500 problem without stack or message; the log says where it was, without what it said", async () => {
  const words = "secret words of a ticket";
  const { call, refusal, logged, analyst } = await openLab({
    digest: () => {
      throw new Error(words);
    },
  });
  const answer = await call("/v1/events", { key: analyst.key, body: { events: [decision()] } });
  const text = await answer.clone().text();
  expect(await refusal(answer)).toMatchObject({ status: 500, code: "internal" });
  expect(text).not.toMatch(/secret|\.ts|at \w+/);
  const failed = logged.find(({ event }) => event === "failed");
  expect(failed).toMatchObject({ level: "error", name: "Error" });
  expect(failed?.at).toContain("credentials.ts");
  expect(JSON.stringify(logged)).not.toContain(words);
});

test("too many requests of one key, and too many attempts to pair from one address, are 429 until time has passed", async () => {
  const addressOf = () => "192.0.2.1";
  const { call, refusal, clock, analyst, lead } = await openLab({ addressOf, limits: { perKey: { burst: 3, perSecond: 1 } } });
  const ask = () => call("/v1/me", { key: analyst.key });
  for (let index = 0; index < 3; index++) expect((await ask()).status).toBe(200);
  const refused = await ask();
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await refusal(refused)).toMatchObject({ status: 429, code: "too-many-requests" });
  expect((await call("/v1/me", { key: lead.key })).status).toBe(200);
  clock.ms += 1000;
  expect((await ask()).status).toBe(200);
  expect((await ask()).status).toBe(429);
  clock.ms -= 10 * 365 * 86_400_000;
  expect((await ask()).status).toBe(429);
  clock.ms += 60_000;
  expect((await ask()).status).toBe(200);

  const pair = () => call("/v1/pair", { body: { code: "0".repeat(32), client: "test" } });
  const statuses = [];
  for (let index = 0; index < 12; index++) statuses.push((await pair()).status);
  expect(statuses).toEqual([...Array(10).fill(403), 429, 429]);
});

test("only so many pushes are in work at once; the rest are 429 before their body is read", async () => {
  const { app, push, refusal, analyst } = await openLab({ limits: { writers: 2 } });
  const headers = { authorization: `Bearer ${analyst.key}`, "content-type": "application/json" };
  const slow = () => {
    const { readable: body, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
    const answer = app.request("/v1/events", { method: "POST", headers, body, duplex: "half" } as RequestInit);
    const finish = () => new Blob([JSON.stringify({ events: [decision()] })]).stream().pipeTo(writable);
    return { answer, finish };
  };
  const [first, second, third] = [slow(), slow(), slow()];
  const refused = await third.answer;
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(await refusal(refused)).toMatchObject({ status: 429, code: "busy" });
  await Promise.all([first.finish(), second.finish()]);
  expect((await first.answer).status).toBe(200);
  expect((await second.answer).status).toBe(200);
  expect((await push(analyst.key, decision())).results[0]?.status).toBe("stored");
});

test("over real HTTP: a first start gives a link that pairs once; a body that dawdles is 408; the server ends gracefully", async () => {
  const config = readConfig({ SECTAG_DATABASE: join(testFolder(), "x.db"), SECTAG_PORT: "0" });
  const server = await startServer(config, { log: () => undefined, limits: { bodyMs: 50 } });
  onTestFinished(() => server.stop());
  const [page = "", code] = server.link?.split("#") ?? [];
  expect(page).toBe(`${server.origin}/pair`);
  expect(await (await fetch(page)).text()).toContain("options of the SecTag extension");
  const pair = () =>
    fetch(`${server.origin}/v1/pair`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ code, client: "test" }),
    });
  const paired = z.object({ key: z.string(), me: Me }).parse(await (await pair()).json());
  expect(paired.me).toMatchObject({ user: { name: "admin", role: "admin" }, org: { name: "SecTag" }, keyExpires: null });
  expect((await pair()).status).toBe(403);

  const { hostname, port } = new URL(server.origin);
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${paired.key}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"ev`,
  );
  const answer = await new Promise<string>((resolve) => socket.once("data", (chunk) => resolve(chunk.toString())));
  socket.destroy();
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  expect(answer).toContain("urn:sectag:problem:too-slow");
});

test("configuration: what is wrong is said by its name; origins are exact", () => {
  expect(() => readConfig({ SECTAG_PORT: "70000" })).toThrow(/^SECTAG_PORT /);
  expect(() => readConfig({ SECTAG_ORIGINS: "*" })).toThrow(/^SECTAG_ORIGINS /);
  expect(() => readConfig({ SECTAG_LOG: "all" })).toThrow(/^SECTAG_LOG /);
  expect(readConfig({})).toMatchObject({ host: "127.0.0.1", port: 8787, file: ".data/sectag.db", origins: [extensionOrigin] });
  expect(readConfig({ SECTAG_DATABASE: "libsql://x.example", SECTAG_HOST: "" })).toMatchObject({ file: null, host: "127.0.0.1" });
  expect(originOf({ host: "::1", port: 1 })).toBe("http://[::1]:1");
});

test("the docs page loads our own files alone, under a policy that allows no others", async () => {
  const names: string[] = [];
  const { call } = await openLab({
    files: async (name) => {
      names.push(name);
      return Uint8Array.from(readFileSync(join("node_modules/swagger-ui-dist", name)));
    },
  });
  const page = await call("/docs");
  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  const html = await page.text();
  expect(html).not.toMatch(/https?:|<script>|\son\w+=|style=/);
  const linked = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => `/${path}`);
  expect(linked).toHaveLength(3);
  for (const path of linked) {
    const answer = await call(path);
    expect(answer.status, path).toBe(200);
    expect(answer.headers.get("content-type"), path).toMatch(/^text\/(css|javascript); charset=utf-8$/);
  }
  expect(names.sort()).toEqual(["swagger-ui-bundle.js", "swagger-ui.css"]);
});

test("an answer that does not come in time is a 503 that may be tried again", async () => {
  const { call, refusal } = await openLab({ auth: () => new Promise(() => undefined), limits: { answerMs: 20 } });
  const answer = await call("/v1/me", { key: "x" });
  expect(answer.headers.get("retry-after")).toBe("5");
  expect(await refusal(answer)).toMatchObject({ status: 503, code: "time-out" });
});

test("a start that fails leaves nothing running: the port is taken, and the process ends", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void holder.close());
  await once(holder, "listening");
  const address = holder.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const environment = { SECTAG_PORT: String(port), SECTAG_HOST: "127.0.0.1" };
  await expect(startChild(join(testFolder(), "x.db"), environment)).rejects.toThrow("The port is taken");
});

test("a start empties the write-ahead log, in which an erasure may have left words", async () => {
  const file = join(testFolder(), "x.db");
  const { push, analyst, db } = await openLab({ url: `file:${file}` });
  const word = `Wort${analyst.id}`;
  await push(
    analyst.key,
    decision({ blocks: [{ role: "title", text: word }], final: { threatType: "phishing", severity: "high", spans: [] } }),
  );
  db.$client.close();
  expect(readFileSync(`${file}-wal`).includes(word)).toBe(true);
  const server = await startServer(readConfig({ SECTAG_DATABASE: file, SECTAG_PORT: "0" }), { log: () => undefined });
  expect(readFileSync(`${file}-wal`).includes(word)).toBe(false);
  await server.stop();
});
