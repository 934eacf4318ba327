"""The rows that a run used, as dataset inputs of MLflow.

The store keeps a dataset once for each experiment, however many runs used it. The profile of a set
of validation rows names every row, so that MLflow alone shows which sets overlap.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Run
from mlflow.exceptions import MlflowException

from viewcast.base.parse import json_of
from viewcast.data.table import holdout, row_identities
from viewcast.tracking.answers import is_taken
from viewcast.tracking.tags import CONTEXT, TRAINING, VALIDATION

if TYPE_CHECKING:
    from viewcast.training.config import Config
    from viewcast.training.rows import Rows

NAMED = 20_000  # rows; beyond, a profile would weigh hundreds of kilobytes in every answer
DIGITS = 8  # of a row's hash: two of 20,000 others' rows are taken for each other in 1 of 10 cases


def of(config: "Config", rows: "Rows") -> list[DatasetInput]:
    """Training and validation rows of a run, by the hash of all of them; none without rows."""
    used = {TRAINING: rows.train, VALIDATION: rows.validation}
    name = f"{config.data.name}-{config.data.split}"
    return [
        input_of(
            name, holdout(frame), config.data.raw, context, profile(frame, context == VALIDATION)
        )
        for context, frame in used.items()
        if not frame.empty
    ]


def input_of(
    name: str, digest: str, source: str, context: str, about: dict[str, object]
) -> DatasetInput:
    """Rows as a dataset input; ``about``: the profile, stored as JSON."""
    dataset = Dataset(name, digest, source_type="local", source=source, profile=json.dumps(about))
    return DatasetInput(dataset, [InputTag(CONTEXT, context)])


def log(client: MlflowClient, run_id: str, inputs: list[DatasetInput]) -> None:
    """Name the rows that a run used.

    If several writers are the first to name a set of rows at the same moment, the store refuses
    all but one; when the others try again they refer to the set that is there now.
    """
    for last in (False, False, True):
        try:
            client.log_inputs(run_id, datasets=inputs)
            return
        except MlflowException as error:
            if last or not is_taken(error):
                raise


def profile(frame: pd.DataFrame, named: bool) -> dict[str, object]:
    """``num_rows``, the times of the ``first`` and the ``last`` row, and with ``named`` as ``rows``
    the first digits of each row's hash, for sets of at most ``NAMED`` rows.
    """
    counted: dict[str, object] = {"num_rows": len(frame), **span(frame)}
    if named and len(frame) <= NAMED:
        counted["rows"] = row_names(frame)
    return counted


def span(frame: pd.DataFrame) -> dict[str, object]:
    """The times of the ``first`` and the ``last`` of some rows, as text."""
    return {"first": str(frame["time"].min()), "last": str(frame["time"].max())}


def row_names(frame: pd.DataFrame) -> list[str]:
    """The rows as they are named in a profile, sorted."""
    return sorted(identity[:DIGITS] for identity in row_identities(frame))


def in_context(run: Run, *contexts: str) -> list[Dataset]:
    """The datasets among a run's inputs that were used in one of these contexts."""
    return [
        entry.dataset
        for entry in (run.inputs.dataset_inputs if run.inputs else [])
        if any(tag.key == CONTEXT and tag.value in contexts for tag in entry.tags)
    ]


def validation_of(run: Run) -> Dataset | None:
    """The validation rows among a run's inputs."""
    return next(iter(in_context(run, VALIDATION)), None)


def rows_by_holdout(runs: Iterable[Run]) -> dict[str, set[str]]:
    """The named rows of every holdout that some run has among its inputs."""
    rows: dict[str, set[str]] = {}
    for run in runs:
        dataset = validation_of(run)
        if dataset is not None and dataset.digest not in rows:
            rows[dataset.digest] = _named(dataset)
    return rows


def _named(dataset: Dataset) -> set[str]:
    try:
        return set(json_of(dataset.profile or "{}").get("rows", []))
    except (ValueError, AttributeError, TypeError):  # a profile that another tool wrote
        return set()
