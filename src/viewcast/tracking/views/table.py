"""The run table with the audit's columns, the best run first."""

from viewcast.tracking.tags import (
    BOUND95,
    EXPECTED,
    IN_CONFIDENCE_SET,
    LOOK_COUNT,
    MODEL_TRAIN_LOSS,
    MODEL_VAL_LOSS,
    OPTIMISM,
    RANK,
    UNIT,
    VAL_LOSS_TRUE,
    VERDICT,
)
from viewcast.tracking.views.judged import by_figure
from viewcast.tracking.views.shown import Shown
from viewcast.tracking.views.state import Runs, metric, table, tag
from viewcast.tracking.views.view import TABLE, View

TAGS = (EXPECTED, BOUND95, OPTIMISM, LOOK_COUNT, IN_CONFIDENCE_SET, UNIT, VERDICT)
METRICS = (MODEL_TRAIN_LOSS, MODEL_VAL_LOSS, VAL_LOSS_TRUE)  # of runs that viewcast made


def views(shown: Shown) -> list[View]:
    """One view, where an audit has written its figures; all runs, those without a rank last."""
    if not any(VERDICT in run.tags for run in shown.runs):
        return []
    judged = by_figure(shown)
    foreign = judged is not None and judged.validation != MODEL_VAL_LOSS
    metrics = (judged.validation,) if judged is not None and foreign else METRICS
    columns = ["attributes.`Dataset`", *map(metric, metrics), *map(tag, TAGS)]
    return [View(TABLE, "table of the audit", table(Runs("", tag(RANK), columns)))]
