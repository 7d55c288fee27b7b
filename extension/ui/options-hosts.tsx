// Options: other addresses on which SecTag reads tickets, each with what the browser says to it.
import { AddLine } from "./add-line.tsx";
import { useTexts } from "./texts.ts";

export interface HostsProps {
  hosts: readonly { origin: string; managed: boolean; allowed: boolean }[];
  /** So many may be added. */
  most: number;
  /** Asks the browser, and adds; must be called within the press itself. "" or what is wrong. */
  onAdd(text: string): Promise<"" | "fault" | "builtIn" | "full" | "refused">;
  onAllow(origin: string): void;
  onRemove(origin: string): void;
}

export function Hosts({ hosts, most, onAdd, onAllow, onRemove }: HostsProps) {
  const t = useTexts();
  const add = async (text: string) => {
    const fault = await onAdd(text);
    return fault === "full" ? t("hosts.full", { count: most }) : fault && t(`hosts.${fault}`);
  };
  return (
    <section aria-labelledby="hosts">
      <h2 id="hosts">{t("hosts.title")}</h2>
      <p>{t("hosts.help")}</p>
      <ul className="rows domains">
        {hosts.map(({ origin, managed, allowed }) => (
          <li key={origin}>
            <span>{origin}</span>
            <span className="row">
              <span className="quiet">
                {t(allowed ? "hosts.allowed" : "hosts.notAllowed")}
                {managed && ` · ${t("privacy.managed")}`}
              </span>
              {!allowed && (
                <button type="button" className="plain-button" onClick={() => onAllow(origin)} aria-label={t("hosts.allowOne", { origin })}>
                  {t("hosts.allow")}
                </button>
              )}
              {!managed && (
                <button type="button" className="icon-button" aria-label={t("hosts.remove", { origin })} onClick={() => onRemove(origin)}>
                  ✕
                </button>
              )}
            </span>
          </li>
        ))}
      </ul>
      <AddLine label={t("hosts.new")} placeholder="https://jira.corp.example" button={t("hosts.add")} onAdd={add} />
    </section>
  );
}
