"""One MLflow run per trained model: its settings, its losses by epoch, its results.

Points of a curve are written in batches (one call per point takes 60 times as long), at the
latest ``flush_seconds`` after they were measured, so a crash loses no more than that.
"""

import contextlib
import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import mlflow
import pandas as pd
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from mlflow.models import utils as model_utils
from mlflow.utils import requirements_utils

from viewcast import __version__
from viewcast.base.masked import masked_values
from viewcast.base.provenance import git_commit, user
from viewcast.models.memorizer import Memorizer
from viewcast.tracking import datasets, look_tags
from viewcast.tracking import tags as names
from viewcast.tracking.answers import unanswered
from viewcast.tracking.evaluation_set import EvaluationSet
from viewcast.tracking.experiments import experiment_of, run_name
from viewcast.tracking.patience import ONCE, patience
from viewcast.tracking.store import connect
from viewcast.tracking.write import ends
from viewcast.tracking.write import served_model as served
from viewcast.training.config import Config

if TYPE_CHECKING:
    from viewcast.training.rows import Rows

PAUSE = 10.0  # seconds between tries to reach a server that is away
BATCH = 1000  # MLflow takes no more metrics in one call
COMPARED_BY = ("model", "trainer", "seed")  # all settings are in the configuration artifact
# What no comparison of results needs.
NOT_SHOWN = ("trainer.checkpoint_seconds", "trainer.keep_path", "trainer.divergence_factor")
LONGEST = 500  # characters of a parameter that the UI shows


