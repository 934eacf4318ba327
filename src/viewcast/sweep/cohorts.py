"""Training of a sweep: candidates of the same model and rows as cohorts, as their trainer can.

Every chunk of a cohort is trained once. A finished chunk is a folder under that of the sweep; a
sweep that was killed goes on with the other chunks.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.provenance import code_digest
from viewcast.base.settings import digest
from viewcast.data import table
from viewcast.models.fitted import Fitted
from viewcast.scoring.loss import Loss, row_losses
from viewcast.scoring.scores import Vector, keyed, score
from viewcast.sweep.results import NO_TRAJECTORY, Results, thinned, thinned_losses
from viewcast.sweep.space import Plain, configured
from viewcast.training.config import Config, parse
from viewcast.training.rows import Rows, problem_of, rows_of
from viewcast.training.run_code import modules_of
from viewcast.training.trainer import CohortMember, Outcome, Tick


@dataclass(frozen=True)
class Member:
    """A candidate of the sweep: its number, what is its own, and its whole configuration.

    ``batch``: of a search that draws in sight of the losses of the batches before.
    """

    number: int
    own: Mapping[str, Any]
    config: Config
    batch: int | None = None


class Figures(Protocol):
    """More figures of a candidate, taken while its parameters are at hand: columns of the table of
    candidates, metrics of its run. ``identity``: hash of what they depend on beside the model.
    """

    @property
    def identity(self) -> str:
        """Sixteen hexadecimal digits."""

    def __call__(self, model: Fitted, loss: Loss) -> dict[str, float]:
        """Name and value of each figure."""


def members(
    base: Plain,
    candidates: Sequence[Mapping[str, Any]],
    first: int = 0,
    batch: int | None = None,
) -> list[Member]:
    """The candidates as checked configurations; refuses (ConfigError) filters of scores."""
    checked = []
    for number, own in enumerate(candidates, start=first):
        config = parse(configured(base, own))
        if config.holdout.release is not None:
            raise ConfigError(
                f"holdout.release = {config.holdout.release.name}: a sweep chooses by the raw "
                "scores of all candidates; choose holdout.release=null, or train one by one"
            )
        checked.append(Member(number, own, config, batch))
    return checked


def train(
    candidates: Sequence[Member],
    root: Path,
    folder: Path,
    tick: Tick,
    workers: int,
    figures: Figures | None = None,
) -> Results:
    """Train all candidates, so many chunks at a time as there are ``workers``.

    ``tick`` is given the number of epochs of candidates that have just been done.
    """
    cohorts: dict[str, list[Member]] = {}
    for member in candidates:
        plain = member.config.plain
        shared = ("data", "model", "loss", "holdout", "threads", "device")
        alike = [*(plain[key] for key in shared), plain["trainer"]["_target_"]]
        cohorts.setdefault(digest(alike), []).append(member)
    parts: list[Results] = []
    for cohort in cohorts.values():
        parts += _train_cohort(cohort, root, folder, tick, workers, figures)
    return Results.joined(parts)


def _train_cohort(
    cohort: list[Member],
    root: Path,
    folder: Path,
    tick: Tick,
    workers: int,
    figures: Figures | None,
) -> list[Results]:
    config = cohort[0].config
    rows = rows_of(config, root)
    content = table.content(rows.train, rows.validation, rows.hidden)
    code = code_digest(__name__, *modules_of(config))
    problem = problem_of(config, rows)
    peers = []
    for member in cohort:
        member.config.trainer.check(problem, config.model)
        peers.append(CohortMember(member.config.trainer, member.config.seed))
    trainer = type(config.trainer)

    def part(places: list[int]) -> Results:
        of_chunk = [cohort[place] for place in places]
        own = [member.config.identity() for member in of_chunk]
        key = digest([code, content, *own, *([figures.identity] if figures else [])])
        where = folder / key
        if not Results.whole(where):
            chosen = [peers[place] for place in places]
            outcomes = trainer.fit_cohort(problem, config.model, chosen, tick)
            _results(of_chunk, outcomes, rows, figures).write(where)
        else:
            tick(sum(epochs(member.config) for member in of_chunk))
        return Results.read(where)

    # Training works outside Python's lock, and chunks share nothing: threads change speed, no bits.
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(part, trainer.cohorts(problem, config.model, peers)))


def epochs(config: Config) -> int:
    """The most epochs of a candidate; 1 where its trainer has none."""
    return config.trainer.epoch_limit or 1


def _results(
    cohort: list[Member], outcomes: list[Outcome], rows: Rows, figures: Figures | None
) -> Results:
    lines, curves, trajectories = [], [], []
    predicted: dict[str, Any] = {"target": rows.validation["target"]}
    hidden_losses: dict[str, Any] = {}
    for member, outcome in zip(cohort, outcomes, strict=True):
        line, number = _line(member, outcome), str(member.number)
        scored = _scored(member, outcome, rows)
        if isinstance(scored, str):
            line |= {"status": "diverged", "failure": scored}
        else:
            values, losses, hidden = scored
            validation = score(losses, member.config.data.block)
            line["train_loss"] = outcome.curve["train_loss"].iloc[outcome.best_epoch - 1]
            if validation is not None:
                line["val_loss"], line["val_error"] = validation.mean, validation.error
            predicted[number] = values.astype(np.float32)
            hidden_losses[number] = hidden.astype(np.float32)
            trajectories.append(
                thinned_losses(member.number, outcome.trajectory, outcome.best_epoch)
            )
            if figures is not None and outcome.model is not None:
                line |= figures(outcome.model, member.config.loss)
        lines.append(line)
        curve = thinned(outcome.curve).copy()
        curve.insert(0, "candidate", member.number)
        curves.append(curve)
    return Results(
        pd.DataFrame(lines),
        pd.concat(curves, ignore_index=True),
        pd.concat([keyed(rows.validation), pd.DataFrame(predicted)], axis=1),
        pd.concat([NO_TRAJECTORY, *trajectories], ignore_index=True),
        pd.concat([keyed(rows.hidden), pd.DataFrame(hidden_losses)], axis=1),
    )


def _scored(member: Member, outcome: Outcome, rows: Rows) -> tuple[Vector, Vector, Vector] | str:
    """Predictions (M,) and losses of validation rows, losses of hidden rows; or why not."""
    if outcome.model is None:
        return str(outcome.failure)
    values = outcome.model.predict(rows.validation)
    hidden = outcome.model.predict(rows.hidden)
    try:
        losses = [
            row_losses(member.config.loss, predicted, of["target"].to_numpy())
            for predicted, of in ((values, rows.validation), (hidden, rows.hidden))
        ]
    except DataError as error:  # one candidate without a loss must not end a whole sweep
        return str(error)
    return values, losses[0], losses[1]


def _line(member: Member, outcome: Outcome) -> dict[str, Any]:
    """A row of the table of candidates; losses of the kept parameters are still missing."""
    last = outcome.curve.iloc[-1]
    return {
        "candidate": member.number,
        **{key: _cell(value) for key, value in member.own.items()},
        "status": "finished" if outcome.failure is None else "diverged",
        "failure": outcome.failure,
        "train_loss": np.nan,
        "val_loss": np.nan,
        "val_error": np.nan,
        "best_epoch": outcome.best_epoch,
        "epochs": int(last["epoch"]),
        "final_train_loss": last["train_loss"],
        "final_val_loss": last["val_loss"],
        "identity": member.config.identity(),
    }


def _cell(value: Any) -> Any:
    """A value that a column of a table can hold."""
    return value if isinstance(value, int | float | str | bool) or value is None else str(value)
