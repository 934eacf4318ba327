"""Rows that are alike: the error of a mean knows it, and so do the figures of a choice."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.typing import NDArray

from viewcast.selection.candidates import Candidates
from viewcast.selection.clusters import Cluster, Clusters, cluster_error
from viewcast.selection.inference import Settings, infer

Floats = NDArray[np.float64]


def keys(entities: int, times: int) -> pd.DataFrame:
    """A row for each entity and time, by time."""
    rows = [(f"v{entity:03d}", time) for time in range(times) for entity in range(entities)]
    return pd.DataFrame(rows, columns=["entity", "time"])


def losses(rng: np.random.Generator, entities: int, times: int, of_entity: float) -> Floats:
    """Of all rows by time: what an entity adds, and noise."""
    own = of_entity * rng.normal(size=(1, entities))
    return np.asarray((5 + own + rng.normal(size=(times, entities))).ravel())


def clusters_of(entities: int, times: int, cluster: Cluster) -> Clusters:
    return Clusters.of(keys(entities, times), cluster)


def test_new_entities_have_the_cluster_robust_error_of_statsmodels() -> None:
    table = keys(40, 9).sample(frac=0.7, random_state=1)  # entities have different numbers of rows
    values = np.random.default_rng(2).normal(size=len(table)) + table["entity"].str[1:].astype(int)
    found = cluster_error(values, Clusters.of(table, "entity"))
    groups = pd.factorize(table["entity"])[0]
    fit = sm.OLS(np.asarray(values), np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    correction = np.sqrt(40 / 39)
    assert found.error == pytest.approx(float(fit.bse[0]) * correction, rel=1e-9)
    assert found.freedom == 39


def test_one_row_of_each_entity_is_the_textbook_error() -> None:
    values = np.random.default_rng(3).normal(size=200)
    found = cluster_error(values, clusters_of(200, 1, "entity"))
    assert found.error == pytest.approx(values.std(ddof=1) / np.sqrt(200))


def test_day_nine_comes_before_day_ten_as_text_too() -> None:
    table = keys(12, 40)
    values = table["time"].to_numpy(float) / 9 + np.random.default_rng(9).normal(size=len(table))
    text = table.assign(time=table["time"].astype(str))
    assert cluster_error(values, Clusters.of(text, "time")) == cluster_error(
        values, Clusters.of(table, "time")
    )


def test_both_are_never_less_than_either() -> None:
    values = losses(np.random.default_rng(4), 30, 30, 0.7)
    error = {
        cluster: cluster_error(values, clusters_of(30, 30, cluster)).error
        for cluster in ("entity", "time", "both")
    }
    assert error["both"] is not None
    assert error["both"] >= max(error["entity"] or 0, error["time"] or 0)


def test_few_clusters_tell_no_error() -> None:
    assert cluster_error(np.arange(20.0), clusters_of(2, 10, "entity")).error is None
    assert cluster_error(np.arange(20.0), clusters_of(4, 5, "time")).error is None


def test_the_order_of_rows_changes_no_error() -> None:
    table, values = keys(20, 12), losses(np.random.default_rng(5), 20, 12, 1.0)
    mixed = np.random.default_rng(6).permutation(len(table))
    for cluster in ("entity", "time", "both"):
        straight = cluster_error(values, Clusters.of(table, cluster)).error
        shuffled = cluster_error(values[mixed], Clusters.of(table.iloc[mixed], cluster)).error
        assert straight == pytest.approx(shuffled)


def test_a_video_repeated_tells_nothing_new() -> None:
    """Ten equal rows of each video: errors and bounds are those of one row each."""
    rng = np.random.default_rng(7)
    once = [rng.normal(5, 1, size=(1, 150)) for _ in range(12)]
    ten = [np.repeat(own, 10, axis=1) for own in once]
    table = pd.DataFrame({"entity": np.repeat(np.arange(150), 10), "time": np.tile(range(10), 150)})
    settings = Settings(draws=100, seed=1)
    one = infer(Candidates.of(once), settings=settings)
    found = infer(Candidates.of(ten), settings=settings, clusters=Clusters.of(table, "entity"))
    assert found.error == pytest.approx(one.error, rel=0.02)
    assert found.effective == pytest.approx(150, rel=0.02)
    assert found.selection_corrected is not None
    assert one.selection_corrected is not None
    shown = found.selection_corrected.upper95[0] - found.selection_corrected.shown[0]
    expected = one.selection_corrected.upper95[0] - one.selection_corrected.shown[0]
    assert shown == pytest.approx(expected, rel=0.25)


def test_too_few_times_refuse_figures_of_new_ones_in_words() -> None:
    own = [losses(np.random.default_rng(seed), 60, 10, 0.5)[np.newaxis] for seed in range(5)]
    found = infer(Candidates.of(own), clusters=clusters_of(60, 10, "both"))
    assert found.selection_corrected is None
    assert "too few times" in str(found.sample_size.refusal)
