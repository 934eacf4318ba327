"""Training of a sweep: candidates of the same model and rows as cohorts, as their trainer can.

Every part of a cohort is trained once, by a task that an engine does somewhere
(``viewcast.base.engine``). A finished part is a folder under that of the sweep; a sweep that was
killed goes on with the other parts, on any engine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pandas as pd

from viewcast.base.engine import Engine, Local
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.pool import cores, until
from viewcast.base.provenance import code_digest
from viewcast.base.settings import digest
from viewcast.base.threads import one_thread
from viewcast.data import table
from viewcast.scoring.scores import Vector, keyed, score
from viewcast.selection.clusters import Clusters
from viewcast.sweep.members import Figures, Member, epochs
from viewcast.sweep.results import NO_TRAJECTORY, Results, thinned, thinned_losses
from viewcast.training.config import Config
from viewcast.training.problem import Problem
from viewcast.training.rows import Rows, problem_of, rows_of
from viewcast.training.run_code import modules_of
from viewcast.training.trainer import CohortMember, Outcome, Tick
from viewcast.training.trajectory import cell_count

# A part is as large as the training that a kill may cost, and as the memory of its results allows;
# within limits, because each part costs files. It depends on the candidates alone, so that a sweep
# goes on with the same parts on any machine.
VISITS = 50_000_000  # of training rows: some seconds on a core
RESULT_BYTES = 2**30
SMALLEST, LARGEST = 16, 256
LEVEL = ["level"]  # what a measure of views needs beside features and targets


def train(
    candidates: Sequence[Member],
    root: Path,
    folder: Path,
    tick: Tick,
    workers: int | None = None,
    figures: Figures | None = None,
    engine: Engine | None = None,
) -> Results:
    """Train all candidates, so many at a time as there are ``workers`` (None: one on each core).

    ``tick`` is given the number of epochs of candidates that have just been done. ``engine``: where
    the parts are trained, which changes no result (None: in threads of this process).
    """
    engine = Local() if engine is None else engine
    cohorts: dict[str, list[Member]] = {}
    for member in candidates:
        plain = member.config.plain
        shared = ("data", "model", "loss", "holdout", "threads", "device")
        trainer = (plain["trainer"]["_target_"], member.config.trainer.weight_column)
        alike = [*(plain[key] for key in shared), *trainer]
        cohorts.setdefault(digest(alike), []).append(member)
    shared_rows: dict[str, _Rows] = {}
    made = [_Cohort.of(each, root, figures, shared_rows) for each in cohorts.values()]
    parts = [(number, places) for number, each in enumerate(made) for places in each.parts()]
    folders = [folder / made[number].name(places) for number, places in parts]
    work = [made[number].epochs(places) for number, places in parts]
    due = [place for place, each in enumerate(folders) if not Results.whole(each)]
    stop = Event()
    call, beside, tick = trained_part, 1, until(stop, tick)
    if engine.here:
        workers = cores() if workers is None else workers
        # Small parts, of models of many shapes for instance, are trained beside each other.
        beside = max(1, workers // max(len(places) for _, places in parts))
        call = partial(trained_part, tick=tick, workers=max(1, workers // beside))

    def ended(place: int, tables: Results) -> None:
        tables.write(folders[due[place]])
        if not engine.here:
            tick(work[due[place]])

    for place in set(range(len(parts))).difference(due):
        tick(work[place])
    if due:
        with one_thread():  # of the linear algebra by which candidates are scored
            engine.run(call, made, [parts[place] for place in due], ended, beside, stop)
    return Results.joined([Results.read(each) for each in folders])


def trained_part(
    cohorts: "Sequence[_Cohort]",
    part: tuple[int, range],
    tick: Tick = lambda epochs: None,
    workers: int = 1,
) -> Results:
    """The task of an engine: train a part, the number of its cohort and the places of its members.

    Refuses (ConfigError) to train with other code than that of the process that asks for it.
    """
    number, places = part
    cohort = cohorts[number]
    if cohort.code != _code(cohort.members[0].config):
        raise ConfigError(
            "engine: a worker has another version of viewcast's code, or of your own model, than "
            f"this process (hash of the code {cohort.code} here); install the same on each worker, "
            "restart the workers, and repeat the command: finished parts are kept"
        )
    with one_thread():
        return cohort.train(places, tick, workers)


def _code(config: Config) -> str:
    return code_digest(__name__, *modules_of(config))


@dataclass(frozen=True)
class _Rows:
    """The rows of one or more cohorts. Rows to train on lie in ``problem``, so that an engine sends
    them once; in ``rows`` they have only their level. ``content``: hash of their cells.
    """

    rows: Rows
    problem: Problem
    content: str

    @classmethod
    def of(cls, config: Config, root: Path) -> "_Rows":
        rows = rows_of(config, root)
        content = table.content(rows.train, rows.validation, rows.hidden)
        level = rows.train[[name for name in LEVEL if name in rows.train]].copy()
        scored = replace(rows, train=level, test=rows.test.head(0).copy())
        return cls(scored, problem_of(config, rows), content)


@dataclass(frozen=True)
class _Cohort:
    """Candidates of the same model on the same rows. ``code``: hash of the code that trains them;
    ``content``: of the rows.
    """

    members: list[Member]
    problem: Problem
    rows: Rows
    code: str
    content: str
    figures: Figures | None

    @classmethod
    def of(
        cls,
        members: list[Member],
        root: Path,
        figures: Figures | None,
        known: dict[str, _Rows],
    ) -> "_Cohort":
        """``known``: rows that another cohort has read; new ones are added."""
        config = members[0].config
        deciding = ("data", "loss", "holdout", "threads", "device")
        alike = [config.model.features, config.trainer.weight_column]
        key = digest([*(config.plain[name] for name in deciding), *alike])
        if key not in known:
            known[key] = _Rows.of(config, root)
        shared = known[key]
        for member in members:
            member.config.trainer.check(shared.problem, config.model)
        code = _code(config)
        return cls(members, shared.problem, shared.rows, code, shared.content, figures)

    def parts(self) -> list[range]:
        """The members, by their places, in parts of about the same work."""
        most = max(epochs(member.config) for member in self.members)
        visits = most * len(self.problem.train)
        results = most * (16 + 4 * cell_count(len(self.rows.validation)))
        size = min(VISITS // max(visits, 1), RESULT_BYTES // max(results, 1))
        size = min(max(size, SMALLEST), LARGEST)
        count = len(self.members)
        return [range(first, min(first + size, count)) for first in range(0, count, size)]

    def name(self, places: range) -> str:
        """The name of the folder of a part: hash of all that decides its results."""
        key = digest([self.code, self.content])
        own = [self.members[place].config.identity() for place in places]
        more = [self.figures.identity] if self.figures else []
        return digest([key, *own, *more])

    def epochs(self, places: range) -> int:
        """The most epochs of a part."""
        return sum(epochs(self.members[place].config) for place in places)

    def train(self, places: range, tick: Tick, workers: int) -> Results:
        """The results of a part."""
        members = [self.members[place] for place in places]
        config = members[0].config
        peers = [CohortMember(each.config.trainer, each.config.seed) for each in members]
        fit_cohort = type(config.trainer).fit_cohort
        outcomes = fit_cohort(self.problem, config.model, peers, tick, workers)
        training = pd.concat([self.problem.train, self.rows.train], axis=1)  # shares their memory
        return _results(members, outcomes, replace(self.rows, train=training), self.figures)


def _results(
    cohort: list[Member], outcomes: list[Outcome], rows: Rows, figures: Figures | None
) -> Results:
    lines, curves, trajectories = [], [], []
    data, measured = cohort[0].config.data, cohort[0].config.measure is not None
    clusters = Clusters.if_any(rows.validation, data.cluster)
    predicted: dict[str, Any] = {} if measured else {"target": rows.validation["target"]}
    hidden_losses: dict[str, Any] = {}
    for member, outcome in zip(cohort, outcomes, strict=True):
        line, number = _line(member, outcome), str(member.number)
        scored = _scored(member, outcome, rows)
        if isinstance(scored, str):
            line |= {"status": "diverged", "failure": scored}
        else:
            values, losses, hidden = scored
            validation = score(losses, data.block, clusters)
            line["train_loss"] = _train_loss(member, outcome, rows)
            if validation is not None:
                line["val_loss"], line["val_error"] = validation.mean, validation.error
            predicted[number] = (losses if measured else values).astype(np.float32)
            hidden_losses[number] = hidden.astype(np.float32)
            if not measured:  # a measure prices no epoch: these are losses that models learn by
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
            member.config.scorer.rows(predicted, of)
            for predicted, of in ((values, rows.validation), (hidden, rows.hidden))
        ]
    except DataError as error:  # one candidate without a loss must not end a whole sweep
        return str(error)
    return values, losses[0], losses[1]


def _train_loss(member: Member, outcome: Outcome, rows: Rows) -> float:
    """Of the kept parameters: by the measure, where one scores them; else that of the curve."""
    if member.config.measure is None or outcome.model is None:
        return float(outcome.curve["train_loss"].iloc[outcome.best_epoch - 1])
    return float(member.config.scorer.rows(outcome.model.predict(rows.train), rows.train).mean())


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
