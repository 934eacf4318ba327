"""Checkpoints: all that training needs to resume with the same bits, in one atomic file.

A checkpoint holds the state of an engine (parameters, optimizer state, epoch, best epoch so far,
curve, trajectory, path) as named arrays, the identity (configuration, data, engine) of the run that
wrote it, and a hash of it all. One of another identity is ignored, and one that is damaged, too:
training begins anew, which is told.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from viewcast.base.files import replacing
from viewcast.base.progress import tell

FILE = "state.safetensors"


IDENTITY, HASH = "identity", "sha256"


def write(folder: Path, arrays: Mapping[str, NDArray[Any]], identity: str) -> None:
    """Replace the checkpoint in ``folder``; a crash leaves the former one intact."""
    about = {IDENTITY: identity, HASH: _hash(arrays, identity)}
    # Waiting for the disk would take 24 % of the time of a run.
    with replacing(folder / FILE, sync=False) as partial:
        save_file(dict(arrays), partial, metadata=about)


def read(folder: Path | None, identity: str) -> dict[str, NDArray[Any]] | None:
    """The arrays of the checkpoint of this same run; None where there is none that is whole."""
    if folder is None or not (folder / FILE).is_file():
        return None
    try:
        with safe_open(folder / FILE, framework="np") as file:
            about = file.metadata() or {}
            if about.get(IDENTITY) != identity:
                return None
            arrays = {name: file.get_tensor(name).copy() for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:  # of a full disk or a power failure
        _tell(folder / FILE, str(error))
        return None
    if about.get(HASH) != _hash(arrays, identity):
        _tell(folder / FILE, "its content is not as it was written")
        return None
    return arrays


def _tell(path: Path, why: str) -> None:
    tell(f"{path}: the checkpoint cannot be used ({why}); training begins anew")


def _hash(arrays: Mapping[str, NDArray[Any]], identity: str) -> str:
    """SHA-256 of the identity, and of name, type, shape and content of each array."""
    digest = hashlib.sha256(identity.encode())
    for name, array in sorted(arrays.items()):
        digest.update(repr((name, array.dtype.str, array.shape)).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
