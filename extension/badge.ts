// The toolbar badge: a page's state in two characters, with the whole sentence as the button's title.

import type { severityIds } from "../shared/labels.ts";
import type { PageReport } from "../shared/review.ts";
import { chipText } from "../shared/words.ts";

export interface Badge {
  text: string;
  color: string;
  title: string;
}

const severityColors: Record<(typeof severityIds)[number], string> = {
  low: "#5d8a17",
  medium: "#8a6500",
  high: "#c2520f",
  critical: "#b3261e",
};

export function badgeOf(report: PageReport): Badge {
  const grey = "#5b6675";
  switch (report.state) {
    case "left":
      return { text: "", color: grey, title: "SecTag: no ticket on this page" };
    case "reading":
      return { text: "…", color: grey, title: "SecTag: reading the ticket" };
    case "loading":
      return { text: "…", color: grey, title: `SecTag: loading the model, ${Math.round(report.progress * 100)} %` };
    case "unreadable":
      return { text: "–", color: grey, title: `SecTag: not readable here. ${report.reason}` };
    case "failed":
      return { text: "!", color: "#b3261e", title: `SecTag: ${report.reason}` };
    case "tagged": {
      const { suggestion } = report;
      const title = `SecTag: ${chipText(suggestion)}`;
      if (suggestion.problem) return { text: "!", color: "#b3261e", title: `${title}. ${suggestion.problem.message}` };
      if (suggestion.abstained || !suggestion.threatType || !suggestion.severity) return { text: "?", color: grey, title };
      if (suggestion.threatType === "benign") return { text: "ok", color: grey, title };
      return {
        text: { low: "LOW", medium: "MED", high: "HIGH", critical: "CRIT" }[suggestion.severity],
        color: severityColors[suggestion.severity],
        title,
      };
    }
  }
}
