"""An audit of refereed runs: they have no score, and the verdict is their price."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import viewcast
from support.audited_referees import PLAN, PRICE, audited, closed, logged
from support.mlflow_store import Store
from support.refereed import DAYS, closing_of, rows_of, submissions
from viewcast.base.errors import ConfigError, DataError
from viewcast.referee.answers import Verdict
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.terms import Terms
from viewcast.tracking.tags import HOLDOUT
from viewcast.tracking.write.refereed import RefereeRuns


def refereed(store: Store, count: int = 9, **more: object) -> None:
    """A referee with so many submissions that goes on."""
    told = RefereeRuns(str(store.client.tracking_uri), "others")
    for one in submissions(count, **more):
        told.submissions(PLAN, [one])


def test_an_open_referee_has_no_price(others_store: Store) -> None:
    refereed(others_store, count=7)
    (found,) = audited().refereed
    assert found.verdict == "open: 7 of 20 answers given; no price before it is closed"
    assert (found.plan, found.submissions, found.left) == (PLAN, 7, 13)
    assert found.accepted == (3,)
    assert found.by_submitter == {"agent": 4, "ann": 3}
    assert found.gain is None


def test_the_price_of_a_closed_referee_is_its_verdict(others_store: Store) -> None:
    closed(others_store)
    (found,) = audited().refereed
    assert found.verdict == f"{PRICE}; 1 of 9 submissions accepted"
    assert found.gain is not None
    assert (found.gain.estimate, found.gain.raw, found.gain.raw_acceptances) == (0.12, 0.31, 5)
    assert (found.closed, found.closed_by) == ("2025-11-24T16:01:00+00:00", "ann")
    assert "The budget was not used up: 9 of 20 answers were given." in found.sentences


def test_an_experiment_of_refereed_runs_alone_is_not_refused(others_store: Store) -> None:
    closed(others_store)
    audit = audited()
    assert audit.results == ()
    assert "Referee “gate”: experiment others, 120 rows" in str(audit)
    assert "price" in str(audit)


def test_submissions_take_no_part_in_the_choice_among_other_runs(others_store: Store) -> None:
    closed(others_store)
    other = DAYS + 1.0
    logged(others_store, other, name="first")
    logged(others_store, other, name="second")
    audit = audited()
    (result,) = audit.results
    assert {run.name for run in result.runs} == {"first", "second"}
    assert result.usage.scores == 2
    assert audit.refereed[0].raw_readers == ()  # these are other rows
    assert "referee" not in result.verdict


def test_a_run_that_read_the_rows_elsewhere_is_told_in_the_verdict_of_both(
    others_store: Store,
) -> None:
    closed(others_store)
    logged(others_store, user="bob", name="tuned")
    audit = audited()
    (found,), (result,) = audit.refereed, audit.results
    (reader,) = found.raw_readers
    assert (reader.name, reader.user, reader.scores, reader.submitter) == ("tuned", "bob", 1, False)
    assert "1 run of bob (“tuned”) read these rows outside of it" in found.verdict
    assert "rows of the referee “gate” are among these" in result.verdict
    assert result.runs[0].verdict.endswith("it read rows of the referee “gate”")


def test_a_run_that_read_some_of_the_rows_is_told_in_both_once_the_referee_is_closed(
    others_store: Store,
) -> None:
    """Before that nobody but the referee knows which rows it has."""
    logged(others_store, DAYS[:40], name="some")
    told = RefereeRuns(str(others_store.client.tracking_uri), "others")
    (deviation,) = told.outside(rows_of(DAYS), {"ann"})
    told.closing(closing_of(PLAN, submissions(9), deviations=[deviation]))
    audit = audited()
    (found,), (result,) = audit.refereed, audit.results
    assert [reader.rows for reader in found.raw_readers] == [40]
    assert "1 run of bob (“some”) read some of these rows outside of it" in found.verdict
    assert "rows of the referee “gate” are among these" in result.verdict


def test_a_run_that_read_more_than_the_rows_is_told_while_the_referee_is_open(
    others_store: Store,
) -> None:
    """Nobody but the referee knows its rows: they are found where they are a stretch of others."""
    refereed(others_store, count=3)
    days = pd.date_range(DAYS.index[0] - pd.Timedelta(days=20), periods=150)
    rng = np.random.default_rng(4)
    longer = pd.Series(rng.normal(100, 10, 150), days)
    longer[DAYS.index] = DAYS
    logged(others_store, longer, name="more")
    holes = longer.drop(days[60:62])
    logged(others_store, holes, name="fewer")
    (found,) = audited().refereed
    assert [(reader.name, reader.rows) for reader in found.raw_readers] == [("more", None)]
    assert "(“more”) read these rows outside of it, the hidden ones too" in found.verdict


def test_a_submitter_who_read_the_rows_elsewhere_is_named_so(others_store: Store) -> None:
    refereed(others_store, submitters=["ann", "bob"])
    logged(others_store, user="bob")
    (found,) = audited().refereed
    assert found.raw_readers[0].submitter
    assert "bob submitted here" in found.verdict
    assert found.verdict.startswith("open: 9 of 20")


@pytest.mark.parametrize("kind", ["days", "places", "labels"])
def test_rows_have_the_identity_that_a_referee_gives_them(
    others_store: Store, tmp_path: Path, kind: str
) -> None:
    """That is how a run that read them elsewhere is known."""
    targets, metric = DAYS, "mae"
    if kind == "places":
        targets = DAYS.reset_index(drop=True)
    if kind == "labels":
        targets, metric = pd.Series(np.where(DAYS > 100, "yes", "no"), DAYS.index), "zero_one"
    table = targets.rename("y").rename_axis("day").reset_index()
    table.to_parquet(tmp_path / "rows.parquet")
    time = None if kind == "places" else "day"
    terms = Terms(budget=20)
    folder = RefereeFolder.start(
        tmp_path / "referee", tmp_path / "rows.parquet", "y", metric, terms, time=time
    )
    folder.stop()
    with others_store.run() as run:
        viewcast.log_rows(targets, targets, metric=metric)
    assert others_store.now(run).data.tags[HOLDOUT] == folder.plan.holdout


def test_nothing_accepted_is_no_gain(others_store: Store) -> None:
    closed(others_store, Verdict(0.0, 0.0, 0.0, 0.0, 0), accepted=(1,))
    (found,) = audited().refereed
    assert found.verdict.startswith("no gain is claimed: 0 of 9 submissions accepted after the")


def test_a_gain_without_a_finite_score_is_no_gain(others_store: Store) -> None:
    nothing = float("nan")
    closed(others_store, Verdict(nothing, nothing, nothing, 0.14, 1))
    audit = audited()
    assert "no finite score on the hidden rows" in audit.refereed[0].verdict
    assert audit.to_dict()["refereed"][0]["gain"]["estimate"] is None


def test_a_holdout_picks_the_referee_of_its_rows(others_store: Store) -> None:
    closed(others_store)
    logged(others_store, DAYS + 1.0)
    (other,) = audited().results
    assert audited(holdout=PLAN.holdout[:6]).results == ()
    assert audited(holdout=other.holdout[:6]).refereed == ()
    with pytest.raises(ConfigError, match=PLAN.holdout):
        audited(holdout="zz")


def test_a_tag_that_somebody_changed_is_refused_in_words(others_store: Store) -> None:
    refereed(others_store, count=1)
    plan = {**PLAN.plain(), "metric": "rmse"}
    for run in others_store.client.search_runs([others_store.experiment]):
        others_store.client.set_tag(
            run.info.run_id, "viewcast.referee.plan", json.dumps({**plan, "gate": 1})
        )
    with pytest.raises(
        DataError, match=r"viewcast\.referee\.plan = .*expected the plan whose hash"
    ):
        audited()


def test_a_closed_referee_without_its_account_is_refused(others_store: Store) -> None:
    closed(others_store)
    (file,) = others_store.folder.rglob("closing.json")
    file.write_text("{")
    with pytest.raises(DataError, match=r"artifact closing\.json: damaged"):
        audited()
    file.unlink()
    with pytest.raises(DataError, match=r"artifact closing\.json: missing"):
        audited()
