"""The two folders of a run: the results in its output folder, and the checkpoints beside it."""

from pathlib import Path

from viewcast.base import folders
from viewcast.base.errors import ConfigError
from viewcast.base.folders import Kind
from viewcast.base.parse import json_of


def _holds_result(folder: Path) -> bool:
    """Whether a folder without a mark is that of a run of version 0.1."""
    try:
        result = json_of((folder / "result.json").read_text(encoding="utf-8"))
        return bool({"run_id", "identity"} <= result.keys())
    except (OSError, ValueError, AttributeError):
        return False


RUN = Kind(
    "run",
    (
        *("model/*", "sealed/*.parquet", "curve.csv", "path.csv", "result.json", "key"),
        *("predictions.parquet", "surface.parquet", "trajectory.parquet"),
    ),
    _holds_result,
)
# Version 0.1 wrote no mark here, and left the file `finished` in the folder of a finished run.
CHECKPOINTS = Kind(
    "checkpoint",
    ("run_id", "finished", "state.safetensors", "state.safetensors.partial"),
    lambda folder: (folder / "run_id").is_file() or (folder / "finished").is_file(),
)


def check_output(root: Path, output: Path) -> tuple[Path, Path]:
    """The resolved folders of results and of checkpoints for an output folder.

    Refuses (ConfigError) folders that may not be replaced, see ``viewcast.base.folders``, and the
    name ``checkpoints``, under which the checkpoints of other runs lie.
    """
    results = folders.check_folder(root, output, RUN)
    if results.name == "checkpoints":
        raise ConfigError(f"{output}: checkpoints of runs lie there; choose another name")
    beside = results.parent / "checkpoints" / results.name
    return results, folders.check_folder(root, beside, CHECKPOINTS)
