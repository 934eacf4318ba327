"""A sweep in MLflow: one parent run with its tables, one child run per candidate.

Every candidate is a look at the validation rows, so each run has the tag ``viewcast.holdout``.
Curves are metrics for the ``BEST`` by validation and ``OTHERS`` drawn at random: the UI slows down
beyond about a hundred runs with long curves; the tables of the parent hold the curves of all.
"""

import time
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from viewcast.data.table import holdout
from viewcast.run import rows_of
from viewcast.sweep.results import TABLES, Results
from viewcast.sweep.train import Member
from viewcast.tracking.recorder import BATCH, flat, run_tags, shown_params
from viewcast.tracking.store import all_runs, connect

BEST, OTHERS = 20, 30
FIGURES = ("train_loss", "val_loss", "val_error", "best_epoch")
PARENT = "mlflow.parentRunId"
SWEEP = "viewcast.sweep"


def record(results: Results, everyone: Sequence[Member], folder: Path, root: Path) -> str:
    """Write the sweep to MLflow; returns the parent run's id.

    Candidates that are there already, from a try that was interrupted, are not written again.
    """
    config = everyone[0].config
    client, experiment = connect(config.tracking)
    rows = rows_of(config, root)
    used = holdout(rows.validation) if len(rows.validation) else "none"
    parent = _parent(client, experiment, everyone, folder, root)
    mark = f"tags.`{PARENT}` = '{parent}'"
    known = {run.data.tags["viewcast.candidate"] for run in all_runs(client, experiment, mark)}
    lines = {int(line["candidate"]): line for line in results.candidates.to_dict("records")}
    curves = dict(tuple(results.curves.groupby("candidate")))
    curved = _curved(results.candidates)
    shared = run_tags(config, root)
    for member in everyone:
        if str(member.number) in known:
            continue
        line = lines[member.number]
        tags = {
            **shared,
            PARENT: parent,
            SWEEP: folder.name,
            "mlflow.runName": f"{config.name}-{member.number:04d}",
            "viewcast.candidate": str(member.number),
            "viewcast.identity": member.config.identity(),
            "viewcast.holdout": used,
        }
        if line["status"] == "diverged":
            tags["viewcast.failure"] = str(line["failure"])
        curve = curves[member.number] if member.number in curved else curves[member.number].tail(1)
        _child(client, experiment, tags, member, line, curve)
    for table in TABLES:
        client.log_artifact(parent, str(folder / "tables" / f"{table}.parquet"), "tables")
    return parent


def finish(parent: str, pictures: Sequence[Path], everyone: Sequence[Member]) -> None:
    """Store the pictures and end the parent run."""
    client, _ = connect(everyone[0].config.tracking)
    for picture in pictures:
        client.log_artifact(parent, str(picture), "pictures")
    client.set_terminated(parent, "FINISHED")


def _parent(
    client: MlflowClient, experiment: str, everyone: Sequence[Member], folder: Path, root: Path
) -> str:
    mark = f"tags.`{SWEEP}` = '{folder.name}' and tags.`viewcast.candidates` != ''"
    found = client.search_runs([experiment], mark, max_results=1)
    if found:
        return str(found[0].info.run_id)
    config = everyone[0].config
    tags = {
        **run_tags(config, root),
        SWEEP: folder.name,
        "viewcast.candidates": str(len(everyone)),
    }
    run = client.create_run(experiment, run_name=f"{config.name} of {len(everyone)}", tags=tags)
    own = set(everyone[0].own)
    shared = {k: v for k, v in shown_params(config.plain).items() if k not in own}
    client.log_batch(run.info.run_id, params=[Param(k, v) for k, v in shared.items()])
    client.log_artifact(run.info.run_id, str(folder / "sweep.json"))
    return str(run.info.run_id)


def _child(
    client: MlflowClient,
    experiment: str,
    tags: dict[str, str],
    member: Member,
    line: dict[Hashable, Any],
    curve: pd.DataFrame,
) -> None:
    run = client.create_run(experiment, tags=tags, run_name=tags["mlflow.runName"])
    now = int(time.time() * 1000)
    metrics = []
    for key in ("train_loss", "val_loss"):
        points = curve[["epoch", key]].dropna()
        metrics += [
            Metric(key, float(value), now, int(epoch))
            for epoch, value in points.itertuples(index=False)
        ]
    for key in FIGURES:
        if pd.notna(line[key]):
            name = key if key == "best_epoch" else f"model_{key}"
            metrics.append(Metric(name, float(line[key]), now, 0))
    if pd.notna(line["val_loss"]):
        gap = float(line["val_loss"] - line["train_loss"])
        metrics.append(Metric("generalization_gap", gap, now, 0))
    own = flat(dict(member.own))
    client.log_batch(
        run.info.run_id, metrics=metrics[:BATCH], params=[Param(k, v) for k, v in own.items()]
    )
    status = "FINISHED" if line["status"] == "finished" else "FAILED"
    client.set_terminated(run.info.run_id, status)


def _curved(candidates: pd.DataFrame) -> set[int]:
    """Whose curves become metrics: the best and some drawn at random, the same ones every time."""
    best = candidates.nsmallest(BEST, "val_loss")["candidate"]
    rest = candidates[~candidates["candidate"].isin(best)]["candidate"].to_numpy()
    rng = np.random.default_rng(len(candidates))
    others = rng.choice(rest, min(OTHERS, len(rest)), replace=False)
    return {int(number) for number in (*best, *others)}
