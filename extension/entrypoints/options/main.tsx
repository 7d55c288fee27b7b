// Wiring of the options page: settings, connection and store, live.
import { createRoot } from "react-dom/client";
import { allowHost, askToAdd } from "../../allow-host.ts";
import { createAttempts } from "../../attempts.ts";
import { sendMessage } from "../../messages.ts";
import { followOptions, type OptionsData } from "../../options-data.ts";
import { saveFile } from "../../save-file.ts";
import { connect, disconnect } from "../../store/connection.ts";
import { forgetChoice, writeSettings } from "../../store/engine-memory.ts";
import { mostHosts, removeHost } from "../../store/hosts.ts";
import { discardDead, exportDead, retryDead } from "../../store/review-log.ts";
import { writeKeys, writePrivacy } from "../../store/review-settings.ts";
import { writeWriteBack } from "../../store/write-back.ts";
import { texts } from "../../texts.ts";
import { Options } from "../../ui/options.tsx";
import { TextsContext } from "../../ui/texts.ts";
import "../../ui/theme.css";
import "../../ui/options.css";

const container = document.getElementById("root");
const root = container && createRoot(container);
let shown: OptionsData | null = null;
const render = () => shown && root?.render(<TextsContext value={texts}>{draw(shown)}</TextsContext>);
const { attempt, failure } = createAttempts(render);

type Question = "sync.now" | "model.look" | "model.back" | "selectors.look" | "selectors.packaged";
const ask = (what: Question) => () => attempt(sendMessage(what, undefined));

function draw({ stored, db, problem, connection, hosts, keys, privacy, managed, settings, status, selectors, ...data }: OptionsData) {
  const connected = connection !== null;
  return (
    <Options
      problem={problem}
      failure={failure()}
      connection={{
        connection,
        waiting: stored?.overview.pending ?? 0,
        sample: stored?.sample ?? null,
        onConnect: async (link) => void (await connect(link)),
        onDisconnect: () => attempt(disconnect()),
      }}
      sync={
        stored &&
        db && {
          connected,
          pending: stored.overview.pending,
          status: stored.overview.status,
          dead: stored.dead,
          onSyncNow: ask("sync.now"),
          onRetry: (ids) => attempt(retryDead(db, ids).then(() => sendMessage("sync.now", undefined))),
          onExport: () => attempt(exportDead(db).then((text) => saveFile("sectag-refused-reviews.json", text))),
          onDiscard: (id) => attempt(discardDead(db, id)),
        }
      }
      payloads={stored && { payloads: stored.payloads }}
      hosts={{
        hosts,
        most: mostHosts,
        onAdd: (text) => askToAdd(text, hosts.length),
        onAllow: (origin) => attempt(allowHost(origin)),
        onRemove: (origin) => attempt(removeHost(origin)),
      }}
      keys={{ keys, onKeys: (next) => attempt(writeKeys(next)) }}
      privacy={{ privacy, managed, connected, onPrivacy: (next) => attempt(writePrivacy(next)) }}
      writeBack={{ settings: data.writeBack, managed: data.managedWriteBack, onSettings: (next) => attempt(writeWriteBack(next)) }}
      model={data.model && { view: data.model, onLook: connected ? ask("model.look") : null, onBack: ask("model.back") }}
      health={{ views: data.health }}
      selectors={selectors && { view: selectors, onLook: connected ? ask("selectors.look") : null, onPackaged: ask("selectors.packaged") }}
      engine={{ settings, status, onSettings: (next) => attempt(writeSettings(next)), onMeasureAgain: () => attempt(forgetChoice()) }}
    />
  );
}

document.documentElement.lang = texts("locale");
void followOptions(new AbortController().signal, (data) => {
  shown = data;
  render();
});
