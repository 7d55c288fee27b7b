// A ticket's rich text as Jira's renderer draws it, code blocks included that are swapped when they scroll in.
import { Fragment, type ReactNode, useEffect, useRef, useState } from "react";
import { css } from "./jira-style.ts";
import { emojiByName, type Inline, type MarkupBlock, parseMarkup } from "./markup.ts";

const emojiName = (text: string): string => Object.entries(emojiByName).find(([, emoji]) => emoji === text)?.[0] ?? "emoji";

function InlinePart({ part }: { part: Inline }): ReactNode {
  switch (part.kind) {
    case "text":
      return part.text;
    case "break":
      return <br />;
    case "strong":
      return <strong data-renderer-mark="true">{part.text}</strong>;
    case "emphasis":
      return <em data-renderer-mark="true">{part.text}</em>;
    case "code":
      return (
        <code className={css("inline-code")} data-renderer-mark="true">
          {part.text}
        </code>
      );
    case "mention":
      return (
        <span data-mention-id={part.text.slice(1).toLowerCase().replaceAll(" ", "-")} data-access-level="CONTAINER">
          <span className={css("mention")}>{part.text}</span>
        </span>
      );
    case "emoji":
      return (
        <span data-emoji-short-name={`:${emojiName(part.text)}:`} className={css("emoji")}>
          <span>{part.text}</span>
        </span>
      );
    case "link":
      return (
        <a href={part.href} title={part.href} className={css("link")} data-testid="link-with-safety" data-renderer-mark="true">
          {part.text}
        </a>
      );
  }
}

function InlineParts({ content }: { content: readonly Inline[] }): ReactNode {
  // Parts never move: the index is a stable key, and without it text edits would rebuild every node.
  return content.map((part, index) => {
    const key = `${index}`;
    return (
      <Fragment key={key}>
        <InlinePart part={part} />
      </Fragment>
    );
  });
}

/** Light version first (one text node); when it scrolls in, one span per line and per word, so that no phrase is in one node. */
function CodeBlock({ text, language }: { text: string; language: string }): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const [split, setSplit] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        setSplit(true);
        observer.disconnect();
      }
    });
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  const lines = text.split("\n");
  return (
    <div ref={box} className={`code-block ${css("code")}`} data-language={language || "text"}>
      {split ? (
        <span data-ds--code--code-block="" data-code-lang={language || "text"}>
          <code>
            {lines.map((line, row) => {
              const key = `${row}`;
              return (
                <span key={key} data-ds--code--row="" data-ds--line-number={row + 1}>
                  {line.split(/(?<=\s)|(?=[=:,;()])/).map((piece, index) => {
                    const pieceKey = `${index}`;
                    return (
                      <span key={pieceKey} className={/^\d/.test(piece) ? "token number" : "token"}>
                        {piece}
                      </span>
                    );
                  })}
                  {row < lines.length - 1 ? "\n" : null}
                </span>
              );
            })}
          </code>
        </span>
      ) : (
        <pre data-testid="code-block-light">
          <code>{text}</code>
        </pre>
      )}
    </div>
  );
}

function Row({ cells, head }: { cells: readonly Inline[][]; head: boolean }): ReactNode {
  const Cell = head ? "th" : "td";
  return (
    <tr>
      {cells.map((content, index) => {
        const key = `${index}`;
        return (
          <Cell key={key} className={head ? "ak-renderer-tableHeader" : undefined}>
            <p>
              <InlineParts content={content} />
            </p>
          </Cell>
        );
      })}
    </tr>
  );
}

function Table({ head, rows }: { head: Inline[][]; rows: Inline[][][] }): ReactNode {
  return (
    <div className="pm-table-container">
      {head.length > 0 ? (
        // The real renderer keeps a second copy of the header for sticking to the top: hidden, and not part of the text.
        <div className="pm-table-sticky-wrapper" aria-hidden="true">
          <table>
            <tbody>
              <Row cells={head} head />
            </tbody>
          </table>
        </div>
      ) : null}
      <div className="pm-table-wrapper">
        <table data-testid="renderer-table" data-number-column="false">
          <tbody>
            {head.length > 0 ? <Row cells={head} head /> : null}
            {rows.map((row, index) => {
              const key = `${index}`;
              return <Row key={key} cells={row} head={false} />;
            })}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Block({ block, position }: { block: MarkupBlock; position: number }): ReactNode {
  switch (block.kind) {
    case "paragraph":
      return (
        <p data-renderer-start-pos={position}>
          <InlineParts content={block.content} />
        </p>
      );
    case "heading":
      return (
        <h3 data-renderer-start-pos={position} id={`heading-${position}`}>
          <InlineParts content={block.content} />
        </h3>
      );
    case "list": {
      const List = block.ordered ? "ol" : "ul";
      return (
        <List className={block.ordered ? "ak-ol" : "ak-ul"} data-indent-level="1">
          {block.items.map((item, index) => {
            const key = `${index}`;
            return (
              <li key={key}>
                <p data-renderer-start-pos={position + index + 1}>
                  <InlineParts content={item} />
                </p>
              </li>
            );
          })}
        </List>
      );
    }
    case "table":
      return <Table head={block.head} rows={block.rows} />;
    case "code":
      return <CodeBlock text={block.text} language={block.language} />;
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.content} />
        </blockquote>
      );
    case "panel":
      return (
        <div className="ak-editor-panel" data-panel-type={block.tone}>
          <div className="ak-editor-panel__content">
            <Blocks blocks={block.content} />
          </div>
        </div>
      );
    case "rule":
      return <hr />;
  }
}

function Blocks({ blocks }: { blocks: readonly MarkupBlock[] }): ReactNode {
  return blocks.map((block, index) => {
    const key = `${index}`;
    return <Block key={key} block={block} position={index * 10 + 1} />;
  });
}

/** The blocks alone, for the editor. */
export function RichBlocks({ source }: { source: string }): ReactNode {
  return <Blocks blocks={parseMarkup(source)} />;
}

/** The read-only view: `.ak-renderer-document` inside its wrapper. */
export function RichText({ source }: { source: string }): ReactNode {
  return (
    <div className={`ak-renderer-wrapper ${css("renderer-wrapper")}`}>
      <div className={`ak-renderer-document ${css("renderer")}`}>
        <RichBlocks source={source} />
      </div>
    </div>
  );
}
