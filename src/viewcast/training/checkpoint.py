"""Checkpoints: everything needed to go on as if nothing had happened, in one atomic file.

Holds parameters, optimiser memory, random state, epoch, best epoch so far, curve and path, and the
identity (configuration, data) of the run that wrote it. A checkpoint of another identity is
ignored; so is none.
"""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

FILE = "state.safetensors"


def write(
    folder: Path, tensors: dict[str, Tensor], numbers: dict[str, float], identity: str
) -> None:
    """Replace the checkpoint in ``folder``; a crash leaves the former one whole."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / (FILE + ".partial")
    about = {"identity": identity, "numbers": json.dumps(numbers)}
    save_file({k: v.contiguous() for k, v in tensors.items()}, partial, metadata=about)
    partial.replace(folder / FILE)


def read(folder: Path | None, identity: str) -> tuple[dict[str, Tensor], dict[str, float]] | None:
    """Tensors and numbers of the checkpoint that this very run left, if there is one."""
    if folder is None or not (folder / FILE).is_file():
        return None
    try:
        with safe_open(folder / FILE, framework="pt") as file:
            about = file.metadata() or {}
            if about.get("identity") != identity:
                return None
            tensors = {k: file.get_tensor(k).clone() for k in file.keys()}  # noqa: SIM118
            return tensors, json.loads(about["numbers"])
    except SafetensorError:  # damaged, by a full disk or a loss of power
        return None


def clear(folder: Path | None) -> None:
    """Forget the checkpoint: the run has ended."""
    if folder is not None:
        (folder / FILE).unlink(missing_ok=True)
