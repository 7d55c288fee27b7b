// The Jira double's rich editor: a contenteditable like ProseMirror's, whose DOM becomes the ticket's text when it is saved.
import { memo, type ReactNode, useRef } from "react";
import { RichBlocks } from "./jira-rich-text.tsx";
import { css } from "./jira-style.ts";

/** Never rendered twice: while a person types, the browser owns these nodes. */
const EditedBlocks = memo(
  ({ source }: { source: string }) => <RichBlocks source={source} />,
  () => true,
);

export interface EditorProps {
  source: string;
  label: string;
  saveTestId: string;
  onSave: (source: string) => void;
  onCancel: () => void;
}

export function Editor({ source, label, saveTestId, onSave, onCancel }: EditorProps): ReactNode {
  const content = useRef<HTMLDivElement>(null);
  const save = (): void => onSave(content.current ? editedMarkup(content.current) : source);
  return (
    <div data-testid="issue.component.editor.default-editor" data-vc="editor" className={css("editor")}>
      <div data-vc="editor-toolbar" role="toolbar" aria-label="Formatting">
        {["B", "I", "•", "1.", "</>", "❝", "@", "☺"].map((name) => (
          <span key={name} aria-hidden="true">
            {name}
          </span>
        ))}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: ProseMirror is a contenteditable with this role; a textarea would be another thing to test */}
      <div
        ref={content}
        id="ak-editor-textarea"
        className="ProseMirror"
        contentEditable
        suppressContentEditableWarning
        role="textbox"
        tabIndex={0}
        aria-multiline="true"
        aria-label={label}
      >
        <EditedBlocks source={source} />
        {source === "" ? <p /> : null}
      </div>
      <div data-vc="editor-actions">
        <button type="button" data-vc="primary" data-testid={saveTestId} onClick={save}>
          Save
        </button>
        <button type="button" data-vc="subtle" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </div>
  );
}

function inlineMarkup(node: Node): string {
  if (node.nodeType === Node.TEXT_NODE) return (node.nodeValue ?? "").replaceAll("\u00a0", " ");
  if (!(node instanceof HTMLElement)) return "";
  const inner = [...node.childNodes].map(inlineMarkup).join("");
  const emoji = node.getAttribute("data-emoji-short-name");
  if (node.localName === "br") return "\n";
  if (emoji) return emoji;
  if (node.hasAttribute("data-mention-id")) return `@[${inner.slice(1)}]`;
  if (node.localName === "code") return `\`${inner}\``;
  if (node.localName === "strong" || node.localName === "b") return `**${inner}**`;
  if (node.localName === "em" || node.localName === "i") return `_${inner}_`;
  if (node.localName === "a") return inner === node.getAttribute("href") ? inner : `[${inner}](${node.getAttribute("href") ?? ""})`;
  return inner;
}

const prefixed = (text: string, prefix: string): string =>
  text
    .split("\n")
    .map((line) => prefix + line)
    .join("\n");

/** The editor's DOM -> markup; whatever is in the nodes goes into the ticket, foreign elements included, as in ProseMirror. */
export function editedMarkup(root: Element): string {
  const blocks = [...root.children].map((element): string => {
    const inner = (): string => [...element.childNodes].map(inlineMarkup).join("").replace(/\n$/, "");
    if (element.localName === "h3") return `## ${inner()}`;
    if (element.localName === "ul") return [...element.children].map((item) => `- ${inlineMarkup(item)}`).join("\n");
    if (element.localName === "ol") return [...element.children].map((item, index) => `${index + 1}. ${inlineMarkup(item)}`).join("\n");
    if (element.localName === "hr") return "----";
    if (element.localName === "blockquote") return prefixed(editedMarkup(element), "> ");
    if (element.classList.contains("code-block")) {
      return `\`\`\`${element.getAttribute("data-language") ?? ""}\n${element.querySelector("code")?.textContent ?? ""}\n\`\`\``;
    }
    if (element.classList.contains("ak-editor-panel")) {
      const content = element.querySelector(".ak-editor-panel__content");
      return `:::${element.getAttribute("data-panel-type") ?? "info"}\n${content ? editedMarkup(content) : ""}\n:::`;
    }
    const table = element.querySelector(".pm-table-wrapper table");
    if (table) {
      return [...table.querySelectorAll("tr")]
        .map((row) => {
          const line = `| ${[...row.children].map((cell) => inlineMarkup(cell).replaceAll("|", "\\|")).join(" | ")} |`;
          return row.querySelector("th") ? `${line}\n|${"---|".repeat(row.children.length)}` : line;
        })
        .join("\n");
    }
    return inner();
  });
  return blocks.filter((block) => block !== "").join("\n\n");
}
