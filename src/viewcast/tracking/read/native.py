"""Row losses of runs that viewcast recorded: single runs, and sweeps with all their candidates."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run

from viewcast.assessment.row_losses import RowLosses
from viewcast.assessment.study import Scored
from viewcast.base.errors import DataError
from viewcast.base.parse import yaml_of
from viewcast.base.quoted import quoted
from viewcast.holdout.looks import Look
from viewcast.tracking.artifacts import Artifacts
from viewcast.tracking.look_tags import look_of
from viewcast.tracking.metric_names import LOSSES
from viewcast.tracking.read import native_tables
from viewcast.tracking.read.measured import named_loss, usual_loss
from viewcast.tracking.read.run_metadata import facts, failure, figure, truth
from viewcast.tracking.relocated import missing
from viewcast.tracking.tags import (
    BEST_EPOCH,
    CANDIDATE,
    CONFIG,
    CURVE,
    DATA,
    GIT_COMMIT,
    HIDDEN_HOLDOUT,
    MODEL_TRAIN_LOSS,
    MODEL_VAL_LOSS,
    MORE_IS_BETTER,
    PREDICTIONS,
    SWEEP_CURVES,
    SWEEP_HIDDEN_LOSSES,
    SWEEP_PREDICTIONS,
    SWEEP_TRAJECTORIES,
    TRAIN_LOSS,
    TRAJECTORY,
    VAL_LOSS,
)


class NativeRuns:
    """Reads runs of one experiment; tables of keys are kept once for all of them."""

    def __init__(self, client: MlflowClient, artifacts: Artifacts) -> None:
        self.client, self.artifacts = client, artifacts
        self.keys = native_tables.Keys()
        self.feature_sets: dict[tuple[str | None, ...], str] = {}

    def single(self, run: Run) -> list[Scored]:
        """A run of its own; none where it revealed nothing."""
        look = look_of(run, self.client)
        if look is None:
            return []
        scored = by_metadata(run, look)
        if scored.excluded is not None:
            return [scored]
        try:
            return [self._with_rows(scored, run)]
        except DataError as error:
            return [replace(scored, excluded=str(error))]

    def sweep(self, parent: Run, children: list[Run]) -> tuple[list[Scored], list[Look]]:
        """The candidates of a sweep, and the choice among them."""
        candidates = [
            by_metadata(run, look, parent)
            for run in children
            if (look := look_of(run, self.client)) is not None
        ]
        choice = look_of(parent, self.client)
        if choice is not None and choice.holdout is None and candidates:
            choice = replace(choice, holdout=candidates[0].look.holdout)
        numbers = {run.info.run_id: run.data.tags[CANDIDATE] for run in children}
        try:
            candidates = self._with_losses(parent, candidates, numbers)
        except DataError as error:
            candidates = [
                replace(scored, excluded=scored.excluded or str(error)) for scored in candidates
            ]
        return candidates, [] if choice is None else [choice]

    def _with_rows(self, scored: Scored, run: Run) -> Scored:
        path = self._needed(run, PREDICTIONS)
        rows = native_tables.losses_of(path, self.keys, self.artifacts.path(run, TRAJECTORY))
        if rows is None:
            raise DataError(f"{PREDICTIONS} has no validation row")
        hidden = self.artifacts.path(run, HIDDEN_HOLDOUT)
        curve = self.artifacts.path(run, CURVE) if scored.facts.in_epochs else None
        return replace(
            scored,
            facts=replace(scored.facts, features=self._features(run, scored.facts.features)),
            rows=rows,
            shown=_mean(rows),
            hidden_holdout=None if hidden is None else native_tables.losses_of(hidden, self.keys),
            curve=None if curve is None else native_tables.curves(curve)[0],
        )

    def _features(self, run: Run, named: str) -> str:
        """The features behind the name of a set, which may have several names; read once for all
        runs of the same data and code.
        """
        tags = run.data.tags
        known = (tags.get(DATA), tags.get(GIT_COMMIT), named)
        if known not in self.feature_sets:
            path = self.artifacts.path(run, CONFIG) if named else None
            try:
                plain = {} if path is None else yaml_of(path.read_text(encoding="utf-8"))
                sets = plain.get("data", {}).get("features", {})
            except (ValueError, AttributeError) as error:
                raise DataError(f"{CONFIG} is damaged ({quoted(str(error))})") from error
            self.feature_sets[known] = str(sets.get(named, named))
        return self.feature_sets[known]

    def _with_losses(
        self, parent: Run, candidates: list[Scored], numbers: dict[str, str]
    ) -> list[Scored]:
        path = self._needed(parent, SWEEP_PREDICTIONS)
        states = self.artifacts.path(parent, SWEEP_TRAJECTORIES)
        rows = native_tables.candidates_of(
            path, LOSSES[named_loss(parent) or usual_loss(parent)], self.keys, states
        )
        hidden = self.artifacts.path(parent, SWEEP_HIDDEN_LOSSES)
        losses = {} if hidden is None else native_tables.hidden_losses_of(hidden, self.keys)
        stored = self.artifacts.path(parent, SWEEP_CURVES)
        curves = {} if stored is None else native_tables.curves(stored)
        return [
            _candidate(scored, numbers[scored.run_id], rows, losses, curves)
            for scored in candidates
        ]

    def _needed(self, run: Run, name: str) -> Path:
        path = self.artifacts.path(run, name)
        if path is None:
            why = missing(run, str(self.client.tracking_uri))
            what = f"artifact {name} of run {run.info.run_id} is missing"
            raise DataError(what if why is None else f"{what}: {why}")
        return path


def by_metadata(run: Run, look: Look, parent: Run | None = None) -> Scored:
    """A run as its tags, parameters and metrics describe it; excluded where it failed."""
    metrics = run.data.metrics
    best = figure(metrics, BEST_EPOCH)
    logged = MORE_IS_BETTER in run.data.tags  # by somebody's code: its losses may be others
    scored = Scored(
        look=look,
        facts=facts(run, parent),
        train_loss=None if logged else figure(metrics, MODEL_TRAIN_LOSS, TRAIN_LOSS),
        shown=figure(metrics, MODEL_VAL_LOSS, VAL_LOSS),
        best_epoch=None if best is None else int(best),
        truth=truth(run),
    )
    ended = run.info.status in ("FAILED", "KILLED")
    return replace(scored, excluded=failure(run)) if ended else scored


def _mean(rows: RowLosses) -> float:
    """The mean loss; infinite where no number holds it."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(rows.final.mean())


def _candidate(
    scored: Scored,
    told: str,
    rows: dict[int, RowLosses],
    hidden_losses: dict[int, RowLosses],
    curves: dict[int, pd.DataFrame],
) -> Scored:
    if not (told.isdecimal() and len(told) <= native_tables.DIGITS):
        return replace(
            scored, excluded=f"tag {CANDIDATE} = {quoted(told)}: expected the number of a candidate"
        )
    number = int(told)
    own = rows.get(number)
    if scored.excluded is not None or own is None:
        return replace(scored, excluded=scored.excluded or "its sweep keeps no row losses of it")
    return replace(
        scored,
        rows=own,
        shown=_mean(own),
        hidden_holdout=hidden_losses.get(number),
        curve=curves.get(number),
    )
