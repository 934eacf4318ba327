"""The opening of the sealed test: a trained run is scored on rows that no choice has depended on.

The first test score is unbiased. A later one is not if a choice was made in sight of the first. So
the opening is recorded before the first row is scored, and it counts even if the score is never
used. The next opening is refused unless a reason is given, and the reason is recorded too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as checked

from viewcast.base.errors import ConfigError, DataError, TrackingError
from viewcast.base.files import read_json
from viewcast.base.numbers import times, with_error
from viewcast.base.paths import named_run_paths
from viewcast.base.settings import Tracking
from viewcast.data import sealed
from viewcast.data.table import SPLIT, target_columns
from viewcast.holdout.panels import refuse_panel
from viewcast.models.fitted import Fitted
from viewcast.scoring.loss import check_targets
from viewcast.scoring.scores import Score, keyed, score
from viewcast.selection.clusters import Clusters
from viewcast.tracking.run_keys import recorded
from viewcast.tracking.tags import TEST_ERROR, TEST_LOSS, TEST_ROW_COUNT
from viewcast.tracking.write.opening import Opening, Stored, stored
from viewcast.training.config import Config, parse

Named = Annotated[str, Field(min_length=1)]


@checked(frozen=True, config=ConfigDict(extra="forbid", coerce_numbers_to_str=True))
class OpenTest:
    """``conf/open_test.yaml``.

    ``run``: the id or the folder of a run. ``reason``: needed where rows of the test were opened
    before. ``tracking``: the store that holds the run and all openings.
    """

    run: Named
    reason: Named | None
    tracking: Tracking


@dataclass(frozen=True)
class Opened:
    """The result of an opening: the test score of the run ``tested``, in ``unit``.

    ``run_id``: the opening's own run. ``reuse``: how many earlier openings have shown some of these
    rows. ``left_out``: a sentence on test rows that lack a feature of the model, or an empty text.
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

    Refuses, before the opening is recorded: an unknown run or one without a model (TrackingError),
    settings of another version (ConfigError), test rows that were prepared with other settings or
    lack the features (DataError), and rows that an earlier opening has shown, unless ``reason`` is
    given (BudgetError).
    """
    run = stored(settings.tracking, run_id_of(settings.run, settings.tracking, root))
    config = _config(run, settings.tracking)
    rows, left_out = rows_of(config, run.model, root)
    where = f"data={config.data.name}: test rows"
    if config.data.cluster is None:
        refuse_panel(rows, config.data.block, where)
    for target in target_columns(rows.columns):
        check_targets(config.loss, rows[target].to_numpy(), where)
    with Opening(run, config, rows, settings.reason, root) as opening:
        predicted = run.model.predict(rows)
        losses = config.scorer.rows(predicted, rows)
        clusters = Clusters.if_any(rows, config.data.cluster)
        result = score(losses, config.data.block, clusters)
        assert result is not None, "there is at least one row"
        final = {TEST_LOSS: result.mean, TEST_ROW_COUNT: float(result.rows)}
        if result.error is not None:
            final[TEST_ERROR] = result.error
        columns: dict[str, Any] = {
            "split": "test",
            **config.scorer.columns(predicted, rows),
            "loss": losses,
        }
        opening.scores(final, keyed(rows).assign(**columns))
    unit = config.scorer.unit(config.data.unit)
    return Opened(
        *(
            opening.run_id,
            f"{run.name} of {config.data.label}",
            run.run_id,
            config.scorer.name,
            unit,
        ),
        *(result, opening.reuse, left_out),
    )


def run_id_of(name: str, tracking: Tracking, root: Path) -> str:
    """The id of the run in the folder of this name; the name itself where there is no folder.

    Refuses (TrackingError) a folder whose run is not in the store.
    """
    for place in named_run_paths(root, name):
        if (place / "result.json").is_file():
            key = read_json(place / "result.json", "train the run again").get("key")
            known = recorded(tracking)
            if key not in known:
                raise TrackingError(
                    f"run = {name}: the run of {place} is not in {tracking.uri}; train it again by "
                    "pipelines/train.py"
                )
            return str(known[key].info.run_id)
    return name


def rows_of(config: Config, model: Fitted, root: Path) -> tuple[pd.DataFrame, str]:
    """The test rows of the split that have every feature of the model, by time.

    Returns with them a sentence on the rows that lack a feature, or an empty text. Refuses
    (DataError) rows prepared with other settings, a split without test rows, and a feature that no
    row has.
    """
    data, split, inputs = config.data.name, config.data.split, model.inputs
    whole = sealed.read(root, data, config.preparation(), config.data.part)
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


def sentences(opened: Opened) -> list[str]:
    """The result in lines: loss with error and unit, number of rows, how often it was opened."""
    shown = with_error(opened.score.mean, opened.score.error)
    error = "± standard error" if opened.score.error is not None else "too few rows for an error"
    count = f"{opened.score.rows:,} test row{'s' if opened.score.rows > 1 else ''}"
    reuse = (
        f"the test set has been reused {times(opened.reuse)}: a choice made in sight of an "
        "earlier figure makes this one too low"
        if opened.reuse
        else "the first look at these rows; the next one needs a reason"
    )
    lines = [
        f"test of {opened.name}, run {opened.tested}",
        f"  {opened.loss} in {opened.unit}: {shown} ({error}) on {count}",
        f"  opened {times(opened.reuse + 1)}: {reuse}",
        f"  recorded as run {opened.run_id}",
    ]
    return [*lines, f"  {opened.left_out}"] if opened.left_out else lines


def _config(run: Stored, tracking: Tracking) -> Config:
    plain: Mapping[str, Any] = {**run.plain, "tracking": vars(tracking)}
    try:
        return parse(plain)
    except ConfigError as error:
        raise ConfigError(
            f"run {run.run_id} was recorded with settings that are none today: {error}; train it "
            "again, and open the test with that run"
        ) from error
