// The strict headers of every answer and the page frame around a bundle.
import { randomBytes } from "node:crypto";

/** What a page frame needs beside its bundle. */
export interface PageFrame {
  title: string;
  /** Base name of the style sheet and the script under /assets. */
  bundle: string;
  /** The watchdog's code; inlined so that it runs before anything else. */
  watchdog: string;
  speed: "real" | "fast";
  seed: number;
  /** `meta[name=application-name]`, as the real product has it. */
  application?: string;
}

/** Stricter than anything seen in the field: nonce scripts, strict-dynamic, Trusted Types, reports to /csp. */
export function strictHeaders(nonce: string): Record<string, string> {
  return {
    "content-security-policy": [
      "default-src 'none'",
      `script-src 'nonce-${nonce}' 'strict-dynamic'`,
      `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self' data:",
      "connect-src 'self'",
      "frame-src 'self'",
      "frame-ancestors 'self'",
      "base-uri 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types default",
      "report-uri /csp",
    ].join("; "),
    "x-frame-options": "SAMEORIGIN",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  };
}

const escapeHtml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");

/** A page without a body of its own: the watchdog, then the bundle, which builds everything. Returns the HTML and its headers. */
export function renderPage(frame: PageFrame): { html: string; headers: Record<string, string> } {
  const nonce = randomBytes(16).toString("base64");
  const application = frame.application ? `<meta name="application-name" content="${escapeHtml(frame.application)}">` : "";
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(frame.title)}</title>${application}
<meta name="desk-speed" content="${frame.speed}"><meta name="desk-seed" content="${frame.seed}">
<link rel="stylesheet" href="/assets/${frame.bundle.split("-")[0]}.css">
<script nonce="${nonce}">${frame.watchdog.replaceAll("</script", "<\\/script")}</script></head>
<body><script nonce="${nonce}" data-desk src="/assets/${frame.bundle}.js"></script></body></html>`;
  return { html, headers: { ...strictHeaders(nonce), "content-type": "text/html; charset=utf-8" } };
}
