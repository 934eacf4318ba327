"""Checkpoints: everything needed to go on as if nothing had happened, in one atomic file.

Holds all of ``State`` (parameters, optimizer optimizer_state, random state, epoch, best so far, curve,
trajectory, path) and the identity (configuration, data) of the run that wrote it. A checkpoint of
another identity is ignored; so is none.
"""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

FILE = "state.safetensors"


def write(folder: Path, tensors: dict[str, Tensor], identity: str) -> None:
    """Replace the checkpoint in ``folder``; a crash leaves the former one whole."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / (FILE + ".partial")
    stored = {name: tensor.contiguous() for name, tensor in tensors.items()}
    save_file(stored, partial, metadata={"identity": identity})
    partial.replace(folder / FILE)


def read(folder: Path | None, identity: str) -> dict[str, Tensor] | None:
    """The tensors of the checkpoint that this very run left, if there is one."""
    if folder is None or not (folder / FILE).is_file():
        return None
    try:
        with safe_open(folder / FILE, framework="pt") as file:
            if (file.metadata() or {}).get("identity") != identity:
                return None
            return {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except SafetensorError:  # damaged, by a full disk or a loss of power
        return None
