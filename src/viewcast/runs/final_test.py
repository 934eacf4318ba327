"""The opening of the sealed test: a trained run is scored on rows that nothing has looked at.

A test is worth what it promises once. The opening is recorded for good before the first row is
scored, so that a figure nobody wrote down counts as well; the next one is refused unless a reason
is given, and the reason is recorded too.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.numbers import times, with_error
from viewcast.base.paths import named_run_paths
from viewcast.base.settings import Tracking
from viewcast.data import sealed
from viewcast.data.table import SPLIT
from viewcast.holdout.panels import refuse_panel
from viewcast.models.fitted import Fitted
from viewcast.scoring.loss import check_targets, row_losses
from viewcast.scoring.scores import Score, keyed, score
from viewcast.training.config import Config, parse

if TYPE_CHECKING:
    from viewcast.tracking.write.opening import Stored

Named = Annotated[str, Field(min_length=1)]


@checked(frozen=True, config=ConfigDict(extra="forbid", coerce_numbers_to_str=True))
class OpenTest:
    """``conf/open_test.yaml``: which run (its id or its folder), and why, if it was opened before.

    ``tracking``: the store that holds the run and all openings.
    """

    run: Named
    reason: Named | None
    tracking: Tracking


@dataclass(frozen=True)
class Opened:
    """What an opening showed: the test loss of a run, in ``unit``.

    ``reuse``: how many openings had shown some of these rows before. ``left_out``: test rows that
    lack a feature of the model, in a sentence, empty where there are none.
    """

    run_id: str
    name: str
    tested: str
    loss: str
    unit: str
    score: Score
    reuse: int
    left_out: str


def open_test(settings: OpenTest, root: Path) -> Opened:
    """Score a run on the sealed rows of its split, and record that.

    Everything that can go wrong is looked at first: an unknown run or one without a model
    (TrackingError), settings of another version (ConfigError), test rows that were prepared with
    other settings or lack the features (DataError). Refuses (BudgetError) rows that an earlier
    opening has shown, unless ``reason`` is given.
    """
    # MLflow takes a second to import: settings are refused without it.
    from viewcast.tracking.write.opening import Opening, stored  # noqa: PLC0415

    run = stored(settings.tracking, run_id_of(settings.run, root))
    config = _config(run, settings.tracking)
    rows, left_out = rows_of(config, run.model, root)
    refuse_panel(rows, config.data.block, f"data={config.data.name}: test rows")
    check_targets(config.loss, rows["target"].to_numpy(), f"test rows of data={config.data.name}")
    with Opening(run, config, rows, settings.reason, root) as opening:
        predicted, target = run.model.predict(rows), rows["target"].to_numpy()
        losses = row_losses(config.loss, predicted, target)
        found = score(losses, config.data.block)
        assert found is not None, "there is at least one row"
        final = {"test_loss": found.mean, "rows": float(found.rows)}
        if found.error is not None:
            final["test_error"] = found.error
        columns: dict[str, Any] = {
            "split": "test",
            "target": target,
            "prediction": predicted,
            "loss": losses,
        }
        opening.scores(final, keyed(rows).assign(**columns))
    unit = config.loss.unit(config.data.unit)
    return Opened(
        *(opening.run_id, run.name, run.run_id, config.loss.name, unit),
        *(found, opening.reuse, left_out),
    )


def run_id_of(name: str, root: Path) -> str:
    """The run that a folder holds (a path, or the name of a run or an experiment), or the name."""
    for place in named_run_paths(root, name):
        if (place / "result.json").is_file():
            run_id: str = json.loads((place / "result.json").read_text())["run_id"]
            return run_id
    return name


def rows_of(config: Config, model: Fitted, root: Path) -> tuple[pd.DataFrame, str]:
    """The sealed rows of the split that have every feature of the model, by time; what lacks any.

    Refuses (DataError) test rows prepared with other settings, none at all, and a column or a value
    that the model needs and no row has.
    """
    data, split, inputs = config.data.name, config.data.split, model.inputs
    whole = sealed.read(root, data, config.preparation())
    rows = whole[whole[f"{SPLIT}{split}"] == "test"].sort_values("time", kind="stable")
    absent = [column for column in inputs if column not in rows]
    if absent:
        raise DataError(f"the sealed rows of {data} lack {', '.join(absent)}, features of the run")
    complete = rows[inputs].notna().all(axis=1)
    if not complete.any():
        why = f"all lack a feature out of {', '.join(inputs)}" if len(rows) else "there are none"
        raise DataError(f"data.split = {split}: no test row of {data} can be scored; {why}")
    lacking = len(rows) - int(complete.sum())
    left_out = f"{lacking} of {len(rows)} test rows left out: features unknown" if lacking else ""
    return rows[complete].reset_index(drop=True), left_out


def told(opened: Opened) -> list[str]:
    """What an opening showed, in sentences: the loss with its error, unit and rows, and its use."""
    shown = with_error(opened.score.mean, opened.score.error)
    error = "± standard error" if opened.score.error is not None else "too few rows for an error"
    count = f"{opened.score.rows:,} test row{'s' if opened.score.rows > 1 else ''}"
    worth = (
        f"the test set has been reused {times(opened.reuse)}: a choice made in sight of an "
        "earlier figure makes this one flatter"
        if opened.reuse
        else "the first look at these rows; the next one needs a reason"
    )
    lines = [
        f"test of {opened.name}, run {opened.tested}",
        f"  {opened.loss} in {opened.unit}: {shown} ({error}) on {count}",
        f"  opened {times(opened.reuse + 1)}: {worth}",
        f"  recorded as run {opened.run_id}",
    ]
    return [*lines, f"  {opened.left_out}"] if opened.left_out else lines


def _config(run: "Stored", tracking: Tracking) -> Config:
    plain: Mapping[str, Any] = {**run.plain, "tracking": vars(tracking)}
    try:
        return parse(plain)
    except ConfigError as error:
        raise ConfigError(
            f"run {run.run_id} was recorded with settings that are none today: {error}; train it "
            "again, and open the test with that run"
        ) from error
