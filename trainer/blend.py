"""Step `blend`: averages the weights of runs that grew from one another; often better on unseen text than each of them.

See Wortsman et al. 2022, "Model soups" and "Robust fine-tuning of zero-shot models" (WiSE-FT).
"""

from __future__ import annotations

import shutil
from pathlib import Path

from safetensors.torch import load_file, save_file

from trainer.model import WEIGHTS
from trainer.runs import MANIFEST, file_digest, make_run, require_run


def run(root: Path, trained: list[Path], shares: list[float]) -> Path:
    """Makes a `train` run folder whose weights are the mean of `trained`, weighed by `shares` (any scale).

    Raises ValueError when the numbers of both differ or a share is not positive.
    """
    if len(trained) != len(shares) or len(trained) < 2 or min(shares) <= 0:
        raise ValueError("blend needs two or more runs and as many positive shares")
    manifests = [require_run(folder, "train") for folder in trained]
    total = sum(shares)
    settings = {
        "build": manifests[0]["settings"]["build"],
        "recipe": manifests[0]["settings"]["recipe"],
        "init": manifests[0]["settings"]["init"],
        "base": manifests[0]["settings"]["base"],
        "blend": {
            file_digest(folder / MANIFEST)[:12]: share / total for folder, share in zip(trained, shares, strict=True)
        },
    }

    def write(folder: Path) -> dict:
        blended = {name: tensor * (shares[0] / total) for name, tensor in load_file(str(trained[0] / WEIGHTS)).items()}
        for other, share in zip(trained[1:], shares[1:], strict=True):
            for name, tensor in load_file(str(other / WEIGHTS)).items():
                blended[name] += tensor * (share / total)
        save_file({name: tensor.contiguous() for name, tensor in blended.items()}, str(folder / WEIGHTS))
        for name in ("encoder.json", "tokenizer.json", "recipe.json"):
            shutil.copyfile(trained[0] / name, folder / name)
        return {
            **manifests[0]["facts"],
            "blend_of": [source.name for source in trained],
            "shares": [s / total for s in shares],
        }

    return make_run(root, "train", settings, write)
