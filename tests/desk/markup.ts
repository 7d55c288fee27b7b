// The small markup of Jira practice tickets: text -> blocks -> plain text; no DOM, so that Node and the page read the same.

export type Inline =
  | { kind: "text" | "code" | "strong" | "emphasis" | "mention" | "emoji"; text: string }
  | { kind: "link"; text: string; href: string }
  | { kind: "break" };

export type MarkupBlock =
  | { kind: "paragraph"; content: Inline[] }
  | { kind: "heading"; content: Inline[] }
  | { kind: "list"; ordered: boolean; items: Inline[][] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "code"; language: string; text: string }
  | { kind: "quote"; content: MarkupBlock[] }
  | { kind: "panel"; tone: string; content: MarkupBlock[] }
  | { kind: "rule" };

/** Short names that a ticket may use, `:warning:` for example. */
export const emojiByName: Record<string, string> = {
  warning: "⚠️",
  check_mark: "✅",
  cross_mark: "❌",
  slight_smile: "🙂",
  pray: "🙏",
  fire: "🔥",
  eyes: "👀",
  thumbsup: "👍",
};

const INLINE =
  /`([^`\n]+)`|\*\*([^*\n]+)\*\*|(?<![\w*])_([^_\n]+)_(?!\w)|@\[([^\]\n]+)\]|:([a-z_]+):|\[([^\]\n]+)\]\((https?:\/\/[^)\s]+)\)|(https?:\/\/[^\s<>()"'|]*[^\s<>()"'|.,;:!?])/g;

/** One paragraph's worth of text -> its parts; a line end is a hard break, as in a pasted mail. */
export function parseInline(text: string): Inline[] {
  const parts: Inline[] = [];
  const pushText = (slice: string): void => {
    slice.split("\n").forEach((line, index) => {
      if (index > 0) parts.push({ kind: "break" });
      if (line !== "") parts.push({ kind: "text", text: line });
    });
  };
  let last = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, emphasis, mention, emoji, linkText, linkHref, bareUrl] = match;
    const emojiText = emoji === undefined ? undefined : emojiByName[emoji];
    if (emoji !== undefined && emojiText === undefined) continue;
    pushText(text.slice(last, match.index));
    last = match.index + whole.length;
    if (code !== undefined) parts.push({ kind: "code", text: code });
    else if (strong !== undefined) parts.push({ kind: "strong", text: strong });
    else if (emphasis !== undefined) parts.push({ kind: "emphasis", text: emphasis });
    else if (mention !== undefined) parts.push({ kind: "mention", text: `@${mention}` });
    else if (emojiText !== undefined) parts.push({ kind: "emoji", text: emojiText });
    else if (linkText !== undefined && linkHref !== undefined) parts.push({ kind: "link", text: linkText, href: linkHref });
    else if (bareUrl !== undefined) parts.push({ kind: "link", text: bareUrl, href: bareUrl });
  }
  pushText(text.slice(last));
  return parts;
}

const isTableRow = (line: string): boolean => /^\|.*\|\s*$/.test(line);
const isItem = (line: string): boolean => /^(- |\d+\. )/.test(line);
const startsBlock = (line: string): boolean => /^(```|> |>$|## |:::|----$)/.test(line) || isTableRow(line) || isItem(line);
const cells = (line: string): Inline[][] =>
  line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => parseInline(cell.trim().replaceAll("\\|", "|")));

/** Ticket text -> blocks. Never fails: what is no construct is a paragraph. */
export function parseMarkup(source: string): MarkupBlock[] {
  const lines = source.replaceAll("\r\n", "\n").split("\n");
  const blocks: MarkupBlock[] = [];
  let at = 0;
  const takeWhile = (test: (line: string) => boolean): string[] => {
    const taken: string[] = [];
    while (at < lines.length && test(lines[at] ?? "")) taken.push(lines[at++] ?? "");
    return taken;
  };
  const takeUntil = (end: string): string[] => {
    const taken = takeWhile((line) => line.trim() !== end);
    at += 1;
    return taken;
  };
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at += 1;
    } else if (line.startsWith("```")) {
      at += 1;
      blocks.push({ kind: "code", language: line.slice(3).trim(), text: takeUntil("```").join("\n") });
    } else if (line.startsWith(":::")) {
      at += 1;
      blocks.push({ kind: "panel", tone: line.slice(3).trim() || "info", content: parseMarkup(takeUntil(":::").join("\n")) });
    } else if (line === "----") {
      at += 1;
      blocks.push({ kind: "rule" });
    } else if (line.startsWith("## ")) {
      at += 1;
      blocks.push({ kind: "heading", content: parseInline(line.slice(3)) });
    } else if (/^>( |$)/.test(line)) {
      const quoted = takeWhile((next) => /^>( |$)/.test(next)).map((next) => next.replace(/^> ?/, ""));
      blocks.push({ kind: "quote", content: parseMarkup(quoted.join("\n")) });
    } else if (isTableRow(line)) {
      const rows = takeWhile(isTableRow);
      const hasHead = /^\|[\s:|-]+\|\s*$/.test(rows[1] ?? "");
      blocks.push({ kind: "table", head: hasHead ? cells(rows[0] ?? "") : [], rows: rows.slice(hasHead ? 2 : 0).map(cells) });
    } else if (isItem(line)) {
      const ordered = /^\d/.test(line);
      const items = takeWhile((next) => isItem(next) && /^\d/.test(next) === ordered);
      blocks.push({ kind: "list", ordered, items: items.map((item) => parseInline(item.replace(/^(- |\d+\. )/, ""))) });
    } else {
      const paragraph = [line];
      at += 1;
      paragraph.push(...takeWhile((next) => next.trim() !== "" && !startsBlock(next)));
      blocks.push({ kind: "paragraph", content: parseInline(paragraph.join("\n")) });
    }
  }
  return blocks;
}

const inlineText = (content: readonly Inline[]): string => content.map((part) => (part.kind === "break" ? "\n" : part.text)).join("");

function blockText(block: MarkupBlock, cell: string): string {
  switch (block.kind) {
    case "paragraph":
    case "heading":
      return inlineText(block.content);
    case "list":
      return block.items.map(inlineText).join("\n");
    case "table":
      return [...(block.head.length > 0 ? [block.head] : []), ...block.rows]
        .map((row) => row.map(inlineText).filter(Boolean).join(cell))
        .join("\n");
    case "code":
      return block.text;
    case "quote":
    case "panel":
      return markupText(block.content, cell);
    case "rule":
      return "";
  }
}

/**
 * Blocks -> the text that a person reads on the page, blocks by a line end.
 * @param cell what stands between two cells of a table that are not empty.
 */
export function markupText(blocks: readonly MarkupBlock[], cell = "\t"): string {
  return blocks.map((block) => blockText(block, cell)).join("\n");
}
