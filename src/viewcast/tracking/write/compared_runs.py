"""Which of other people's runs a chart may show beside each other, as an audit finds.

A run of viewcast is told so when it ends (``viewcast.tracking.write.recorder.compared``).
"""

import math
from statistics import median

from mlflow.entities import Run

from viewcast.assessment.result import AuditedRun, AuditResult
from viewcast.tracking.tags import MODEL, PARAM_REMEMBERS

MEMORIZERS = ("memorizer", "memorizer_leak")  # of version 0.1: known by their names alone
DIVERGED = 1e3  # times the median loss: a chart with such a run tells no others apart


def diverged_above(result: AuditResult) -> float:
    """The loss above which a run counts as diverged; infinity for scores, which have a scale."""
    shown = [run.shown for run in result.compared if run.shown is not None]
    if result.more_is_better or not shown or median(shown) <= 0:
        return math.inf
    return DIVERGED * median(shown)


def may_be_shown(run: Run, audited: AuditedRun, limit: float) -> bool:
    """Whether the run takes part in the choice, has ended well, is no memorizer of viewcast, and
    has not diverged.
    """
    if audited.excluded is not None or audited.shown is None or run.info.status == "FAILED":
        return False
    remembers = PARAM_REMEMBERS in run.data.params or run.data.tags.get(MODEL) in MEMORIZERS
    return not remembers and audited.shown <= limit
