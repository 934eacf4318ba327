"""The rows of a run: training, validation, hidden and test rows with every feature of the model."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.paths import prepared_path
from viewcast.data import table
from viewcast.holdout.panels import refuse_panel
from viewcast.holdout.settings import divide
from viewcast.scoring.loss import check_targets
from viewcast.training.config import Config
from viewcast.training.device import device_of
from viewcast.training.problem import Problem

KEYS = ["row", "entity", "time"]


@dataclass(frozen=True)
class Rows:
    """The rows of each split that have every feature, the features, and what was left out.

    ``validation``: the rows whose scores are shown; ``hidden``: rows that are scored, and whose
    scores are sealed.
    The target of ``test`` rows is missing: it is sealed.
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    hidden: pd.DataFrame
    inputs: list[str]
    left_out: list[str]

    @cached_property
    def content(self) -> str:
        """Hash of all cells of the rows that are learnt from or scored, features included."""
        return table.content(self.train, self.validation, self.hidden)


def rows_of(config: Config, root: Path) -> Rows:
    """Read the prepared table and take the model's features and the data set's split.

    With ``holdout.hidden`` some validation rows are the hidden holdout, the same rows for every
    model. A row that lacks a feature is left out, never filled in; ``left_out`` says so. Training
    rows keep the column of their weights, where the trainer names one. Refuses (DataError) data
    without any training row, and rows of several series at the same times
    (``viewcast.holdout.panels``), and targets that the loss refuses; (ConfigError) weights that are
    no column.
    """
    data = config.data
    where = (prepared_path(root, data.name, data.part), config.preparation(), data.name)
    every = table.columns_of(*where)
    columns = table.feature_columns(every)
    inputs = table.select(config.model.features, config.data.features, columns)
    weight = [name for name in _weights(config, columns) if name not in inputs]
    own = [*KEYS, *table.target_columns(every), *(["level"] if "level" in every else [])]
    label = f"{table.SPLIT}{config.data.split}"
    found: dict[str, pd.DataFrame] = {}
    for split in ("train", "validation", "test"):  # each is read alone: no copy of all rows is made
        shown = [*own, *inputs, *(weight if split == "train" else [])]
        found[split] = table.read(*where, columns=shown, where=(label, [split]))
    found |= _divided(found["validation"], config)
    kept, left_out = {}, []
    for split, of_split in found.items():
        lacking = [name for name in inputs if of_split[name].hasnans]
        kept[split] = of_split
        if lacking:
            usable = of_split[inputs].notna().all(axis=1)
            kept[split] = of_split[usable].reset_index(drop=True)
            left_out.append(
                f"{len(of_split) - usable.sum()} of {len(of_split)} {split} rows left out: "
                f"{', '.join(lacking)} unknown"
            )
    for split in ("validation", "hidden"):  # errors and audits take neighbours for neighbours
        kept[split] = kept[split].sort_values("time", kind="stable", ignore_index=True)
    for split, rows in kept.items():
        which = f"data={config.data.name}, split={config.data.split}: {split} rows"
        if config.data.cluster is None:
            refuse_panel(rows, config.data.block, which)
    if kept["train"].empty:
        raise DataError(f"no training row has all of {inputs}; {'; '.join(left_out)}")
    for split in ("train", "validation", "hidden"):
        which = f"{split} rows of data={config.data.name}"
        for target in table.target_columns(own):
            check_targets(config.loss, kept[split][target].to_numpy(), which)
    return Rows(**kept, inputs=inputs, left_out=left_out)


def _weights(config: Config, columns: list[str]) -> list[str]:
    """The column of weights, where the trainer names one."""
    column = config.trainer.weight_column
    if column is not None and column not in columns:
        raise ConfigError(
            f"trainer.sample_weight = {column}: data={config.data.name} has no such column; "
            f"allowed: {', '.join(columns)}"
        )
    return [] if column is None else [column]


def _divided(validating: pd.DataFrame, config: Config) -> dict[str, pd.DataFrame]:
    """The validation rows that are shown, and those that are hidden."""
    if not config.holdout.hidden:
        return {"validation": validating, "hidden": validating.iloc[:0]}
    data, keys = config.data, validating[["entity", "time"]]
    part = divide(keys, config.holdout.hidden, data.block, data.cluster)
    names = ("validation", "hidden")
    return {name: validating[part == name].reset_index(drop=True) for name in names}


def problem_of(config: Config, rows: Rows) -> Problem:
    """What a trainer is given for this configuration and these rows."""
    outputs = table.target_columns(rows.train.columns)
    shown = ["row", *outputs, *rows.inputs]
    return Problem(
        train=rows.train.drop(columns=["entity", "time", "level"], errors="ignore"),
        validation=rows.validation[shown],
        inputs=rows.inputs,
        loss=config.loss,
        seed=config.seed,
        threads=config.threads,
        identity=f"{config.identity()}-{table.content(rows.train, rows.validation)}",
        device=device_of(config.device),
        outputs=tuple(outputs),
    )
