"""Row losses of runs that viewcast recorded: single runs, and sweeps with all their candidates."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.audit.row_losses import RowLosses
from viewcast.audit.study import Scored
from viewcast.base.errors import DataError
from viewcast.holdout.looks import Look
from viewcast.tracking.look_tags import look_of
from viewcast.tracking.read import native_tables
from viewcast.tracking.read.artifacts import Artifacts
from viewcast.tracking.read.external import measure_of
from viewcast.tracking.read.run_metadata import CANDIDATE, facts, failure, figure, truth

PREDICTIONS = "predictions.parquet"


class Own:
    """Reads runs of one experiment; tables of keys are kept once for all of them."""

    def __init__(self, client: MlflowClient, artifacts: Artifacts) -> None:
        self.client, self.artifacts = client, artifacts
        self.keys = native_tables.Keys()
        self.sets: dict[tuple[str | None, ...], str] = {}

    def single(self, run: Run) -> list[Scored]:
        """A run of its own; none where it revealed nothing."""
        look = look_of(run, self.client)
        if look is None:
            return []
        scored = described(run, look)
        if scored.excluded is not None:
            return [scored]
        try:
            return [self._with_rows(scored, run)]
        except DataError as error:
            return [replace(scored, excluded=str(error))]

    def sweep(self, parent: Run, children: list[Run]) -> tuple[list[Scored], list[Look]]:
        """The candidates of a sweep, and the choice among them."""
        looks = {run.info.run_id: look_of(run, self.client) for run in children}
        found = [
            described(run, look, parent)
            for run in children
            if (look := looks[run.info.run_id]) is not None
        ]
        choice = look_of(parent, self.client)
        if choice is not None and choice.holdout is None and found:
            choice = replace(choice, holdout=found[0].look.holdout)
        numbers = {run.info.run_id: int(run.data.tags[CANDIDATE]) for run in children}
        try:
            priced = self._candidates(parent, found, numbers)
        except DataError as error:
            priced = [replace(one, excluded=one.excluded or str(error)) for one in found]
        return priced, [] if choice is None else [choice]

    def _with_rows(self, scored: Scored, run: Run) -> Scored:
        path = self._needed(run, PREDICTIONS)
        rows = native_tables.losses_of(
            path, self.keys, self.artifacts.path(run, "trajectory.parquet")
        )
        if rows is None:
            raise DataError(f"{PREDICTIONS} has no validation row")
        hidden_holdout = self.artifacts.path(
            run, "sealed/hidden_holdout.parquet"
        ) or self.artifacts.path(run, "sealed/shadow.parquet")
        curve = self.artifacts.path(run, "curve.csv") if scored.facts.keep else None
        return replace(
            scored,
            facts=replace(scored.facts, features=self._features(run, scored.facts.features)),
            rows=rows,
            shown=float(rows.final.mean()),
            hidden_holdout=None
            if hidden_holdout is None
            else native_tables.losses_of(hidden_holdout, self.keys),
            curve=None if curve is None else native_tables.curves(curve)[0],
        )

    def _features(self, run: Run, named: str) -> str:
        """The features behind the name of a set, which may have several names; once for all runs
        of the same data and code.
        """
        tags = run.data.tags
        known = (tags.get("viewcast.data"), tags.get("viewcast.git_commit"), named)
        if known not in self.sets:
            path = self.artifacts.path(run, "config.yaml") if named else None
            plain = {} if path is None else yaml.safe_load(path.read_text(encoding="utf-8"))
            sets = plain.get("data", {}).get("features", {})
            self.sets[known] = str(sets.get(named, named))
        return self.sets[known]

    def _candidates(
        self, parent: Run, found: list[Scored], numbers: dict[str, int]
    ) -> list[Scored]:
        path = self._needed(parent, f"tables/{PREDICTIONS}")
        states = self.artifacts.path(parent, "tables/trajectories.parquet")
        rows = native_tables.candidates_of(path, measure_of(parent), self.keys, states)
        hidden_holdout = self.artifacts.path(
            parent, "sealed/hidden_losses.parquet"
        ) or self.artifacts.path(parent, "sealed/shadows.parquet")
        hidden_losses = (
            {} if hidden_holdout is None else native_tables.shadows_of(hidden_holdout, self.keys)
        )
        drawn = self.artifacts.path(parent, "tables/curves.parquet")
        curves = {} if drawn is None else native_tables.curves(drawn)
        return [_candidate(one, numbers[one.run_id], rows, hidden_losses, curves) for one in found]

    def _needed(self, run: Run, name: str) -> Path:
        path = self.artifacts.path(run, name)
        if path is None:
            raise DataError(f"artifact {name} of run {run.info.run_id} is missing")
        return path


def described(run: Run, look: Look, parent: Run | None = None) -> Scored:
    """A run by what it says of itself; excluded where it failed."""
    metrics = run.data.metrics
    best = figure(metrics, "best_epoch")
    scored = Scored(
        look=look,
        facts=facts(run, parent),
        train_loss=figure(metrics, "model_train_loss", "train_loss"),
        shown=figure(metrics, "model_val_loss", "val_loss"),
        best_epoch=None if best is None else int(best),
        truth=truth(run),
    )
    ended = run.info.status in ("FAILED", "KILLED")
    return replace(scored, excluded=failure(run)) if ended else scored


def _candidate(
    scored: Scored,
    number: int,
    rows: dict[int, RowLosses],
    hidden_losses: dict[int, RowLosses],
    curves: dict[int, pd.DataFrame],
) -> Scored:
    own = rows.get(number)
    if scored.excluded is not None or own is None:
        return replace(scored, excluded=scored.excluded or "its sweep keeps no row losses of it")
    return replace(
        scored,
        rows=own,
        shown=float(own.final.mean()),
        hidden_holdout=hidden_losses.get(number),
        curve=curves.get(number),
    )
