"""Which rows are alike, as the user says it: a word, or the column that names their series."""

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import viewcast
from support.mlflow_store import Store
from viewcast.assessment.result import AuditResult
from viewcast.base.errors import ConfigError, DataError
from viewcast.commands.program import program

PATIENTS, EACH = 30, 20
PATIENT = np.repeat([f"p{n}" for n in range(PATIENTS)], EACH)
RNG = np.random.default_rng(5)
OFF = np.repeat(
    RNG.normal(size=PATIENTS), EACH
)  # what a model gets wrong of a patient, of all rows
DAYS = np.tile(pd.date_range("2024-01-01", periods=EACH), PATIENTS)


def pictures(store: Store, tmp_path: Path) -> Store:
    """Runs that logged a table of pictures, several of each patient."""
    target = RNG.normal(size=len(PATIENT))
    for size in (0.5, 0.7, 1.0):
        table = {"image": range(len(PATIENT)), "patient": PATIENT, "y_true": target}
        file = tmp_path / "predictions.parquet"
        noise = RNG.normal(size=len(PATIENT)) / 10
        pd.DataFrame({**table, "y_pred": target + size * OFF + noise}).to_parquet(file)
        with store.run():
            mlflow.log_artifact(str(file))
    return store


def panel(store: Store) -> Store:
    """Runs that logged the rows of patients on the same days."""
    keys = pd.DataFrame({"entity": PATIENT, "time": DAYS})
    for size in (0.5, 0.7):
        with store.run():
            viewcast.log_rows(OFF, OFF * size, keys)
    return store


def audited(cluster: str | None) -> AuditResult:
    (result,) = viewcast.audit(experiment="others", cluster=cluster, draws=100).results
    return result


def error(result: AuditResult) -> float:
    assert result.winner is not None and result.winner.error is not None
    return result.winner.error


def test_a_column_of_their_tables_names_the_series(others_store: Store, tmp_path: Path) -> None:
    pictures(others_store, tmp_path)
    alike, unknown = audited("patient"), audited(None)
    assert alike.clustering is not None and unknown.clustering is None
    assert (alike.clustering.cluster, alike.clustering.entities) == ("entity", PATIENTS)
    means = np.abs(0.5 * OFF[::EACH])  # the error is that of a mean over patients
    assert error(alike) == pytest.approx(means.std(ddof=1) / PATIENTS**0.5, rel=0.1)
    told = CliRunner().invoke(
        program,
        ["audit", "--experiment", "others", "--cluster", "patient", "--draws", "50"],
    )
    assert "Too few entities for a bound of new ones (30)" in told.output


def test_a_column_that_no_table_has_is_refused_with_those_there_are(
    others_store: Store, tmp_path: Path
) -> None:
    pictures(others_store, tmp_path)
    with pytest.raises(ConfigError, match=r"cluster = doctor: .*image, patient, y_true, y_pred"):
        audited("doctor")
    with pytest.raises(ConfigError, match="cluster = entity: no run has rows of several entities"):
        audited("entity")


@pytest.mark.parametrize(("cluster", "found"), [(None, "both"), ("time", "time"), ("entity",) * 2])
def test_a_word_counts_for_more_than_what_runs_said(
    others_store: Store, cluster: str | None, found: str
) -> None:
    panel(others_store)
    result = audited(cluster)
    assert result.clustering is not None
    assert result.clustering.cluster == found


def test_series_that_share_their_times_are_alike_by_both(
    others_store: Store, tmp_path: Path
) -> None:
    for size in (0.5, 0.7):
        table = {"channel": PATIENT, "date": DAYS, "y_true": OFF, "y_pred": OFF * size}
        pd.DataFrame(table).to_csv(tmp_path / "validation.csv", index=False)
        with others_store.run():
            mlflow.log_artifact(str(tmp_path / "validation.csv"))
    result = audited("channel")
    assert result.clustering is not None and result.clustering.cluster == "both"
    assert result.rows == len(PATIENT)


def test_rows_for_models_that_lack_the_column_are_refused(
    others_store: Store, tmp_path: Path
) -> None:
    pictures(others_store, tmp_path)
    rows = tmp_path / "rows.parquet"
    pd.DataFrame({"y": OFF, "x": OFF}).to_parquet(rows)
    with pytest.raises(DataError, match=r"rows = .*patient: it has no such column.* are x$"):
        viewcast.audit(
            experiment="others", rows=rows, target="y", load_models=True, cluster="patient"
        )
