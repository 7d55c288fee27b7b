// Options: what stays and what may leave; restricted comments; the organisation's own domains.
import { AddLine } from "./add-line.tsx";
import { useTexts } from "./texts.ts";

interface PrivacySettings {
  restricted: boolean;
  ownDomains: string[];
}

export interface PrivacyProps {
  privacy: PrivacySettings;
  /** What an administrator's policy has set, and cannot be changed here. */
  managed: readonly (keyof PrivacySettings)[];
  connected: boolean;
  onPrivacy(privacy: PrivacySettings): void;
}

export function Privacy({ privacy, managed, connected, onPrivacy }: PrivacyProps) {
  const t = useTexts();
  return (
    <section aria-labelledby="privacy">
      <h2 id="privacy">{t("privacy.title")}</h2>
      <p>{t("privacy.local")}</p>
      <p>{connected ? t("privacy.connected") : t("privacy.unconnected")}</p>
      <p>{t("privacy.redaction")}</p>
      <label className="choice">
        <input
          type="checkbox"
          checked={privacy.restricted}
          disabled={managed.includes("restricted")}
          onChange={(event) => onPrivacy({ ...privacy, restricted: event.target.checked })}
        />
        <span>{t("privacy.restricted")}</span>
      </label>
      <p className="quiet">{managed.includes("restricted") ? t("privacy.managed") : t("privacy.restrictedHelp")}</p>
      <h3>{t("privacy.domains")}</h3>
      <p className="quiet">{managed.includes("ownDomains") ? t("privacy.managed") : t("privacy.domainsHelp")}</p>
      <Domains
        domains={privacy.ownDomains}
        locked={managed.includes("ownDomains")}
        onDomains={(ownDomains) => onPrivacy({ ...privacy, ownDomains })}
      />
    </section>
  );
}

const domainPattern = /^(?=.{3,253}$)([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/i;
const mostDomains = 50;

function Domains({ domains, locked, onDomains }: { domains: readonly string[]; locked: boolean; onDomains(domains: string[]): void }) {
  const t = useTexts();
  const add = (text: string) => {
    const domain = text.trim().toLowerCase().replace(/^@/, "");
    if (!domainPattern.test(domain)) return t("privacy.domainFault");
    if (domains.length >= mostDomains) return t("privacy.domainsFull", { count: mostDomains });
    if (!domains.includes(domain)) onDomains([...domains, domain]);
    return "";
  };
  return (
    <>
      <ul className="rows domains">
        {domains.map((domain) => (
          <li key={domain}>
            <span>{domain}</span>
            {!locked && (
              <button
                type="button"
                className="icon-button"
                aria-label={t("privacy.domainRemove", { domain })}
                onClick={() => onDomains(domains.filter((other) => other !== domain))}
              >
                ✕
              </button>
            )}
          </li>
        ))}
      </ul>
      {!locked && <AddLine label={t("privacy.domainNew")} placeholder="corp.example" button={t("privacy.domainAdd")} onAdd={add} />}
    </>
  );
}
