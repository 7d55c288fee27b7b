// Wiring of the options page: settings and the engine's status, live.
import { createRoot } from "react-dom/client";
import { forgetChoice, readSettings, readStatus, watchEngine, writeSettings } from "../../store/engine-memory.ts";
import { Options } from "../../ui/options.tsx";
import "../../ui/theme.css";

const container = document.getElementById("root");
if (container) {
  const root = createRoot(container);
  const draw = async () => {
    const [settings, status] = await Promise.all([readSettings(), readStatus()]);
    root.render(
      <Options
        settings={settings}
        status={status}
        onSettings={(next) => void writeSettings(next)}
        onMeasureAgain={() => void forgetChoice()}
      />,
    );
  };
  watchEngine(new AbortController().signal, () => void draw());
  void draw();
}
