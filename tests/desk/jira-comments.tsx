// The activity part of the Jira double: comment shells at once, their bodies only when they scroll into view.
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Editor } from "./jira-editor.tsx";
import { RichText } from "./jira-rich-text.tsx";
import { addComment, change, type JiraState, pace } from "./jira-store.ts";
import { css } from "./jira-style.ts";
import type { TicketComment } from "./ticket-shape.ts";

const FIRST_COMMENTS = 5;

export const initials = (name: string): string =>
  name
    .split(/\s+/)
    .map((word) => word[0] ?? "")
    .join("")
    .slice(0, 2)
    .toUpperCase();

export function Avatar({ name }: { name: string }): ReactNode {
  const tone = [...name].reduce((sum, char) => sum + (char.codePointAt(0) ?? 0), 0) % 6;
  return (
    <span data-vc="avatar" data-tone={tone} aria-hidden="true">
      {initials(name)}
    </span>
  );
}

function Comment({ comment, virtual }: { comment: TicketComment; virtual: boolean }): ReactNode {
  const shell = useRef<HTMLDivElement>(null);
  const [loaded, setLoaded] = useState(false);
  useEffect(() => {
    let timer = 0;
    const observer = new IntersectionObserver((entries) => {
      const inView = entries.at(-1)?.isIntersecting === true;
      window.clearTimeout(timer);
      if (!inView && !virtual) return;
      if (!virtual) observer.disconnect();
      // Its place stays as high as it was.
      if (!inView) shell.current?.style.setProperty("--height", `${shell.current.offsetHeight}px`);
      timer = window.setTimeout(() => setLoaded(inView), pace.delay(60, 240));
    });
    if (shell.current) observer.observe(shell.current);
    return () => {
      observer.disconnect();
      window.clearTimeout(timer);
    };
  }, [virtual]);
  const id = `issue-comment-base.ui.comment.ak-comment.${comment.id}`;
  return (
    <div data-componentid={`issue-comment-base.ui.comment.comment-in-view-wrapper.${comment.id}`} className={css(`wrapper${comment.id}`)}>
      <div ref={shell} data-testid={`comment-base-item-${comment.id}`} data-vc="comment" className={css(`comment${comment.id}`)}>
        {loaded ? (
          <>
            <Avatar name={comment.author} />
            <div data-testid={id}>
              <div data-vc="comment-head">
                <strong>{comment.author}</strong>
                <time>{comment.at}</time>
                {comment.kind === "work note" ? (
                  <span data-testid="issue-comment-base.ui.comment.custom-comment.restricted-to" data-vc="internal">
                    Internal note
                  </span>
                ) : null}
              </div>
              <div data-testid={`${id}-body`}>
                <RichText source={comment.text} />
              </div>
            </div>
          </>
        ) : null}
      </div>
    </div>
  );
}

export function Activity({ state }: { state: JiraState }): ReactNode {
  const ticket = state.parts.comments;
  if (!ticket) return <div data-vc="skeleton" data-lines="3" />;
  const shown = state.allComments ? ticket.comments : ticket.comments.slice(0, FIRST_COMMENTS);
  const hidden = ticket.comments.length - shown.length;
  return (
    <section data-testid="issue.activity.comment" data-vc="activity" className={css("activity")}>
      <h2>Activity</h2>
      {state.editing === "comment" ? (
        <Editor
          source=""
          label="Comment area, start typing to enter text."
          saveTestId="comment-save-button"
          onSave={(text) => {
            if (text.trim() !== "") addComment(text);
            change({ editing: null });
          }}
          onCancel={() => change({ editing: null })}
        />
      ) : (
        <button
          type="button"
          data-vc="comment-box"
          data-testid="canned-comments.common.ui.comment-text-area-placeholder.textarea"
          onClick={() => change({ editing: "comment" })}
        >
          Add a comment...
        </button>
      )}
      <div data-testid="issue-activity-feed.feed-display-with-intersection-observer">
        <div data-testid="issue.activity.comments-list" data-vc="comments">
          {shown.map((comment) => (
            <Comment key={`${comment.id}:${state.epochs.nodes}`} comment={comment} virtual={state.virtualComments} />
          ))}
        </div>
        {hidden > 0 ? (
          <button
            type="button"
            data-vc="show-more"
            data-testid="issue.activity.common.component.load-more-button.loading-button"
            onClick={() => change({ allComments: true })}
          >
            Show {hidden} more {hidden === 1 ? "comment" : "comments"}
          </button>
        ) : null}
      </div>
    </section>
  );
}
