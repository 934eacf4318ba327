"""``viewcast.audit``: what the validation scores of an experiment in any MLflow store are worth."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from viewcast.assessment.audit import audit as assess
from viewcast.assessment.refereed import Refereed
from viewcast.assessment.result import AuditResult
from viewcast.assessment.result_file import to_json
from viewcast.assessment.settings import AuditSettings
from viewcast.base import files
from viewcast.base.settings import Tracking, construct
from viewcast.report import former_outputs
from viewcast.report.audit_text import audit_text
from viewcast.report.audits import named
from viewcast.report.descriptions import describe
from viewcast.tracking.read.experiments import usual_experiment, usual_uri
from viewcast.tracking.read.gather import gather
from viewcast.tracking.read.settings import ReadSettings
from viewcast.tracking.write import annotate
from viewcast.tracking.write.notes import experiment_page


@dataclass(frozen=True)
class Audit:
    """The results of an audit, one for each set of validation rows; printed, it tells them.

    ``refereed``: the referees of the experiment, each with its verdict; their submissions have no
    score and are in no result.
    """

    results: tuple[AuditResult, ...]
    refereed: tuple[Refereed, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values: ``version``, ``audits`` and ``refereed``, as ``viewcast audit
        --json``.
        """
        content: dict[str, Any] = json.loads(to_json(self.results, self.refereed))
        return content

    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write one page that needs no network and no other file; a former one is replaced.

        Raises ConfigError where there is a file that is no page of viewcast.
        """
        place = former_outputs.PAGE.check(Path(path))
        from viewcast.report import audit_page  # noqa: PLC0415 (matplotlib takes half a second)

        files.write(place, audit_page.page(named(self.results), self.refereed))

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write everything as JSON; a former file is replaced.

        Raises ConfigError where there is a file that is no audit of viewcast.
        """
        files.write(former_outputs.AUDIT.check(Path(path)), to_json(self.results, self.refereed))

    def __str__(self) -> str:
        return audit_text(named(self.results), self.refereed)

    def _repr_html_(self) -> str:
        from viewcast.report import audit_page  # noqa: PLC0415

        return audit_page.fragment(named(self.results), self.refereed)


def audit(
    tracking_uri: str | None = None,
    experiment: str | None = None,
    *,
    metric: str | None = None,
    direction: str | None = None,
    value: str | None = None,
    holdout: str | None = None,
    rows: str | os.PathLike[str] | None = None,
    target: str | None = None,
    predict_method: str | None = None,
    load_models: bool = False,
    n: int | None = None,
    cluster: str | None = None,
    reference: str | None = None,
    draws: int = 500,
    seed: int = 2021,
    write: bool = False,
) -> Audit:
    """Audit the runs of an experiment in any MLflow store; nothing is written unless ``write``.

    ``tracking_uri``: by default that of MLflow (``MLFLOW_TRACKING_URI``); ``experiment``: by
    default ``MLFLOW_EXPERIMENT_NAME``, else the only one that has runs. ``metric``: the score that
    runs are chosen by; ``direction``: "min" or "max"; ``value``: the point of a series that counts,
    "last", "best", "min" or "max". ``holdout``: first digits of one set of validation rows, for all
    by default. ``rows``: a table (Parquet or CSV) of validation rows to score the logged models on,
    with the column ``target``; ``predict_method`` of the models, such as "predict_proba";
    ``load_models``: allows it, for loading a model runs code from the store. ``n``: validation rows
    behind each score, where the store does not tell. ``cluster``: which rows are alike, as in
    ``log_rows``: those of one "entity" or "time", or "both"; or the column of the tables (of
    ``rows``) that names the series of each row, such as a patient. ``reference``: name or id of the
    run that gains are measured against. ``draws``, ``seed``: of the resampling.

    Raises ConfigError for an unknown experiment, metric or holdout, DataError where there is
    nothing to audit, TrackingError where the store gives no answer.
    """
    uri = tracking_uri or usual_uri()
    name = experiment or usual_experiment(uri)
    settings: AuditSettings = construct(
        AuditSettings,
        {
            "tracking": Tracking(uri, None, name, 0.0),
            "experiment": name,
            "holdout": holdout,
            "draws": draws,
            "seed": seed,
            "reference": reference,
            "metric": metric,
            "write": write,
        },
        "",
    )
    read = ReadSettings(
        metric=metric,
        direction=direction,
        value=value,
        holdout=holdout,
        rows=None if rows is None else Path(rows),
        target=target,
        predict_method=predict_method,
        load_models=load_models,
        n=n,
        cluster=cluster,
    )
    gathered = gather(uri, name, read)
    results = assess(
        gathered.studies, settings, gathered.experiment, gathered.opened, gathered.refereed
    )
    if write:
        runs = list(gathered.runs.values())
        for experiment_id, views in annotate.annotate(gathered, results).items():
            page = experiment_page(gathered.client, experiment_id, runs, views)
            describe(page, named(results))
    return Audit(tuple(results), tuple(gathered.refereed))


def unwrite(tracking_uri: str | None = None, experiment: str | None = None) -> int:
    """Take away what ``audit(..., write=True)`` wrote; returns how many runs had some of it.

    ``tracking_uri``, ``experiment``, errors: as of ``audit``.
    """
    uri = tracking_uri or usual_uri()
    return annotate.unwrite(uri, experiment or usual_experiment(uri))
