"""Folders of fitted models and checkpoints: edited, mixed up, cut.

One that is accepted must be the one that was stored: the same predictions, the same arrays.
"""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from fuzz import evil
from fuzz.case import Case
from fuzz.target import Accepted, Refused, Target
from viewcast.models import network
from viewcast.models.average import FittedAverage
from viewcast.models.boosted import FittedTrees
from viewcast.models.each_output import FittedEachOutput
from viewcast.models.fitted import Fitted, FittedMemory, FittedNaive, FittedNetwork, load, save
from viewcast.models.scaling import Scaling
from viewcast.training import checkpoint

INPUTS = ["lag_1", "lag_2", "age"]
ROWS = 5
TREE = (
    "tree\n\nTree=0\nnum_leaves=3\nsplit_feature=0 1\nthreshold=0.1 0.5\nleft_child=1 -1\n"
    "right_child=-2 -3\nleaf_value=1 2 3\n\n\nend of trees\n"
)
ODD: tuple[Any, ...] = (
    *(None, 0, -1, 1e400, "", "network", "memory", "naive", "os", [], ["lag_2", "lag_1", "age"]),
    *(["nothing"], ["lag_1"], [1, 2], [["lag_1"]], {}, {"a": 1}, INPUTS * 2, "x" * 5_000),
)
IDENTITY = "0123456789abcdef"
CHECKPOINT = f"checkpoint/{checkpoint.FILE}"


def _network(hidden: tuple[int, ...], outputs: int = 1) -> FittedNetwork:
    rng = np.random.default_rng(3)
    params = network.init_values(len(INPUTS), hidden, rng, outputs)
    return FittedNetwork(INPUTS, hidden, params, Scaling.identity(len(INPUTS)))


@cache
def stored() -> dict[str, dict[str, bytes]]:
    """The files of a model of each kind, and of a checkpoint."""
    trees = FittedTrees(INPUTS, 0.5, TREE)
    models: dict[str, Fitted] = {
        "line": _network(()),
        "network": _network((4, 3)),
        "several": _network((4,), 2),
        "memory": FittedMemory([], {"0": 3.0, "1": 4.0, "é": 5.0}),
        "naive": FittedNaive(INPUTS[:1], 0.0),
        "constant": FittedNaive([], 7.0),
        "trees": trees,
        "average": FittedAverage((_network((2,)), trees)),
        "each": FittedEachOutput((trees, trees)),
    }
    with tempfile.TemporaryDirectory() as place:
        for name, model in models.items():
            save(model, Path(place) / name, "views")
        state = {"params": np.arange(6.0), "epoch": np.array(3)}
        checkpoint.write(Path(place) / "checkpoint", state, IDENTITY)
        files = [path for path in Path(place).rglob("*") if path.is_file()]
        found: dict[str, dict[str, bytes]] = {}
        for path in sorted(files):
            found.setdefault(path.parent.name, {})[path.name] = path.read_bytes()
    return found


def rows() -> pd.DataFrame:
    """Rows that every one of the models predicts."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame(rng.standard_normal((ROWS, len(INPUTS))), columns=INPUTS)
    return frame.assign(row=[str(n) for n in range(ROWS)])


@cache
def predictions(name: str) -> Any:
    """What the model predicts as it was stored."""
    with tempfile.TemporaryDirectory() as place:
        for file, content in stored()[name].items():
            (Path(place) / file).write_bytes(content)
        return load(Path(place)).predict(rows()).tolist()


@st.composite
def edited(draw: st.DrawFn, text: bytes) -> tuple[bytes, str]:
    """A description with another value, without a key, or with one more."""
    about = json.loads(text)
    key = draw(st.sampled_from([*about, "kind", "inputs", "more"]))
    value = draw(st.sampled_from(ODD))
    if draw(st.booleans()):
        about[key] = value
    else:
        about.pop(key, None)
    deep = draw(st.integers(0, 9)) == 0
    if deep:
        return b"[" * 100_000, "deep"
    return json.dumps(about).encode(), f"{key} {str(value)[:20]!r}"


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One folder in which something was changed."""
    name = draw(st.sampled_from(list(stored())))
    files = dict(stored()[name])
    file = draw(st.sampled_from(sorted(files)))
    how = draw(st.sampled_from(("bytes", "bytes", "edit", "edit", "swap", "gone", "none", "empty")))
    if how == "bytes":
        files[file], how = draw(evil.broken(files[file]))
    elif how == "edit" and "model.json" in files:
        files["model.json"], how = draw(edited(files["model.json"]))
    elif how == "swap":
        other = draw(st.sampled_from(list(stored())))
        files[file] = stored()[other].get(file, b"")
        how = f"{file} of {other}"
    elif how == "gone":
        del files[file]
    elif how == "empty":
        files[file] = b""
    if name == "checkpoint":
        return Case(
            {f"checkpoint/{each}": content for each, content in files.items()}, None, (how,)
        )
    laid = {f"{name}/{each}": content for each, content in files.items()}
    return Case(laid, predictions(name), (name, how))


def run(given: Path, project: Path) -> Accepted | Refused:
    """Predict by the model, or resume from the checkpoint."""
    (folder,) = list(given.iterdir()) or [given / "nothing"]
    if folder.name == "checkpoint":
        state = checkpoint.read(folder, IDENTITY)
        return Refused(f"{folder}: starts anew") if state is None else Accepted(sorted(state))
    return Accepted(load(folder).predict(rows()).tolist())


TARGET = Target("models", cases(), run)
