"""What runs of viewcast leave in MLflow, as an audit reads it again: row losses of runs and sweeps,
curves, evaluated epochs, hidden rows, tags; and a referee's plan, submissions and closing.

A case holds ``runs.json``, the figures of each run, and below the number of a run its artifacts.
What is right is the loss of each run that nothing was changed of.
"""

import io
import json
import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from hypothesis import strategies as st
from mlflow import MlflowClient

from fuzz import artifacts, evil, json_values, stored_runs
from fuzz.case import Case
from fuzz.target import Accepted, Target
from support.closings import improver, loop
from support.simulated_store import SimulatedStore, days, trajectory
from viewcast.tracking.referee_runs import CLOSED, FALSE, OPEN, TRUE
from viewcast.tracking.tags import (
    ANSWERS_LEFT,
    OPENED_RUN,
    REASON,
    REFEREE,
    REFEREE_CLOSING,
    REFEREE_OUTSIDE,
    REFEREE_PLAN,
    REFEREE_STATE,
    REUSE,
    SUBMISSION,
    SUBMISSION_ACCEPTED,
    SUBMITTED,
    SUBMITTER,
    TEST_OPENING,
)

ROWS, CANDIDATES = 40, 3
ALL_OF_IT = 24  # of so many cases one is audited to the end
ODD = ("", "x", "-1", "0", "nan", "1e400", "null", "[]", "{}", "[1]", '[{"purpose": "report"}]')
FIGURES = (0.5, -1.0, 1e308, float("nan"), float("inf"))


class Noting:
    """Takes what a store would, as the figures of runs."""

    def __init__(self) -> None:
        self.runs: dict[str, dict[str, Any]] = {}

    def create_run(self, experiment: str, start: int, tags: Any, name: str) -> Any:
        """A run."""
        run_id = f"{len(self.runs):032x}"
        about = {"id": run_id, "name": name, "start": start, "tags": dict(tags)}
        self.runs[run_id] = {**about, "metrics": {}, "params": {}}
        return SimpleNamespace(info=SimpleNamespace(run_id=run_id))

    def log_batch(self, run_id: str, metrics: Any = (), params: Any = (), tags: Any = ()) -> None:
        """Figures of it."""
        for name, given in (("metrics", metrics), ("params", params), ("tags", tags)):
            self.runs[run_id][name] |= {each.key: each.value for each in given}

    def set_terminated(self, run_id: str, status: str, end: int) -> None:
        """Its end."""
        self.runs[run_id]["status"] = status


@cache
def stored() -> tuple[list[dict[str, Any]], dict[str, bytes], dict[str, Any]]:
    """The figures of the runs, their artifacts, and what is right of each."""
    rng, noted = np.random.default_rng(6), Noting()
    with tempfile.TemporaryDirectory() as place:
        store = SimulatedStore(Path(place), cast(MlflowClient, noted), "1")
        keys, hidden = days(ROWS), days(10, "2023-01-01")
        for name in ("one", "two"):
            store.run(name, rng.random(ROWS))
        states = rng.random((4, ROWS)).astype(np.float32)
        curve = pd.DataFrame({"epoch": range(1, 5), "train_loss": 0.5, "val_loss": 0.6})
        trained = {"states": states, "hidden_holdout": rng.random(10), "curve": curve}
        store.run("trained", states[-1], **trained, params={"trainer.restore_best": "True"})
        predictions = (keys["target"].to_numpy() + rng.normal(size=(CANDIDATES, ROWS))).astype("f4")
        epochs = pd.concat([trajectory(rng.random((2, ROWS))).assign(candidate=n) for n in (0, 1)])
        hidden_losses = rng.random((CANDIDATES, 10))
        store.sweep(
            predictions, keys, trajectories=epochs, hidden_losses=hidden_losses, hidden_keys=hidden
        )
        opening = {TEST_OPENING: "1", OPENED_RUN: f"{0:032x}", REUSE: "0", REASON: "why"}
        store.bare("opening", opening, {"test_loss": 0.5, "test_error": 0.1})
        _referee(store, "closed", seed=1)
        _referee(store, "open", seed=2)
        numbers = {run_id: number for number, run_id in enumerate(noted.runs)}
        files = {}
        for path in sorted((Path(place) / "artifacts").rglob("*")):
            if path.is_file():
                run_id, _, *below = path.relative_to(Path(place) / "artifacts").parts
                files[f"{numbers[run_id]}/{'/'.join(below)}"] = path.read_bytes()
    abouts = list(noted.runs.values())
    return abouts, files, stored_runs_right(abouts, files)


