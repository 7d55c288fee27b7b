// The strict headers of every answer and the page frame around a bundle.
import { randomBytes } from "node:crypto";
import { escapeHtml } from "./escape-html.ts";

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
  /** What a server-rendered product sends in <body>. The watchdog then runs after it: what the parser writes is nobody's doing. */
  body?: string;
}

/**
 * Stricter than anything seen in the field: nonce scripts, strict-dynamic, Trusted Types, reports to /csp.
 * @param served a server-rendered product is looser: its editor (TinyMCE) writes style attributes, and HTML in a frame of its own.
 */
export function strictHeaders(nonce: string, served = false): Record<string, string> {
  return {
    "content-security-policy": [
      "default-src 'none'",
      `script-src 'nonce-${nonce}' 'strict-dynamic'`,
      served ? "style-src 'self' 'unsafe-inline'" : `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self' data:",
      "connect-src 'self'",
      "frame-src 'self'",
      "frame-ancestors 'self'",
      "base-uri 'none'",
      ...(served ? [] : ["require-trusted-types-for 'script'", "trusted-types default"]),
      "report-uri /csp",
    ].join("; "),
    "x-frame-options": "SAMEORIGIN",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
  };
}

/** The watchdog, then the bundle, which builds everything or brings the server's HTML to life. Returns the HTML and its headers. */
export function renderPage(frame: PageFrame): { html: string; headers: Record<string, string> } {
  const nonce = randomBytes(16).toString("base64");
  const application = frame.application ? `<meta name="application-name" content="${escapeHtml(frame.application)}">` : "";
  const watchdog = `<script nonce="${nonce}">${frame.watchdog.replaceAll("</script", "<\\/script")}</script>`;
  const served = frame.body !== undefined;
  // Each bundle has its own style sheet, but those of one product share one.
  const style = served ? frame.bundle : frame.bundle.split("-")[0];
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(frame.title)}</title>${application}
<meta name="desk-speed" content="${frame.speed}"><meta name="desk-seed" content="${frame.seed}">
<link rel="stylesheet" href="/assets/${style}.css">
${served ? "" : watchdog}</head>
<body${served ? ' id="jira" class="aui-layout"' : ""}>${served ? frame.body + watchdog : ""}<script nonce="${nonce}" data-desk src="/assets/${frame.bundle}.js"></script></body></html>`;
  return { html, headers: { ...strictHeaders(nonce, served), "content-type": "text/html; charset=utf-8" } };
}
