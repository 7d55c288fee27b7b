// The options page: connection and sync, hosts, keys, privacy, writing to tickets, and how the model runs on this machine.
import { Connection, type ConnectionProps } from "./options-connection.tsx";
import { Engine, type EngineProps } from "./options-engine.tsx";
import { Health, type HealthProps } from "./options-health.tsx";
import { Hosts, type HostsProps } from "./options-hosts.tsx";
import { Keys, type KeysProps } from "./options-keys.tsx";
import { Model, type ModelProps } from "./options-model.tsx";
import { Payloads, type PayloadsProps } from "./options-payloads.tsx";
import { Privacy, type PrivacyProps } from "./options-privacy.tsx";
import { Selectors, type SelectorsProps } from "./options-selectors.tsx";
import { Sync, type SyncProps } from "./options-sync.tsx";
import { WriteBackOptions, type WriteBackOptionsProps } from "./options-write-back.tsx";
import { useTexts } from "./texts.ts";

export interface OptionsProps {
  /** What is wrong with the store; "" when nothing is. */
  problem: string;
  /** Why the last press failed; "" when it did not. */
  failure?: string;
  connection: ConnectionProps;
  /** Null while the store is being read, or cannot be. */
  sync: SyncProps | null;
  payloads: PayloadsProps | null;
  hosts: HostsProps | null;
  keys: KeysProps | null;
  privacy: PrivacyProps | null;
  writeBack?: WriteBackOptionsProps | null;
  /** Null until the background has looked for one, once. */
  model: ModelProps | null;
  health?: HealthProps | null;
  /** Null until the background has drawn it, once. */
  selectors?: SelectorsProps | null;
  engine: EngineProps;
}

export function Options({
  problem,
  failure,
  connection,
  sync,
  payloads,
  hosts,
  keys,
  privacy,
  writeBack,
  model,
  health,
  selectors,
  engine,
}: OptionsProps) {
  const t = useTexts();
  return (
    <main className="options">
      <h1>SecTag</h1>
      {problem && (
        <p className="problem" role="alert">
          {t("options.storeProblem", { reason: problem })}
        </p>
      )}
      {failure && (
        <p className="problem" role="alert">
          {t("options.failure", { reason: failure })}
        </p>
      )}
      <Connection {...connection} />
      {sync && <Sync {...sync} />}
      {payloads && <Payloads {...payloads} />}
      {hosts && <Hosts {...hosts} />}
      {keys && <Keys {...keys} />}
      {privacy && <Privacy {...privacy} />}
      {writeBack && <WriteBackOptions {...writeBack} />}
      {model && <Model {...model} />}
      <Engine {...engine} />
      {health && <Health {...health} />}
      {selectors && <Selectors {...selectors} />}
    </main>
  );
}
