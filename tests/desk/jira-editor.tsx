// The Jira double's rich editor: the real ProseMirror, which takes every change of its DOM over into the ticket's text.
import { EditorState } from "prosemirror-state";
import { EditorView } from "prosemirror-view";
import { type ReactNode, useLayoutEffect, useRef } from "react";
import { documentOf, markupOf } from "./jira-prosemirror.ts";
import { css } from "./jira-style.ts";

export interface EditorProps {
  source: string;
  label: string;
  saveTestId: string;
  onSave: (source: string) => void;
  onCancel: () => void;
}

export function Editor({ source, label, saveTestId, onSave, onCancel }: EditorProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  // Only the text and the label of the first render count: while a person types, ProseMirror owns what is below.
  const begin = useRef({ source, label });
  useLayoutEffect(() => {
    const attributes = { id: "ak-editor-textarea", role: "textbox", "aria-multiline": "true", "aria-label": begin.current.label };
    const editor = new EditorView(place.current, { state: EditorState.create({ doc: documentOf(begin.current.source) }), attributes });
    view.current = editor;
    return () => editor.destroy();
  }, []);
  const save = (): void => onSave(view.current ? markupOf(view.current.state.doc) : source);
  return (
    <div data-testid="issue.component.editor.default-editor" data-vc="editor" className={css("editor")}>
      <div data-vc="editor-toolbar" role="toolbar" aria-label="Formatting">
        {["B", "I", "•", "1.", "</>", "❝", "@", "☺"].map((name) => (
          <span key={name} aria-hidden="true">
            {name}
          </span>
        ))}
      </div>
      <div ref={place} />
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
