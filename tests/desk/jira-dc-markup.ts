// The practice tickets' markup as Jira Data Center's wiki renderer writes it: HTML as a string, the same on the server and in the page.
import { escapeHtml } from "./escape-html.ts";
import { type Inline, type MarkupBlock, parseMarkup } from "./markup.ts";

function inlineHtml(part: Inline): string {
  switch (part.kind) {
    case "break":
      return "<br>\n";
    case "text":
      return escapeHtml(part.text);
    case "emoji":
      return `<img class="emoticon" alt="${escapeHtml(part.text)}" height="16" width="16" src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">`;
    case "strong":
      return `<b>${escapeHtml(part.text)}</b>`;
    case "emphasis":
      return `<em>${escapeHtml(part.text)}</em>`;
    case "code":
      return `<tt>${escapeHtml(part.text)}</tt>`;
    case "mention":
      return `<a class="user-hover" rel="${escapeHtml(part.text.slice(1))}" href="#">${escapeHtml(part.text)}</a>`;
    case "link":
      return `<a href="${escapeHtml(part.href)}" class="external-link" rel="nofollow noreferrer">${escapeHtml(part.text)}</a>`;
  }
}
const inlines = (content: readonly Inline[]): string => content.map(inlineHtml).join("");

function blockHtml(block: MarkupBlock): string {
  switch (block.kind) {
    case "paragraph":
      return `<p>${inlines(block.content)}</p>`;
    case "heading":
      return `<h3><a name="h"></a>${inlines(block.content)}</h3>`;
    case "list": {
      const [open, close] = block.ordered ? ["<ol>", "</ol>"] : ['<ul class="alternate" type="square">', "</ul>"];
      return `${open}${block.items.map((item) => `<li>${inlines(item)}</li>`).join("\n")}${close}`;
    }
    case "table": {
      const row = (cells: readonly Inline[][], tag: "th" | "td"): string =>
        `<tr>${cells.map((cell) => `<${tag} class="confluence${tag === "th" ? "Th" : "Td"}">${inlines(cell)}</${tag}>`).join("\n")}</tr>`;
      const head = block.head.length > 0 ? row(block.head, "th") : "";
      return `<div class="table-wrap"><table class="confluenceTable"><tbody>${head}${block.rows.map((cells) => row(cells, "td")).join("\n")}</tbody></table></div>`;
    }
    case "code":
      return `<div class="code panel"><div class="codeContent panelContent"><pre class="code-${escapeHtml(block.language || "java")}">${escapeHtml(block.text)}</pre></div></div>`;
    case "quote":
      return `<blockquote>${block.content.map(blockHtml).join("\n")}</blockquote>`;
    case "panel":
      return `<div class="panel"><div class="panelContent">${block.content.map(blockHtml).join("\n")}</div></div>`;
    case "rule":
      return "<hr>";
  }
}

/** A ticket's text -> the HTML in `.user-content-block` and `.action-body`. */
export function wikiHtml(source: string): string {
  return parseMarkup(source).map(blockHtml).join("\n");
}
