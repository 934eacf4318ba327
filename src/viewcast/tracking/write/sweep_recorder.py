"""A sweep in MLflow: one parent run with its tables, one child run per candidate.

Every candidate is a look at the validation rows and its run records it; the parent run records the
choice of one among them. Curves are metrics for the ``BEST`` by validation and ``OTHERS`` drawn at
random: the UI slows down beyond about a hundred runs with long curves; the tables of the parent
hold the curves of all.
"""

import json
import math
import time
from collections.abc import Collection, Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run

from viewcast.base.settings import digest
from viewcast.holdout.looks import Use
from viewcast.sweep.members import Member
from viewcast.sweep.results import TABLES, Results
from viewcast.sweep.space import on_log_scale
from viewcast.tracking import datasets, look_tags
from viewcast.tracking.evaluation_set import EvaluationSet
from viewcast.tracking.experiments import SEARCH, experiment_of, run_name
from viewcast.tracking.run_keys import by_key
from viewcast.tracking.store import all_runs, connect
from viewcast.tracking.tags import (
    BATCH_ID,
    CANDIDATE,
    CANDIDATES,
    COMPARED,
    FAILURE,
    GENERALIZATION_GAP,
    IDENTITY,
    LOG10_OF,
    MODEL_METRICS,
    PARENT,
    PICTURES_FOLDER,
    RUN_NAME,
    SEALED_FOLDER,
    SWEEP,
    SWEEP_HIDDEN_LOSSES,
    SWEEP_SETTINGS,
    TABLES_FOLDER,
    TRAIN_LOSS,
    VAL_LOSS,
    VAL_LOSS_TRUE,
    VAL_LOSS_TRUE_ERROR,
)
from viewcast.tracking.write import ends, many_runs
from viewcast.tracking.write.finished_run import FinishedRun
from viewcast.tracking.write.many_runs import is_half_written
from viewcast.tracking.write.recorder import (
    compared,
    flat,
    run_tags,
    shown_params,
    training_tags,
)
from viewcast.tracking.write.views import write_views
from viewcast.training.config import Config
from viewcast.training.rows import rows_of

BEST, OTHERS = 20, 30
# Metrics of the stored state of a candidate, by the column of the table of candidates; the true
# loss is known where the data are simulated.
FIGURES = {
    **MODEL_METRICS,
    "val_loss_true": VAL_LOSS_TRUE,
    "val_loss_true_error": VAL_LOSS_TRUE_ERROR,
}


def record(
    results: Results,
    candidates: Sequence[Member],
    folder: Path,
    root: Path,
    part: str = SEARCH,
) -> str:
    """Write the sweep to MLflow; returns the parent run's id.

    Candidates that are there already, from a try that was interrupted, are not written again, and
    one that was left half written gets what it lacks.
    ``part``: of the experiments of the data set.
    """
    config = candidates[0].config
    client = connect(config.tracking)
    experiment = experiment_of(client, config, part)
    with FileLock(folder / "recording.lock"):  # of two processes the second finds all there
        parent = _parent(client, experiment, candidates, folder, root)
        with ends.ended_by_errors(client, parent.info.run_id):
            mark = f"tags.`{PARENT}` = '{parent.info.run_id}'"
            known = {run.data.tags[CANDIDATE]: run for run in all_runs(client, experiment, mark)}
            begun = {number: run for number, run in known.items() if is_half_written(run)}
            missing = [m for m in candidates if str(m.number) not in known]
            half = [m for m in candidates if str(m.number) in begun]
            for member, run in zip(half, _runs(results, half, folder, root, parent), strict=True):
                many_runs.complete(client, begun[str(member.number)], run)
            many_runs.add(client, experiment, _runs(results, missing, folder, root, parent))
            _store_tables(client, parent.info.run_id, results, folder)
    return str(parent.info.run_id)


def _runs(
    results: Results, candidates: Sequence[Member], folder: Path, root: Path, parent: Run
) -> Iterator[FinishedRun]:
    """The runs of candidates, made one by one: many curves need much room."""
    if not candidates:
        return
    config, now = candidates[0].config, int(time.time() * 1000)
    lines = {int(line["candidate"]): line for line in results.candidates.to_dict("records")}
    curves = dict(tuple(results.curves.groupby("candidate")))
    curved = _curved(results.candidates)
    shared, evaluation_sets = run_tags(config, root), EvaluationSets(root)
    log_scale = on_log_scale(json.loads((folder / SWEEP_SETTINGS).read_text(encoding="utf-8")))
    for member in candidates:
        line = lines[member.number]
        tags = {
            **shared,
            **training_tags(member.config),
            **_look(member, int(line["epochs"]), evaluation_sets),
            BATCH_ID: _batch(member, parent),
            PARENT: parent.info.run_id,
            SWEEP: folder.name,
            RUN_NAME: f"{run_name(config)}-{member.number:04d}",
            CANDIDATE: str(member.number),
            IDENTITY: member.config.identity(),
            **compared(member.config, line["status"] == "finished"),
        }
        if line["status"] == "diverged":
            tags[FAILURE] = str(line["failure"])
        curve = curves[member.number] if member.number in curved else curves[member.number].tail(1)
        # Candidates of one batch began together; a batch begins when the one before has ended.
        end = now + (member.batch or 0)
        start = end if member.batch else int(parent.info.start_time)
        status = ends.FINISHED if line["status"] == "finished" else ends.FAILED
        metrics = _metrics(line, curve, now)
        yield FinishedRun(tags, start, end, status, _params(member, log_scale), metrics)


