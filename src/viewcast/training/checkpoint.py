"""Checkpoints: all that training needs to resume with the same bits, in one atomic file.

A checkpoint holds all of ``State`` (parameters, optimizer state, random state, epoch, best epoch so
far, curve, trajectory, path) and the identity (configuration, data) of the run that wrote it. A
checkpoint of another identity is ignored.
"""

from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from viewcast.base.files import replacing

FILE = "state.safetensors"


def write(folder: Path, tensors: dict[str, Tensor], identity: str) -> None:
    """Replace the checkpoint in ``folder``; a crash leaves the former one intact."""
    stored = {name: tensor.contiguous() for name, tensor in tensors.items()}
    # Waiting for the disk would take 24 % of the time of a run.
    with replacing(folder / FILE, sync=False) as partial:
        save_file(stored, partial, metadata={"identity": identity})


def read(folder: Path | None, identity: str) -> dict[str, Tensor] | None:
    """The tensors of the checkpoint of this same run; None where there is none."""
    if folder is None or not (folder / FILE).is_file():
        return None
    try:
        with safe_open(folder / FILE, framework="pt") as file:
            if (file.metadata() or {}).get("identity") != identity:
                return None
            return {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except SafetensorError:  # damaged by a full disk or a power failure
        return None
