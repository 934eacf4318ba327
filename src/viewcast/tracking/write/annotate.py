"""What an audit found, as columns of the tracker: metrics and a tag of each run, and a short form
and a view of the run table as tags of the experiment.

Nothing here is a look. A figure that has not changed is not written again, and one that no longer
holds becomes NaN: MLflow forgets no metric, it shows the latest.
"""

import json
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from mlflow.entities import Metric, Run, RunTag
from mlflow.exceptions import MlflowException

from viewcast.audit.study import Study
from viewcast.base.errors import TrackingError
from viewcast.tracking.artifacts import each
from viewcast.tracking.gathered import Gathered
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

METRICS = {
    VAL_LOSS_EXPECTED: "expected",
    VAL_LOSS_UPPER95: "upper95",
    OPTIMISM: "optimism",
    LOOKS: "looks",
    IN_CONFIDENCE_SET: "confidence_set",
}
SAME = 1e-9  # two figures that differ by less than this share are one
LONGEST = 4000  # characters of a tag

Said = Mapping[str, Any]


def annotate(gathered: Gathered, audits: Sequence[Said]) -> int:
    """Write what ``audits`` say to the runs and the experiment; returns how many runs changed.

    A repetition of a run is told the same. Raises TrackingError where the server refuses.
    """
    studies = {study.holdout: study for study in gathered.studies}
    changes = []
    for audit in audits:
        for run_id, line in _lines(audit, studies[audit["holdout"]]):
            metrics, tags = _changed(gathered.runs[run_id], line)
            if metrics or tags:
                changes.append((run_id, metrics, tags))
    afar = gathered.client.tracking_uri.startswith("http")
    try:
        each(changes, lambda one: _write(gathered, *one), "annotations", afar)
        for experiment in gathered.experiment_ids:
            share(gathered.client, experiment)
            for audit in audits:
                _tag(gathered, experiment, audit)
    except MlflowException as error:
        raise TrackingError(
            f"experiment {gathered.experiment}: cannot be annotated ({error}); write=false only "
            "reads"
        ) from error
    return len(changes)


def _lines(audit: Said, study: Study) -> list[tuple[str, Said]]:
    """What is said of each run, repetitions too."""
    said = {line["run_id"]: line for line in audit["runs"]}
    repeated = [(copy, said[first]) for copy, first in study.repeats.items()]
    return [*said.items(), *repeated]


def _changed(run: Run, line: Said) -> tuple[list[Metric], list[RunTag]]:
    now = int(time.time() * 1000)
    metrics = []
    for name, key in METRICS.items():
        former = run.data.metrics.get(name)
        value = math.nan if line[key] is None else float(line[key])
        if former is None and math.isnan(value):
            continue
        if former is None or not _same(former, value):
            metrics.append(Metric(name, value, now, 0))
    said = str(line["excluded"] or line["verdict"])[:LONGEST]
    tags = [] if run.data.tags.get(VERDICT) == said else [RunTag(VERDICT, said)]
    return metrics, tags


def _write(gathered: Gathered, run_id: str, metrics: list[Metric], tags: list[RunTag]) -> None:
    gathered.client.log_batch(run_id, metrics=metrics, tags=tags)


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=SAME) or (math.isnan(one) and math.isnan(other))


def _tag(gathered: Gathered, experiment: str, audit: Said) -> None:
    """The optimism of the holdout, for its budget, and the audit in short.

    An optimism that cannot be told any more leaves the former one: the budget was spent by it.
    """
    known = gathered.client.get_experiment(experiment).tags
    winner, hidden_holdout = audit["winner"] or {}, audit["hidden_holdout"] or {}
    optimism = winner.get("optimism")
    if optimism is None and hidden_holdout.get("estimate") is not None:
        optimism = hidden_holdout["estimate"] - winner["shown"]
    short = {
        **{name: audit[name] for name in ("data", "split", "rows", "verdict")},
        **{name: audit["looks"][name] for name in ("runs", "scores", "rounds")},
        **{name: winner.get(name) for name in ("run_id", "shown", "expected", "upper95")},
    }
    tags = {f"{AUDIT_OF}{audit['holdout']}": json.dumps(short, ensure_ascii=False)[:LONGEST]}
    if optimism is not None:
        tags[f"{OPTIMISM_OF}{audit['holdout']}"] = f"{optimism:.9g}"
    for name, value in tags.items():
        if known.get(name) != value:
            gathered.client.set_experiment_tag(experiment, name, value)