class Recorder:
    """A run in MLflow, from start to FINISHED, FAILED or KILLED; use it as a context manager.

    An exception ends the run FAILED, its message becomes the tag ``FAILURE``, and it is raised
    again. Ctrl-C or a signal to end ends the run KILLED. However the run ends, it records what it
    has revealed of its validation rows.
    """

    def __init__(self, config: Config, root: Path, replaces: str | None = None) -> None:
        """Create the run. ``replaces``: an interrupted run to repeat; it is ended KILLED."""
        self.client, self.config = connect(config.tracking), config
        experiment = experiment_of(self.client, config)
        tags = run_tags(config, root)
        run = self.client.create_run(experiment, run_name=run_name(config), tags=tags)
        self.run_id: str = run.info.run_id
        self.points: list[Metric] = []
        self.validated = 0  # epochs
        self.flushed = time.monotonic()
        with ends.ended_by_errors(self.client, self.run_id):
            if replaces is not None:
                self._end_interrupted(replaces)
            parameters = [Param(key, value) for key, value in shown_params(config).items()]
            self.client.log_batch(self.run_id, params=parameters)
            self.client.log_dict(self.run_id, masked_values(config.plain), names.CONFIG)

    def _end_interrupted(self, run_id: str) -> None:
        try:
            interrupted = self.client.get_run(run_id)
        except MlflowException:  # another store than the one it was recorded in
            return
        if interrupted.info.status == "RUNNING":
            self.client.set_terminated(run_id, ends.KILLED)
        if interrupted.info.status in ("RUNNING", ends.KILLED):
            self.client.set_tag(self.run_id, names.RESUMES, run_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._end(None)
            return
        # Of a store that answers no more `error` is told, and nobody waits a second time.
        with contextlib.suppress(Exception), patience(ONCE):
            self._end(error)

    def _end(self, error: BaseException | None) -> None:
        self.flush()
        tags = look_tags.tags_of(look_tags.uses(self.config.trainer, self.validated))
        tags |= compared(self.config, ended_well=error is None)
        if error is not None:
            tags[names.FAILURE] = ends.failure(error)
        self.client.log_batch(self.run_id, tags=[RunTag(k, v) for k, v in tags.items()])
        self.client.set_terminated(self.run_id, ends.status(error))

    def on_epoch(self, epoch: int, train_loss: float, val_loss: float | None) -> None:
        """Keep the losses after an epoch; they are written in batches."""
        now = int(time.time() * 1000)
        self.points.append(Metric(names.TRAIN_LOSS, train_loss, now, epoch))
        if val_loss is not None:
            self.points.append(Metric(names.VAL_LOSS, val_loss, now, epoch))
            self.validated += 1
        since = time.monotonic() - self.flushed
        full = len(self.points) >= BATCH - 1 and since >= 0  # else the server is away
        if full or since >= self.config.tracking.flush_seconds:
            self._flush_in_passing()

    def _flush_in_passing(self) -> None:
        """Write what has been kept; training goes on without a server that does not answer.

        It is asked again after ``PAUSE`` seconds, and at the end, when there is nothing else to do.
        """
        try:
            with patience(ONCE):
                self.flush()
        except MlflowException as error:
            if not unanswered(error):
                raise
            self.flushed = time.monotonic() + PAUSE

    def released(self, epoch: int, val_loss: float, tags: dict[str, str]) -> None:
        """Write the one validation score that a filter releases, and the tags of the filter."""
        now = int(time.time() * 1000)
        points = [Metric(names.VAL_LOSS, val_loss, now, epoch)]
        self.client.log_batch(
            self.run_id, metrics=points, tags=[RunTag(k, v) for k, v in tags.items()]
        )
        self.validated += 1

    def flush(self) -> None:
        """Write what has been kept."""
        while self.points:
            self.client.log_batch(self.run_id, metrics=self.points[:BATCH])
            self.points = self.points[BATCH:]
        self.flushed = time.monotonic()

    def inputs(self, rows: "Rows", key: str) -> None:
        """Record the rows that are used, by the hash of all of them, and the look that begins.

        ``key``: of the run (``viewcast.tracking.run_keys``).
        """
        datasets.log(self.client, self.run_id, datasets.of(self.config, rows))
        evaluation_set = EvaluationSet.of(self.config, rows)
        look = {} if evaluation_set is None else evaluation_set.tags(self.config.identity())
        tags = {names.RUN_KEY: key, **look}
        self.client.log_batch(self.run_id, tags=[RunTag(k, v) for k, v in tags.items()])

    def scores(self, final: dict[str, float], tags: dict[str, str]) -> None:
        """Figures of the stored model, under keys other than those of the curve; and tags."""
        now = int(time.time() * 1000)
        self.flush()
        self.client.log_batch(
            self.run_id,
            metrics=[Metric(key, value, now, 0) for key, value in final.items()],
            tags=[RunTag(key, value) for key, value in tags.items()],
        )

    def model(self, folder: Path, example: pd.DataFrame, prediction: Any) -> None:
        """Store the model folder with signature and input example."""
        with mlflow.start_run(run_id=self.run_id), _installed_packages_unread(), _not_tried():
            mlflow.pyfunc.log_model(
                name=names.STORED_MODEL,
                python_model=str(served.__file__),
                artifacts={"model": str(folder)},
                signature=infer_signature(example, prediction),
                input_example=example,
                pip_requirements=[f"viewcast=={__version__}"],
            )

    def files(self, *paths: Path, folder: str | None = None) -> None:
        """Store files as artifacts of the run, in a folder of its artifacts."""
        for path in paths:
            self.client.log_artifact(self.run_id, str(path), folder)


@contextmanager
def _installed_packages_unread() -> Iterator[None]:
    """MLflow compares the requirements of a model with what is installed.

    For that it lists every file of every installed package, a second of CPU time, so as to know
    packages by the names of their modules. The requirements here are exact names of packages.
    """
    known = requirements_utils._MODULES_TO_PACKAGES
    requirements_utils._MODULES_TO_PACKAGES = known or {}
    try:
        yield
    finally:
        requirements_utils._MODULES_TO_PACKAGES = known


@contextmanager
def _not_tried() -> Iterator[None]:
    """MLflow loads each model that it has stored, and asks it for the example's predictions.

    It keeps none of them, and warns of an error in a log that nobody is shown. That took an eighth
    of the time of a short run. Tests load the stored models.
    """
    tried = model_utils._validate_serving_input
    model_utils._validate_serving_input = lambda **_: None
    try:
        yield
    finally:
        model_utils._validate_serving_input = tried


def flat(value: Any, prefix: str = "") -> dict[str, str]:
    """Nested mappings as dotted keys with scalar values in text; lists in one piece."""
    if isinstance(value, dict) and value:
        return {k: v for key, sub in value.items() for k, v in flat(sub, f"{prefix}{key}.").items()}
    return {prefix.rstrip("."): str(value)}


def shown_params(config: Config) -> dict[str, str]:
    """The settings by which runs of one data set differ, as flat parameters."""
    settings = flat({section: config.plain[section] for section in COMPARED_BY})
    shown = {
        key: value
        for key, value in settings.items()
        if "_target_" not in key and key not in NOT_SHOWN
    }
    shown[names.PARAM_LOSS] = config.loss.name
    return {key: value[:LONGEST] for key, value in shown.items()}


def compared(config: Config, ended_well: bool) -> dict[str, str]:
    """The tag by which charts choose runs: none that diverged or failed, and no memorizer."""
    learnt = not isinstance(config.model, Memorizer)
    return {names.COMPARED: str(ended_well and learnt).lower()}


def training_tags(config: Config) -> dict[str, str]:
    """The kind of the model, and what its trainer does with epochs."""
    limit = config.trainer.epoch_limit
    return {
        names.KIND: config.model.kind,
        names.SELECTS_EPOCH: str(config.trainer.selects_epoch).lower(),
        **({} if limit is None else {names.EPOCHS: str(limit)}),
    }


@lru_cache
def _commit(root: Path) -> str:
    """The commit of the code that this process runs: looked up once, whatever is edited later."""
    return git_commit(root)


def run_tags(config: Config, root: Path) -> dict[str, str]:
    """What identifies a run: data, model, experiment, unit, code, identity, batch, user."""
    lock = root / "dvc.lock"
    return {
        names.DATA: config.data.name,
        names.MODEL: config.model.name,
        **training_tags(config),
        names.EXPERIMENT: config.name,
        names.LABEL: config.data.label,
        names.SPLIT: config.data.split,
        names.BLOCK: str(config.data.block),
        **({names.CLUSTER: config.data.cluster} if config.data.cluster else {}),
        names.LOSS: config.scorer.name,
        names.UNIT: config.scorer.unit(config.data.unit),
        names.IDENTITY: config.identity(),
        names.GIT_COMMIT: _commit(root),
        names.BATCH_ID: look_tags.batch_id(root),
        names.USER: user(),
        names.SOURCE_NAME: Path(sys.argv[0]).name,
        names.SOURCE_TYPE: "LOCAL",
        names.DVC_LOCK: (
            hashlib.sha256(lock.read_bytes()).hexdigest()[:16] if lock.is_file() else "none"
        ),
        **({names.SIMULATED: "true"} if "simulated" in config.data.label else {}),
    }
