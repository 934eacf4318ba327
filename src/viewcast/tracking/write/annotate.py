"""The results of an audit as columns of the tracker.

Each run gets metrics and a tag, each experiment a short form of the results and a view of the run
table as tags. Nothing here is a look. A figure that has not changed is not written again, and one
that no longer holds becomes NaN: MLflow deletes no metric, it shows the latest value.
"""

import json
import math
import time
from collections.abc import Sequence

from mlflow.entities import Metric, Run, RunTag
from mlflow.exceptions import MlflowException

from viewcast.assessment.result import AuditedRun, AuditResult
from viewcast.assessment.study import Study
from viewcast.base.errors import TrackingError
from viewcast.tracking.artifacts import each
from viewcast.tracking.gathered import Gathered
from viewcast.tracking.schema import check_writable
from viewcast.tracking.tags import (
    AUDIT_OF,
    IN_CONFIDENCE_SET,
    LOOKS,
    OPTIMISM,
    OPTIMISM_OF,
    VAL_LOSS_EXPECTED,
    VAL_LOSS_UPPER95,
    VERDICT,
)
from viewcast.tracking.write.view import share

SAME = 1e-9  # two figures that differ by less than this share are one
LONGEST = 4000  # characters of a tag


def annotate(gathered: Gathered, results: Sequence[AuditResult]) -> int:
    """Write the results to the runs and the experiment; returns how many runs changed.

    A repetition of a run gets the same as the run. Raises TrackingError where the server refuses.
    """
    check_writable(gathered.client)
    studies = {study.holdout: study for study in gathered.studies}
    changes = []
    for result in results:
        for run_id, audited in _runs(result, studies[result.holdout]):
            metrics, tags = _changed(gathered.runs[run_id], audited)
            if metrics or tags:
                changes.append((run_id, metrics, tags))
    afar = gathered.client.tracking_uri.startswith("http")
    try:
        each(changes, lambda change: _write(gathered, *change), "annotations", afar)
        for experiment in gathered.experiment_ids:
            share(gathered.client, experiment)
            for result in results:
                _tag(gathered, experiment, result)
    except MlflowException as error:
        raise TrackingError(
            f"experiment {gathered.experiment}: cannot be annotated ({error}); write=false only "
            "reads"
        ) from error
    return len(changes)


def _runs(result: AuditResult, study: Study) -> list[tuple[str, AuditedRun]]:
    """The runs of a result by id, repetitions too."""
    audited = {run.run_id: run for run in result.runs}
    repeated = [(copy, audited[first]) for copy, first in study.repeats.items()]
    return [*audited.items(), *repeated]


def metrics_of(run: AuditedRun) -> dict[str, float | None]:
    """The metrics that a run gets."""
    return {
        VAL_LOSS_EXPECTED: run.expected,
        VAL_LOSS_UPPER95: run.bound95,
        OPTIMISM: run.optimism,
        LOOKS: run.looks,
        IN_CONFIDENCE_SET: run.in_confidence_set,
    }


def _changed(run: Run, audited: AuditedRun) -> tuple[list[Metric], list[RunTag]]:
    now = int(time.time() * 1000)
    metrics = []
    for name, figure in metrics_of(audited).items():
        former = run.data.metrics.get(name)
        value = math.nan if figure is None else float(figure)
        if former is None and math.isnan(value):
            continue
        if former is None or not _same(former, value):
            metrics.append(Metric(name, value, now, 0))
    verdict = (audited.excluded or audited.verdict)[:LONGEST]
    tags = [] if run.data.tags.get(VERDICT) == verdict else [RunTag(VERDICT, verdict)]
    return metrics, tags


def _write(gathered: Gathered, run_id: str, metrics: list[Metric], tags: list[RunTag]) -> None:
    gathered.client.log_batch(run_id, metrics=metrics, tags=tags)


def _same(former: float, value: float) -> bool:
    both_missing = math.isnan(former) and math.isnan(value)
    return both_missing or math.isclose(former, value, rel_tol=SAME)


def _tag(gathered: Gathered, experiment: str, result: AuditResult) -> None:
    """The optimism of the holdout, for its budget, and the result in short.

    Where the optimism is not known any more, the former one stays: it has spent the budget.
    """
    known = gathered.client.get_experiment(experiment).tags
    optimism = _optimism(result)
    tags = {f"{AUDIT_OF}{result.holdout}": json.dumps(_short(result), ensure_ascii=False)[:LONGEST]}
    if optimism is not None:
        tags[f"{OPTIMISM_OF}{result.holdout}"] = f"{optimism:.9g}"
    for name, value in tags.items():
        if known.get(name) != value:
            gathered.client.set_experiment_tag(experiment, name, value)


def _optimism(result: AuditResult) -> float | None:
    """What the winner's loss on new rows is above what it shows, also by the hidden holdout."""
    winner, hidden = result.winner, result.hidden_holdout
    if winner is None or winner.shown is None:
        return None
    if winner.optimism is None and hidden is not None and hidden.estimate is not None:
        return hidden.estimate - winner.shown
    return winner.optimism


def _short(result: AuditResult) -> dict[str, str | int | float | None]:
    winner, usage = result.winner, result.usage
    names = ("run_id", "shown", "expected", "bound95")
    return {
        "data": result.data,
        "split": result.split,
        "rows": result.rows,
        "verdict": result.verdict,
        "runs": usage.runs,
        "scores": usage.scores,
        "rounds": usage.rounds,
        **{name: getattr(winner, name, None) for name in names},
    }
