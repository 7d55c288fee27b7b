// What a key means for a review: the key map, the choice keys of the menus, and the keys of the span mode. Pure.

import { reasonIds } from "../../shared/decisions.ts";
import { entityIds, severityIds, threatTypeIds } from "../../shared/labels.ts";
import { choiceKeys, type ReviewAction, type ReviewCommand, reviewCommands } from "../../shared/review.ts";
import type { WriteBackAction } from "../../shared/write-back.ts";
import { spansNow } from "./review-counting.ts";
import { acceptable } from "./review-decision.ts";
import { isDecided, type Machine } from "./review-state.ts";

export type Press = Omit<Extract<ReviewAction, { do: "key" }>, "do">;

/** `leave`: Escape with nothing open any more closes the card, then disarms. Null: the key is not ours. */
export type Meaning = Exclude<ReviewAction, { do: "key" }> | { do: "leave" } | null;

const choices: readonly string[] = choiceKeys;
const arrows: Record<string, -1 | 1> = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/** @param hasSelection whether words of the ticket are selected in the page. */
export function meaningOf(machine: Machine, press: Press, hasSelection: () => boolean): Meaning {
  const { settings, menu } = machine;
  if (!settings?.armed || !machine.history) return null;
  if (press.alt || press.ctrl) return menu === "spans" ? edgeMove(machine, press) : null;
  const key = plainKey(press);
  if (key === null) return null;
  if (key === "Escape") return onEscape(menu);
  return inMenu(machine, key, hasSelection) ?? command(machine, commandOf(settings.keys, key));
}

/** Letters count without Shift only, also under Caps Lock; what Shift makes of other keys (digits on French boards, `?`) counts as it is. */
function plainKey({ key, shift }: Press): string | null {
  if (/^\p{L}$/u.test(key)) return shift ? null : key.toLowerCase();
  return shift && key.length > 1 ? null : key;
}

function onEscape(menu: Machine["menu"]): Meaning {
  if (menu === "closed") return { do: "leave" };
  return menu === "spans" ? { do: "discard-spans" } : { do: "menu", menu: "closed" };
}

/**
 * What a key means for the write-back; null when it is none of its keys.
 * @param asks whether a change of the ticket is shown: then the keys that agree and that leave are about it.
 */
export function writeBackMeaning({ settings, menu, history }: Machine, press: Press, asks: boolean): WriteBackAction | null {
  const key = plainKey(press);
  if (!settings?.armed || !history || menu !== "closed" || press.alt || press.ctrl || key === null) return null;
  if (asks && (key === "Enter" || commandOf(settings.keys, key) === "accept")) return "confirm";
  if (commandOf(settings.keys, key) === "writeBack") return asks ? "close" : "open";
  return asks && key === "Escape" ? "close" : null;
}

function commandOf(keys: Record<ReviewCommand, string>, key: string): ReviewCommand | undefined {
  return reviewCommands.find((name) => keys[name].toLowerCase() === key.toLowerCase());
}

function inMenu(machine: Machine, key: string, hasSelection: () => boolean): Meaning {
  const index = choices.indexOf(key);
  const confirms = key === "Enter" || key === machine.settings?.keys.accept;
  switch (machine.menu) {
    case "type": {
      const threatType = threatTypeIds[index];
      return threatType ? { do: "type", threatType } : null;
    }
    case "severity":
    case "severity-of-type": {
      const proposed = machine.menu === "severity-of-type" && confirms ? machine.reading.suggestion.severity : null;
      if (proposed) return { do: "severity", severity: proposed };
      const severity = severityIds[index];
      return severity ? { do: "severity", severity } : null;
    }
    case "reason": {
      const reason = reasonIds[index];
      return reason ? { do: "reason", reason } : null;
    }
    case "spans":
      return confirms ? { do: "save-spans" } : inSpans(machine, key, index, hasSelection);
    case "closed": {
      const label = entityIds[index];
      return label && hasSelection() ? { do: "add-span", label } : null;
    }
  }
}

function inSpans(machine: Machine, key: string, index: number, hasSelection: () => boolean): Meaning {
  const count = spansNow(machine).length;
  const by = arrows[key];
  if (by !== undefined) return count > 0 ? { do: "select-span", index: ((machine.selected ?? -by) + by + count) % count } : null;
  const label = entityIds[index];
  if (machine.selected === null) return label && hasSelection() ? { do: "add-span", label } : null;
  if (key === "Delete" || key === "Backspace") return { do: "remove-span" };
  return label ? { do: "label-span", label } : null;
}

/** Alt and an arrow move the end, with Shift the start: by a word, with Ctrl by a letter. */
function edgeMove(machine: Machine, { key, alt, shift, ctrl }: Press): Meaning {
  const by = key === "ArrowLeft" || key === "ArrowRight" ? arrows[key] : undefined;
  if (!alt || by === undefined || machine.selected === null) return null;
  return { do: "move-edge", edge: shift ? "start" : "end", by, unit: ctrl ? "character" : "word" };
}

function command(machine: Machine, name: ReviewCommand | undefined): Meaning {
  const { menu } = machine;
  const toggled = (wanted: Machine["menu"]): Meaning => ({ do: "menu", menu: menu === wanted ? "closed" : wanted });
  switch (name) {
    case "accept":
      // In a menu Enter would agree with what was just to be changed.
      return menu === "closed" && acceptable(machine.reading.suggestion) ? { do: "accept" } : null;
    case "type":
      return toggled("type");
    case "severity":
      return toggled("severity");
    case "spans":
      return toggled("spans");
    case "reason":
      return isDecided(machine) ? toggled("reason") : null;
    case "notSecurity":
      return { do: "not-security" };
    case "reject":
      return { do: "reject" };
    case "undo":
      return { do: "undo" };
    case "writeBack":
    case undefined:
      return null;
  }
}
