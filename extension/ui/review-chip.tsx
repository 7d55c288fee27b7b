// One entry of a menu of the review: a button with its key, a mark and a text.
import { KeyHint } from "./review-keys.tsx";

interface ChipProps {
  /** The key that chooses it. */
  hotkey?: string | undefined;
  armed: boolean;
  mark?: string | undefined;
  text: string;
  /** What it means, as the tooltip. */
  title?: string | undefined;
  /** Quiet words behind the text, e.g. the model's probability. */
  note?: string | undefined;
  /** It is what counts now. */
  chosen?: boolean;
  onPress(): void;
}

export function Chip({ hotkey, armed, mark, text, title, note, chosen = false, onPress }: ChipProps) {
  return (
    <button
      type="button"
      className="choice-chip"
      aria-pressed={chosen}
      title={title}
      onClick={onPress}
      {...(armed && hotkey ? { "aria-keyshortcuts": hotkey } : {})}
    >
      {hotkey && <KeyHint name={hotkey} armed={armed} />}
      {mark && (
        <span className="choice-mark" aria-hidden="true">
          {mark}
        </span>
      )}
      <span className="choice-text">{text}</span>
      {note && <span className="quiet">{note}</span>}
    </button>
  );
}
