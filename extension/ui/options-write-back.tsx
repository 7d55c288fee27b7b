// Options: whether decisions may be written to tickets, and into which field.
import { useEffect, useState } from "react";
import type { WriteBackSettings } from "../../shared/write-back.ts";
import { useTexts } from "./texts.ts";

export interface WriteBackOptionsProps {
  settings: WriteBackSettings;
  /** What an administrator's policy has set, and cannot be changed here. */
  managed: readonly (keyof WriteBackSettings)[];
  onSettings(settings: WriteBackSettings): void;
}

export function WriteBackOptions({ settings, managed, onSettings }: WriteBackOptionsProps) {
  const t = useTexts();
  const [field, setField] = useState(settings.field);
  useEffect(() => setField(settings.field), [settings.field]);
  const locked = managed.includes("field");
  return (
    <section aria-labelledby="write-back">
      <h2 id="write-back">{t("writeBack.settings.title")}</h2>
      <label className="choice">
        <input
          type="checkbox"
          checked={settings.on}
          disabled={managed.includes("on")}
          onChange={(event) => onSettings({ ...settings, on: event.target.checked })}
        />
        <span>{t("writeBack.settings.on")}</span>
      </label>
      <p className="quiet">{managed.includes("on") ? t("privacy.managed") : t("writeBack.settings.help")}</p>
      <label>
        {t("writeBack.settings.field")}{" "}
        <input
          type="text"
          value={field}
          placeholder="u_sectag"
          maxLength={100}
          autoComplete="off"
          spellCheck={false}
          disabled={locked}
          aria-describedby="write-back-field"
          onChange={(event) => setField(event.target.value)}
          onBlur={() => field.trim() !== settings.field && onSettings({ ...settings, field: field.trim() })}
        />
      </label>
      <p className="quiet" id="write-back-field">
        {locked ? t("privacy.managed") : t("writeBack.settings.fieldHelp")}
      </p>
    </section>
  );
}
