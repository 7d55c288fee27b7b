// What was found, where and by what: the list behind the tag, and the text view for values that no highlight can paint.
import type { Span } from "../../shared/contract.ts";
import { spanStyle } from "../../shared/labels.ts";
import { withoutOverlaps } from "../../shared/span.ts";
import { percent } from "../../shared/words.ts";
import { spanName } from "./tag-words.ts";
import { type T, useTexts } from "./texts.ts";

export interface FoundBlock {
  id: string;
  role: "title" | "description" | "comment";
  spans: readonly Span[];
}

interface Finding {
  label: Span["label"];
  quote: string;
  refanged: string | undefined;
  source: Span["source"];
  score: number;
  places: string[];
}

/** Equal findings of all blocks as one, best first. */
export function findingsOf(t: T, blocks: readonly FoundBlock[]): Finding[] {
  const byText = new Map<string, Finding>();
  let comment = 0;
  for (const block of blocks) {
    const place = block.role === "comment" ? t("block.commentNumber", { number: ++comment }) : t(`block.${block.role}`);
    for (const span of block.spans) {
      const id = `${span.label}\n${span.quote.toLowerCase()}`;
      const known = byText.get(id);
      if (known) {
        known.score = Math.max(known.score, span.score);
        if (!known.places.includes(place)) known.places.push(place);
      } else {
        byText.set(id, {
          label: span.label,
          quote: span.quote,
          refanged: span.refanged,
          source: span.source,
          score: span.score,
          places: [place],
        });
      }
    }
  }
  return [...byText.values()].sort((a, b) => b.score - a.score);
}

/** The style of a label as inline custom properties; the sheet draws colour and line from them. */
export function labelStyle(label: string) {
  const { color, mark } = spanStyle(label);
  return { "--label-light": color.light, "--label-dark": color.dark, "--label-line": mark } as React.CSSProperties;
}

/** Findings that are seen at once; the others unfold. */
const firstListed = 12;
/** Most findings that are listed: more is no longer a list for people, and would slow the page down. */
const mostListed = 150;

export function Findings({ blocks }: { blocks: readonly FoundBlock[] }) {
  const t = useTexts();
  const all = findingsOf(t, blocks);
  if (all.length === 0) return <p className="quiet">{t("report.nothing")}</p>;
  const [first, rest] = [all.slice(0, firstListed), all.slice(firstListed, mostListed)];
  return (
    <>
      <FindingList findings={first} />
      {rest.length > 0 && (
        <details className="more-findings">
          <summary className="quiet">{t("report.more", { n: all.length - first.length })}</summary>
          <FindingList findings={rest} />
          {all.length > mostListed && <p className="quiet">{t("report.more", { n: all.length - mostListed })}</p>}
        </details>
      )}
    </>
  );
}

function FindingList({ findings }: { findings: readonly Finding[] }) {
  const t = useTexts();
  return (
    <ul className="findings">
      {findings.map((finding) => (
        <li key={`${finding.label} ${finding.quote}`}>
          <span className="finding-label" style={labelStyle(finding.label)}>
            {spanName(t, finding.label)}
          </span>
          <span className="finding-quote">{shorten(finding.quote)}</span>
          {finding.refanged && finding.refanged !== finding.quote && (
            <span className="quiet finding-refanged">= {shorten(finding.refanged)}</span>
          )}
          <span className="quiet finding-place">
            {finding.places.slice(0, 3).join(", ")}
            {" · "}
            {finding.source === "rule" ? t("report.byRule") : percent(finding.score)}
          </span>
        </li>
      ))}
    </ul>
  );
}

export function shorten(text: string): string {
  return text.length > 160 ? `${text.slice(0, 150)}…` : text;
}

/** A block's text with its spans marked, as text nodes: hostile text can never become markup. */
export function MarkedText({ text, spans }: { text: string; spans: readonly Span[] }) {
  const t = useTexts();
  const pieces: React.ReactNode[] = [];
  let at = 0;
  for (const span of withoutOverlaps(spans)) {
    if (text.slice(span.start, span.end) !== span.quote) continue;
    pieces.push(text.slice(at, span.start));
    pieces.push(
      <mark key={span.start} style={labelStyle(span.label)} title={spanName(t, span.label)}>
        {span.quote}
      </mark>,
    );
    at = span.end;
  }
  pieces.push(text.slice(at));
  return (
    <p className="marked-text" dir="auto">
      {pieces}
    </p>
  );
}
