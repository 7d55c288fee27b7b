"""Step `plot`: the picture of what the learning proof found."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot


def run(figures: Path, out: Path) -> int:
    """Draws what scripts/prove/learning.ts found: the siblings and, where it was at hand, dev; F1 before and after."""
    found = json.loads(figures.read_text(encoding="utf-8"))
    tables = [("Sibling tickets, in Chromium", found["siblingsTable"])]
    if found["dev"]:
        tables.append(("Public dev part", found["dev"]))
    figure, axes = pyplot.subplots(1, len(tables), figsize=(6.5 * len(tables), 5), squeeze=False, layout="constrained")
    for axis, (title, table) in zip(axes[0], tables, strict=True):
        names = sorted(table)
        places = range(len(names))
        axis.barh(
            [place + 0.2 for place in places], [table[name]["before"] for name in names], 0.38, label=found["from"]
        )
        axis.barh([place - 0.2 for place in places], [table[name]["after"] for name in names], 0.38, label=found["to"])
        axis.set_yticks(list(places), [f"{name} (taught)" if name == found["kind"] else name for name in names])
        axis.set_xlim(0, 100)
        axis.set_xlabel("F1, points")
        axis.set_title(title)
        axis.legend(loc="lower right")
    figure.savefig(out, dpi=110)
    print(json.dumps({"ok": True, "plot": str(out)}))
    return 0
