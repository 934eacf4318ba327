"""The expected loss of a run as a metric, beside the tag: charts of MLflow draw metrics only.

A metric cannot be deleted. So it goes only into experiments that viewcast made; a loss that no
longer holds becomes NaN, which charts leave out. It is no look and no validation score: no reader
of metrics takes a name with the word ``expected`` for one.
"""

import math
import time
from collections.abc import Sequence

from mlflow.entities import Metric

from viewcast.assessment.result import AuditResult
from viewcast.tracking.experiments import made_by_viewcast
from viewcast.tracking.gathered import Gathered
from viewcast.tracking.tags import VAL_LOSS_EXPECTED
from viewcast.tracking.write.changed_runs import Change, change

SAME = 1e-6  # relative: figures that differ by less are one


def log_expected(gathered: Gathered, results: Sequence[AuditResult]) -> int:
    """Log the expected losses that have changed; returns of how many runs."""
    client = gathered.client
    own = made_by_viewcast(client, gathered.experiment_ids)
    now = int(time.time() * 1000)
    changes = []
    for run_id, expected in _expected(gathered, results).items():
        run = gathered.runs.get(run_id)
        if run is None or str(run.info.experiment_id) not in own:
            continue
        if _differs(run.data.metrics.get(VAL_LOSS_EXPECTED), expected):
            point = Metric(VAL_LOSS_EXPECTED, _number(expected), now, 0)
            changes.append(Change(run_id, metrics=[point]))
    change(client, changes, "expected losses", ours=True)
    return len(changes)


def _expected(gathered: Gathered, results: Sequence[AuditResult]) -> dict[str, float | None]:
    """The expected loss of every run that was assessed, its repetitions too."""
    repeats = {study.holdout: study.repeats for study in gathered.studies}
    found: dict[str, float | None] = {}
    for result in results:
        own = {run.run_id: run.expected for run in result.runs}
        found |= own | {copy: own[first] for copy, first in repeats[result.holdout].items()}
    return found


def _differs(former: float | None, expected: float | None) -> bool:
    if former is None or math.isnan(former):
        return expected is not None
    return expected is None or not math.isclose(former, expected, rel_tol=SAME, abs_tol=1e-12)


def _number(expected: float | None) -> float:
    return math.nan if expected is None else expected
