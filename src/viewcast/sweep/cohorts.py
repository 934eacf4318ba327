"""Training of a sweep: candidates of equal architecture as cohorts, cohorts in chunks, each once.

A finished chunk is a folder under the sweep's; a sweep that was killed goes on with the others.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd

from viewcast.base.errors import ConfigError
from viewcast.base.provenance import code_digest
from viewcast.base.settings import digest
from viewcast.data import table
from viewcast.models.fitted import FittedNetwork
from viewcast.scoring.loss import Loss
from viewcast.scoring.scores import keyed, score
from viewcast.sweep.results import NO_TRAJECTORY, Results, thinned, thinned_losses
from viewcast.sweep.space import Plain, configured
from viewcast.training.candidate import Candidate
from viewcast.training.chunks import chunks
from viewcast.training.config import Config, parse
from viewcast.training.descent import Descent, descend
from viewcast.training.problem import Problem
from viewcast.training.rows import Rows, problem_of, rows_of
from viewcast.training.run_code import modules_of

Tick = Callable[[int], None]


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

    def __call__(self, model: FittedNetwork, loss: Loss) -> dict[str, float]:
        """Name and value of each figure."""


def members(
    base: Plain,
    candidates: Sequence[Mapping[str, Any]],
    first: int = 0,
    batch: int | None = None,
) -> list[Member]:
    """The candidates as checked configurations; refuses (ConfigError) trainers without epochs and
    filters of scores.
    """
    found = []
    for number, own in enumerate(candidates, start=first):
        config = parse(configured(base, own))
        if "network" not in config.trainer.serves:
            raise ConfigError(
                f"trainer = {config.trainer.name}: a sweep trains by gradient_descent; "
                "choose trainer=gradient_descent"
            )
        if config.holdout.release is not None:
            raise ConfigError(
                f"holdout.release = {config.holdout.release.name}: a sweep chooses by the raw "
                "scores of all candidates; choose holdout.release=null, or train one by one"
            )
        found.append(Member(number, own, config, batch))
    return found


def train(
    everyone: Sequence[Member],
    root: Path,
    folder: Path,
    tick: Tick,
    workers: int,
    figures: Figures | None = None,
) -> Results:
    """Train all members, so many chunks at a time as there are ``workers``.

    ``tick`` is told how many epochs of candidates have been done.
    """
    cohorts: dict[str, list[Member]] = {}
    for member in everyone:
        plain = member.config.plain
        shared = ("data", "model", "loss", "holdout", "threads", "device")
        cohorts.setdefault(digest([plain[key] for key in shared]), []).append(member)
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
    hidden = config.model.hidden
    candidates = []
    for member in cohort:
        settings, seed = member.config.trainer, member.config.seed
        settings.check(problem, config.model)
        start = settings.init_values(len(rows.inputs), hidden, seed)
        candidates.append(Candidate(settings, seed, start))

    def part(places: list[int]) -> Results:
        of_chunk = [cohort[place] for place in places]
        own = [member.config.identity() for member in of_chunk]
        key = digest([code, content, *own, *([figures.identity] if figures else [])])
        where = folder / key
        if not Results.whole(where):
            chosen = [candidates[place] for place in places]
            found = _descents(problem, chosen, hidden, tick)
            scaling = chosen[0].settings.scaling(problem)
            models = [FittedNetwork(rows.inputs, hidden, one.params, scaling) for one in found]
            _results(of_chunk, found, models, rows, figures).write(where)
        else:
            tick(sum(member.config.trainer.epochs for member in of_chunk))
        return Results.read(where)

    sizes = len(rows.train), problem.device, len(rows.validation)
    planned = chunks(candidates, len(rows.inputs), hidden, *sizes)
    # torch works outside Python's lock, and chunks do not meet: threads change speed, no bits.
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(part, planned))


def _descents(
    problem: Problem, candidates: list[Candidate], hidden: tuple[int, ...], tick: Tick
) -> list[Descent]:
    done = 0

    def on_epochs(epoch: int, ran: Any, train_loss: Any, val_loss: Any) -> None:
        nonlocal done
        done += len(ran)
        tick(len(ran))

    scaling = candidates[0].settings.scaling(problem)
    found = descend(problem, candidates, hidden, scaling, on_epochs)
    tick(sum(c.settings.epochs for c in candidates) - done)  # of those that ended early
    return found


def _results(
    cohort: list[Member],
    found: list[Descent],
    models: list[FittedNetwork],
    rows: Rows,
    figures: Figures | None,
) -> Results:
    lines, curves, trajectories = [], [], []
    predicted: dict[str, Any] = {"target": rows.validation["target"]}
    hidden_losses: dict[str, Any] = {}
    for member, one, model in zip(cohort, found, models, strict=True):
        config, last = member.config, one.curve.iloc[-1]
        line = {
            "candidate": member.number,
            **{key: _cell(value) for key, value in member.own.items()},
            "status": "finished" if one.failure is None else "diverged",
            "failure": one.failure,
            "train_loss": np.nan,
            "val_loss": np.nan,
            "val_error": np.nan,
            "best_epoch": one.best_epoch,
            "epochs": int(last["epoch"]),
            "final_train_loss": last["train_loss"],
            "final_val_loss": last["val_loss"],
            "identity": config.identity(),
        }
        if one.failure is None:
            values = model.predict(rows.validation)
            losses = config.loss.rows(values, rows.validation["target"].to_numpy())
            validation = score(losses, config.data.block)
            kept = one.curve.iloc[one.best_epoch - 1]
            line["train_loss"] = kept["train_loss"]
            if validation is not None:
                line["val_loss"], line["val_error"] = validation.mean, validation.error
            predicted[str(member.number)] = values.astype(np.float32)
            unseen = config.loss.rows(model.predict(rows.hidden), rows.hidden["target"].to_numpy())
            hidden_losses[str(member.number)] = unseen.astype(np.float32)
            trajectories.append(thinned_losses(member.number, one.trajectory, one.best_epoch))
            line |= figures(model, config.loss) if figures else {}
        lines.append(line)
        curve = thinned(one.curve).copy()
        curve.insert(0, "candidate", member.number)
        curves.append(curve)
    return Results(
        pd.DataFrame(lines),
        pd.concat(curves, ignore_index=True),
        pd.concat([keyed(rows.validation), pd.DataFrame(predicted)], axis=1),
        pd.concat([NO_TRAJECTORY, *trajectories], ignore_index=True),
        pd.concat([keyed(rows.hidden), pd.DataFrame(hidden_losses)], axis=1),
    )


def _cell(value: Any) -> Any:
    """A value that a column of a table can hold."""
    return value if isinstance(value, int | float | str | bool) or value is None else str(value)