def _referee(store: SimulatedStore, name: str, seed: int) -> None:
    """The runs of a referee, closed or open, and of its submissions."""
    played = loop(improver, budget=6, submissions=5, seed=seed, rows=120)
    plan = played.closed().plan
    about = {REFEREE: plan.hash, REFEREE_PLAN: json.dumps(plan.plain()), REFEREE_STATE: OPEN}
    if name == "closed":
        about[REFEREE_STATE] = CLOSED
    parent = store.bare(f"referee {name}", about)
    if name == "closed":
        closing = json.dumps(played.closed().plain(), indent=2)
        (store.folder(parent) / REFEREE_CLOSING).write_text(closing)
        (store.folder(parent) / REFEREE_OUTSIDE).write_text(json.dumps({f"{0:032x}": 7}))
    for one in played.answers:
        tags = {
            REFEREE: plan.hash,
            SUBMISSION: str(one.number),
            SUBMITTER: one.submitter,
            SUBMITTED: one.digest,
            SUBMISSION_ACCEPTED: TRUE if one.accepted else FALSE,
            ANSWERS_LEFT: str(one.left),
            "mlflow.parentRunId": parent,
        }
        store.bare(f"submission {one.number}", tags)


def stored_runs_right(abouts: list[dict[str, Any]], files: dict[str, bytes]) -> dict[str, Any]:
    """What is read of the runs as they were stored."""
    with tempfile.TemporaryDirectory() as place:
        laid = Case(files).lay(Path(place) / "given")
        right: dict[str, Any] = stored_runs.read(abouts, laid, whole=False).value
    return right


@st.composite
def artifact(draw: st.DrawFn, name: str, content: bytes) -> tuple[bytes, str]:
    """Another content of an artifact, and what is wrong with it."""
    how = draw(st.sampled_from(("values", "values", "values", "bytes", "text", "other")))
    if how == "bytes":
        return draw(evil.broken(content))
    if how == "text":
        return draw(st.sampled_from((*artifacts.TEXTS, *json_values.DEEP))), how
    if how == "other":
        files = stored()[1]
        other = draw(st.sampled_from(sorted(files)))
        return files[other], f"that of {other}"
    if name.endswith(".json"):
        value, how = draw(json_values.changed(json.loads(content)))
        return json_values.text(value), how
    if name.endswith(".csv"):
        table = pd.read_csv(io.BytesIO(content)).to_dict("list")
    else:
        table = pq.read_table(io.BytesIO(content)).to_pydict()
    changed, how = draw(artifacts.damaged({str(key): cells for key, cells in table.items()}))
    return artifacts.content(changed, name), how


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """All runs, of which a few things were changed."""
    abouts, files, right = stored()
    abouts, files, touched, made = json.loads(json.dumps(abouts)), dict(files), set(), []
    for _ in range(draw(st.integers(0, 2))):
        kind = draw(st.sampled_from(("artifact", "artifact", "gone", "tag", "tag", "metric")))
        if kind in ("artifact", "gone"):
            name = draw(st.sampled_from(sorted(files)))
            number = int(name.partition("/")[0])
            if kind == "gone":
                del files[name]
            else:
                files[name], kind = draw(artifact(name, stored()[1][name]))
            made.append(f"{name} of {abouts[number]['name']}: {kind}")
        else:
            number = draw(st.integers(0, len(abouts) - 1))
            what = "tags" if kind == "tag" else "metrics"
            section = abouts[number][what]
            key = draw(st.sampled_from(sorted(stored()[0][number][what]) or ["val_loss"]))
            if kind == "metric":
                section[key] = draw(st.sampled_from(FIGURES))
            elif draw(st.integers(0, 3)) == 0:
                section.pop(key, None)
            elif (own := stored()[0][number]["tags"][key]).startswith(("{", "[")):
                section[key] = json.dumps(draw(json_values.changed(json.loads(own)))[0])
            else:
                section[key] = draw(st.sampled_from(ODD))
            made.append(f"{key} of {abouts[number]['name']}: {str(section.get(key))[:30]}")
        touched |= _depend_on(abouts, number)
    known = {name: value for name, value in right.items() if name not in touched}
    whole = draw(st.integers(0, ALL_OF_IT)) == 0
    files["runs.json"] = json.dumps({"runs": abouts, "whole": whole}).encode()
    return Case(files, known, tuple(made))


def _depend_on(abouts: list[dict[str, Any]], number: int) -> set[str]:
    """The names of all that may be read otherwise once this run is: it, and those of its kind that
    share its artifacts; a referee's hash with all its runs.
    """
    own = stored()[0][number]
    names = {own["name"]}
    if own["name"].startswith("search"):
        names |= {each["name"] for each in stored()[0] if each["name"].startswith("search")}
    return names | {own["tags"][REFEREE]} if REFEREE in own["tags"] else names


def agrees(value: Any, right: Any) -> bool:
    """Whether each run that was not touched has its loss; an audit leaves out what has no price."""
    return all(
        value.get(name) is None or bool(np.isclose(value[name], wanted, rtol=1e-6))
        for name, wanted in right.items()
    )


def run(given: Path, project: Path) -> Accepted:
    """Read all runs, and audit them to the end where the case says so."""
    about = json.loads((given / "runs.json").read_text())
    return stored_runs.read(about["runs"], given, about["whole"])


TARGET = Target("native", cases(), run, agrees, places=("experiment = fuzzed", "run "))
