"""Checkpoints: all that training needs to resume with the same bits, in one atomic file.

A checkpoint holds the state of an engine (parameters, optimizer state, epoch, best epoch so far,
curve, trajectory, path) as named arrays, and the identity (configuration, data, engine) of the run
that wrote it. A checkpoint of another identity is ignored.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from viewcast.base.files import replacing

FILE = "state.safetensors"


def write(folder: Path, arrays: Mapping[str, NDArray[Any]], identity: str) -> None:
    """Replace the checkpoint in ``folder``; a crash leaves the former one intact."""
    # Waiting for the disk would take 24 % of the time of a run.
    with replacing(folder / FILE, sync=False) as partial:
        save_file(dict(arrays), partial, metadata={"identity": identity})


def read(folder: Path | None, identity: str) -> dict[str, NDArray[Any]] | None:
    """The arrays of the checkpoint of this same run; None where there is none."""
    if folder is None or not (folder / FILE).is_file():
        return None
    try:
        with safe_open(folder / FILE, framework="np") as file:
            if (file.metadata() or {}).get("identity") != identity:
                return None
            return {name: file.get_tensor(name).copy() for name in file.keys()}  # noqa: SIM118
    except SafetensorError:  # damaged by a full disk or a power failure
        return None