def finish(parent: str, pictures: Sequence[Path], candidates: Sequence[Member]) -> None:
    """Store the pictures, end the parent run, and write the views of its experiment."""
    client = connect(candidates[0].config.tracking)
    with ends.ended_by_errors(client, parent):
        for picture in pictures:
            client.log_artifact(parent, str(picture), PICTURES_FOLDER)
    client.set_terminated(parent, ends.FINISHED)
    write_views(client, str(client.get_run(parent).info.experiment_id))


def family(parent: str, candidates: Sequence[Member]) -> list[str]:
    """The keys of the runs of a sweep (``viewcast.tracking.run_keys``), in order."""
    client = connect(candidates[0].config.tracking)
    of_parent = client.get_run(parent)
    mark = f"tags.`{PARENT}` = '{parent}'"
    children = all_runs(client, of_parent.info.experiment_id, mark)
    return sorted(by_key([of_parent, *children]))


class EvaluationSets:
    """The rows that candidates are scored on, read once for all that share them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.known: dict[str, EvaluationSet | None] = {}

    def of(self, config: Config) -> EvaluationSet | None:
        """The evaluation set of a candidate; None without validation rows."""
        plain = config.plain
        classes = [plain[section]["_target_"] for section in ("model", "trainer", "loss")]
        features = plain["model"]["features"]
        shared = digest([plain["data"], features, plain["holdout"], classes])
        if shared not in self.known:
            self.known[shared] = EvaluationSet.of(config, rows_of(config, self.root))
        return self.known[shared]


def _parent(
    client: MlflowClient, experiment: str, candidates: Sequence[Member], folder: Path, root: Path
) -> Run:
    mark = f"tags.`{SWEEP}` = '{folder.name}' and tags.`{CANDIDATES}` != ''"
    known = all_runs(client, experiment, mark)
    if known and known[0].data.params:  # the last that is written
        return known[0]
    config = candidates[0].config
    rows = rows_of(config, root)
    evaluation_set = EvaluationSet.of(config, rows)
    tags = {**run_tags(config, root)}
    if evaluation_set is not None:
        choice = Use("select", 0, len(candidates))
        tags |= evaluation_set.tags("sweep", folder.name) | look_tags.tags_of([choice])
    tags |= {
        SWEEP: folder.name,
        CANDIDATES: str(len(candidates)),
        COMPARED: "false",  # it has no score of its own
    }
    # The file is as old as the beginning of the search.
    began = int((folder / SWEEP_SETTINGS).stat().st_mtime * 1000)
    name = f"{run_name(config)} of {len(candidates)}"
    run = known[0] if known else client.create_run(experiment, began, tags, name)
    datasets.log(client, run.info.run_id, datasets.of(config, rows))
    client.log_artifact(run.info.run_id, str(folder / SWEEP_SETTINGS))
    own = set(candidates[0].own)
    shared = {k: v for k, v in shown_params(config).items() if k not in own}
    client.log_batch(run.info.run_id, params=[Param(k, v) for k, v in shared.items()])
    return run


def _look(member: Member, epochs: int, evaluation_sets: EvaluationSets) -> dict[str, str]:
    evaluation_set = evaluation_sets.of(member.config)
    if evaluation_set is None:
        return {}
    uses = look_tags.tags_of(look_tags.uses(member.config.trainer, epochs))
    return evaluation_set.tags(member.config.identity()) | uses


def _batch(member: Member, parent: Run) -> str:
    batch_id: str = parent.data.tags[BATCH_ID]
    return batch_id if member.batch is None else f"{batch_id}-{member.batch}"


def _store_tables(client: MlflowClient, parent: str, results: Results, folder: Path) -> None:
    for table in TABLES:
        client.log_artifact(parent, str(folder / TABLES_FOLDER / f"{table}.parquet"), TABLES_FOLDER)
    if not results.hidden_losses.empty:
        client.log_artifact(parent, str(folder / SWEEP_HIDDEN_LOSSES), SEALED_FOLDER)


def _metrics(line: dict[Hashable, Any], curve: pd.DataFrame, now: int) -> list[Metric]:
    metrics = []
    for key in (TRAIN_LOSS, VAL_LOSS):
        metrics += [
            Metric(key, float(value), now, int(epoch))
            for epoch, value in zip(curve["epoch"], curve[key], strict=True)
            if pd.notna(value)
        ]
    for column, name in FIGURES.items():
        if pd.notna(line.get(column)):
            metrics.append(Metric(name, float(line[column]), now, 0))
    if pd.notna(line["val_loss"]):
        gap = float(line["val_loss"] - line["train_loss"])
        metrics.append(Metric(GENERALIZATION_GAP, gap, now, 0))
    return metrics


def _params(member: Member, log_scale: Collection[str]) -> list[Param]:
    """What is a candidate's own; numbers swept on a logarithmic scale also as their logarithm.

    The axes on which MLflow's UI compares parameters are linear.
    """
    own = flat(dict(member.own))
    logs = {f"{key}{LOG10_OF}": f"{math.log10(member.own[key]):.6g}" for key in log_scale}
    return [Param(key, value) for key, value in {**own, **logs}.items()]


def _curved(candidates: pd.DataFrame) -> set[int]:
    """The candidates whose curves become metrics: the best and some drawn with a fixed seed."""
    best = candidates.nsmallest(BEST, "val_loss")["candidate"]
    rest = candidates[~candidates["candidate"].isin(best)]["candidate"].to_numpy()
    rng = np.random.default_rng(len(candidates))
    others = rng.choice(rest, min(OTHERS, len(rest)), replace=False)
    return {int(number) for number in (*best, *others)}
