// The card's line that says how many of this person's corrections the model has learnt from.
import { useEffect, useState } from "react";
import type { OwnCorrections } from "../../shared/model-run.ts";
import { useTexts } from "./texts.ts";

interface Props {
  /** Version that made the suggestion on show: another one's corrections are not in it. */
  version: string;
  ask(): Promise<OwnCorrections | null>;
}

export function OwnCorrectionsLine({ version, ask }: Props) {
  const t = useTexts();
  const [own, setOwn] = useState<OwnCorrections | null>(null);
  useEffect(() => {
    let shown = true;
    // Without an answer the line is missing, and nothing else.
    ask().then(
      (answer) => shown && setOwn(answer),
      () => undefined,
    );
    return () => {
      shown = false;
    };
  }, [ask]);
  return own && own.version === version ? <p className="quiet">{t("model.own", { n: own.n, version })}</p> : null;
}
