// The document of the Jira double's editor: a ProseMirror schema, and the way from a ticket's markup to it and back.
import { Fragment, type Mark, type Node, Schema } from "prosemirror-model";
import { emojiByName, type Inline, type MarkupBlock, parseMarkup } from "./markup.ts";

export const schema = new Schema({
  nodes: {
    doc: { content: "block+" },
    paragraph: { content: "inline*", group: "block", parseDOM: [{ tag: "p" }], toDOM: () => ["p", 0] },
    heading: { content: "inline*", group: "block", parseDOM: [{ tag: "h3" }], toDOM: () => ["h3", 0] },
    quote: { content: "block+", group: "block", parseDOM: [{ tag: "blockquote" }], toDOM: () => ["blockquote", 0] },
    panel: {
      content: "block+",
      group: "block",
      attrs: { tone: { default: "info" } },
      toDOM: ({ attrs }) => [
        "div",
        { class: "ak-editor-panel", "data-panel-type": attrs.tone },
        ["div", { class: "ak-editor-panel__content" }, 0],
      ],
    },
    list: {
      content: "item+",
      group: "block",
      attrs: { ordered: { default: false } },
      toDOM: ({ attrs }) => [attrs.ordered ? "ol" : "ul", { class: attrs.ordered ? "ak-ol" : "ak-ul" }, 0],
    },
    item: { content: "paragraph", toDOM: () => ["li", 0] },
    codeBlock: {
      content: "text*",
      marks: "",
      group: "block",
      code: true,
      attrs: { language: { default: "" } },
      toDOM: ({ attrs }) => ["div", { class: "code-block", "data-language": attrs.language }, ["pre", ["code", 0]]],
    },
    /** Whole: cells are not edited here. */
    table: {
      group: "block",
      atom: true,
      attrs: { source: {} },
      toDOM: ({ attrs }) => ["div", { class: "pm-table-wrapper" }, ["pre", String(attrs.source)]],
    },
    rule: { group: "block", toDOM: () => ["hr"] },
    text: { group: "inline" },
    break: { group: "inline", inline: true, selectable: false, parseDOM: [{ tag: "br" }], toDOM: () => ["br"] },
    mention: {
      group: "inline",
      inline: true,
      atom: true,
      attrs: { name: {} },
      toDOM: ({ attrs }) => ["span", { "data-mention-id": attrs.name }, `@${attrs.name}`],
    },
    emoji: {
      group: "inline",
      inline: true,
      atom: true,
      attrs: { text: {} },
      toDOM: ({ attrs }) => ["span", { "data-emoji-short-name": attrs.text }, String(attrs.text)],
    },
  },
  marks: {
    strong: { parseDOM: [{ tag: "strong" }, { tag: "b" }], toDOM: () => ["strong", 0] },
    emphasis: { parseDOM: [{ tag: "em" }, { tag: "i" }], toDOM: () => ["em", 0] },
    code: { parseDOM: [{ tag: "code" }], toDOM: () => ["code", 0] },
    link: { attrs: { href: {} }, toDOM: ({ attrs }) => ["a", { href: attrs.href }, 0] },
  },
});

function inlineNode(part: Inline): Node {
  switch (part.kind) {
    case "text":
      return schema.text(part.text);
    case "break":
      return schema.node("break");
    case "mention":
      return schema.node("mention", { name: part.text.slice(1) });
    case "emoji":
      return schema.node("emoji", { text: part.text });
    case "link":
      return schema.text(part.text, [schema.mark("link", { href: part.href })]);
    default:
      return schema.text(part.text, [schema.mark(part.kind)]);
  }
}

function blockNode(block: MarkupBlock): Node {
  switch (block.kind) {
    case "paragraph":
    case "heading":
      return schema.node(block.kind, null, block.content.map(inlineNode));
    case "list": {
      const item = (content: Inline[]): Node => schema.node("item", null, schema.node("paragraph", null, content.map(inlineNode)));
      return schema.node("list", { ordered: block.ordered }, block.items.map(item));
    }
    case "table":
      return schema.node("table", { source: tableSource(block.head, block.rows) });
    case "code":
      return schema.node("codeBlock", { language: block.language }, block.text ? schema.text(block.text) : Fragment.empty);
    case "quote":
    case "panel": {
      const content = block.content.length > 0 ? block.content.map(blockNode) : [schema.node("paragraph")];
      return block.kind === "panel" ? schema.node("panel", { tone: block.tone }, content) : schema.node("quote", null, content);
    }
    case "rule":
      return schema.node("rule");
  }
}

/** A ticket's text -> what the editor begins with. */
export function documentOf(source: string): Node {
  const blocks = parseMarkup(source).map(blockNode);
  return schema.node("doc", null, blocks.length > 0 ? blocks : [schema.node("paragraph")]);
}

function wrapped(text: string, { type, attrs }: Mark): string {
  const href = String(attrs.href);
  if (type.name === "link") return text === href ? text : `[${text}](${href})`;
  const sign = { strong: "**", emphasis: "_", code: "`" }[type.name] ?? "";
  return sign + text + sign;
}

function inlineSource(node: Node): string {
  const { name } = node.type;
  if (name === "break") return "\n";
  if (name === "mention") return `@[${node.attrs.name}]`;
  if (name === "emoji") {
    const short = Object.entries(emojiByName).find(([, text]) => text === node.attrs.text)?.[0];
    return short ? `:${short}:` : String(node.attrs.text);
  }
  return node.marks.reduce(wrapped, (node.text ?? "").replaceAll("\u00a0", " "));
}

const joined = (parent: Node, write: (node: Node) => string, between: string): string => parent.children.map(write).join(between);

function tableSource(head: Inline[][], rows: Inline[][][]): string {
  const row = (cells: Inline[][]): string =>
    `| ${cells
      .map((cell) =>
        cell
          .map((part) => inlineSource(inlineNode(part)))
          .join("")
          .replaceAll("|", "\\|"),
      )
      .join(" | ")} |`;
  const top = head.length > 0 ? [row(head), `|${"---|".repeat(head.length)}`] : [];
  return [...top, ...rows.map(row)].join("\n");
}

function blockSource(node: Node): string {
  const inner = (): string => joined(node, inlineSource, "");
  switch (node.type.name) {
    case "heading":
      return `## ${inner()}`;
    case "list":
      return node.children
        .map((item, index) => `${node.attrs.ordered ? `${index + 1}.` : "-"} ${joined(item.child(0), inlineSource, "")}`)
        .join("\n");
    case "table":
      return String(node.attrs.source);
    case "codeBlock":
      return `\`\`\`${node.attrs.language}\n${node.textContent}\n\`\`\``;
    case "quote":
      return markupOf(node).replace(/^/gm, "> ");
    case "panel":
      return `:::${node.attrs.tone}\n${markupOf(node)}\n:::`;
    case "rule":
      return "----";
    default:
      return inner();
  }
}

/** What the editor holds -> a ticket's text. Whatever ProseMirror took over from the DOM is in it. */
export function markupOf(parent: Node): string {
  return parent.children.map(blockSource).filter(Boolean).join("\n\n");
}
