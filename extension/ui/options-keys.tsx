// Options: the keys of the review. A key that is taken, or that already means something, is refused with a sentence.
import { useState } from "react";
import { defaultKeys, type KeyMap, type ReviewCommand, reviewCommands } from "../../shared/review.ts";
import { keyName } from "./review-keys.tsx";
import { type T, useTexts } from "./texts.ts";

export interface KeysProps {
  keys: KeyMap;
  onKeys(keys: KeyMap): void;
}

export function Keys({ keys, onKeys }: KeysProps) {
  const t = useTexts();
  /** The command whose next key press is its new key. */
  const [waiting, setWaiting] = useState<ReviewCommand | null>(null);
  const [problem, setProblem] = useState("");
  const onKeyDown = (command: ReviewCommand, event: React.KeyboardEvent) => {
    if (waiting !== command || event.key === "Tab") return setWaiting(null);
    if (event.repeat || ["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock"].includes(event.key)) return;
    event.preventDefault();
    setWaiting(null);
    if (event.key === "Escape") return;
    const fault = keyFault(t, command, event, keys);
    setProblem(fault);
    // Letters count without Shift only: a capital is the letter's key all the same.
    if (!fault) onKeys({ ...keys, [command]: event.key.length === 1 ? event.key.toLowerCase() : event.key });
  };
  return (
    <section aria-labelledby="keys">
      <h2 id="keys">{t("keys.title")}</h2>
      <p className="quiet">{t("keys.help")}</p>
      <dl className="facts keys">
        {reviewCommands.map((command) => (
          <div key={command}>
            <dt>{t(`command.${command}`)}</dt>
            <dd>
              <button
                type="button"
                className="plain-button"
                aria-label={t("keys.change", { command: t(`command.${command}`), key: keyName(t, keys[command]) })}
                onClick={() => {
                  setProblem("");
                  setWaiting(command);
                }}
                onKeyDown={(event) => {
                  if (waiting) onKeyDown(command, event);
                }}
                onBlur={() => setWaiting(null)}
              >
                {waiting === command ? t("keys.press") : <kbd>{keyName(t, keys[command])}</kbd>}
              </button>
            </dd>
          </div>
        ))}
      </dl>
      <p role="status" className={problem ? "problem" : ""}>
        {waiting ? t("keys.waiting", { command: t(`command.${waiting}`) }) : problem}
      </p>
      <button
        type="button"
        className="plain-button"
        onClick={() => {
          setProblem("");
          onKeys(defaultKeys);
        }}
      >
        {t("keys.reset")}
      </button>
    </section>
  );
}

/** Why a key cannot be taken; "" when it can. */
function keyFault(t: T, command: ReviewCommand, { key, ctrlKey, altKey, metaKey }: React.KeyboardEvent, keys: KeyMap): string {
  if (ctrlKey || altKey || metaKey) return t("keys.combined");
  if (key === "Dead" || key === "Process" || key === "Unidentified" || key.length > 20) return t("keys.unknown");
  if (/^\d$/.test(key) || key.startsWith("Arrow")) return t("keys.reserved", { key: keyName(t, key) });
  const taken = reviewCommands.find((other) => other !== command && keys[other].toLowerCase() === key.toLowerCase());
  return taken ? t("keys.taken", { key: keyName(t, key), command: t(`command.${taken}`) }) : "";
}
