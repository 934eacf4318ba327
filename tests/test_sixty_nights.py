"""Sixty nights in a row on a channel whose regime changes three times."""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from scipy.stats import binomtest

from support.nights import Diary, Nights, started
from support.recovery import NEAR, STEADY, WEEK, Nightly, evaluated, recovery, true_losses
from support.regimes import DAY, Channel, three_changes
from viewcast.tracking.tags import CONTEXT, GATE
from viewcast.tracking.used_days import spent_to

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("sixty nights")]

START = "2018-06-01"  # as many days as the shorter windows take
FIRST, NIGHTS = pd.Timestamp("2019-03-27"), 60
CHANGES = (8, 25, 42)  # nights that bring the first day of a new regime
# Nights. Set after six seeds of this set-up were seen (medians 6, 4, 8; longest 11, 11, 9): it
# guards what was measured, and is no claim about the models that conf/challenger.yaml names.
MAX_NIGHTS = 12
# Of conf/retrain.yaml: (1 - promotion.confidence_level) / 2; the margin in percent.
RATE, MARGIN = 0.05, 5.0
SIGNIFICANT = 0.05  # p-value below which the rate counts as exceeded

# Lines through the origin hold at any level of views, and without columns for weekdays they take
# the weekly rhythm from the week before. The other models of conf/challenger.yaml learn patterns
# that they must unlearn; benchmarks/bench_nights.py measures how long that takes.
NIGHTLY = Nightly(
    {
        name: ("model=proportional", f"model.name={name}", f"model.features=[lag_1..lag_{lags}]")
        for name, lags in (("short", 7), ("long", 8))
    },
    data=("data.splits.nightly.train=200",),
)


@dataclass
class Lived:
    """The results of sixty nights; ``losses``, ``evaluations``: the truth about them."""

    nights: Nights
    channel: Channel
    outcomes: list[dict[str, Any]]
    losses: pd.DataFrame
    evaluations: pd.DataFrame


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Lived:
    folder = tmp_path_factory.mktemp("sixty")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("viewcast.report.champions_page.write_page", lambda root: None)
        firsts = tuple(FIRST + (night - 2) * DAY for night in CHANGES)
        channel = Channel(three_changes(START), firsts, FIRST + NIGHTS * DAY, seed=0)
        nights = started(folder / "project", empty_store, Diary(channel.views))
        outcomes = list(NIGHTLY.live(nights, FIRST, NIGHTS))
        oracles = [
            NIGHTLY.oracles(Channel((regime,), (), FIRST, 1000), folder / f"oracle {number}")
            for number, regime in enumerate(channel.regimes)
        ]
        losses = true_losses(nights, outcomes, channel, oracles)
        evaluations = evaluated(nights, outcomes, channel)
        return Lived(nights, channel, outcomes, losses, evaluations)


def test_every_night_comes_to_its_end(lived: Lived) -> None:
    assert len(lived.outcomes) == NIGHTS
    assert {outcome["outcome"] for outcome in lived.outcomes} <= {
        "promoted",
        "not better",
        "days spent",
    }
    assert [outcome["added"] for outcome in lived.outcomes[1:]] == [1] * (NIGHTS - 1)
    assert lived.nights.outcomes == lived.outcomes


@pytest.mark.parametrize("change", [1, 2, 3])
def test_the_champion_recovers_from_each_change(lived: Lived, change: int) -> None:
    assert recovery(lived.losses, change) <= MAX_NIGHTS


@pytest.mark.parametrize("change", [1, 2, 3])
def test_each_change_is_one_to_recover_from(lived: Lived, change: int) -> None:
    own = lived.losses[lived.losses["regime"] == change]
    assert len(own) >= MAX_NIGHTS + STEADY
    assert own["champion"].iloc[0] > NEAR * own["settled"].iloc[0]


def test_lines_of_raw_views_that_are_never_trained_again_would_not_recover(
    lived: Lived, tmp_path: Path
) -> None:
    raw = Nightly({"augmented": ("model=augmented",)})
    usual = Channel(lived.channel.regimes[:1], (), FIRST, 1000)
    (stale,) = raw.oracles(usual, tmp_path)
    for change in (1, 2, 3):
        own = lived.losses[lived.losses["regime"] == change].tail(STEADY)
        for night, settled in zip(own["night"], own["settled"], strict=True):
            newest = pd.Timestamp(lived.outcomes[night - 1]["newest"])
            simulations = lived.channel.simulations(newest, WEEK, 50, stays=True)
            assert simulations.losses(stale).mean() > NEAR * settled


def test_models_that_are_worse_are_promoted_no_more_often_than_the_rule_says(lived: Lived) -> None:
    found = lived.evaluations
    assert len(found) == (NIGHTS - 1) // 7
    for truly, why in (("no better", "better"), ("worse by more", "refresh")):
        worse = found[found["then"] >= (0 if truly == "no better" else MARGIN)]
        passed = int((worse["why"] == why).sum())
        if len(worse):
            assert binomtest(passed, len(worse), RATE, "greater").pvalue > SIGNIFICANT, (
                truly,
                passed,
            )


def test_the_log_of_promotions_the_registry_and_the_outcomes_say_the_same(lived: Lived) -> None:
    lines, registry = lived.nights.promotions, lived.nights.registry
    promoted = [outcome for outcome in lived.outcomes if outcome["outcome"] == "promoted"]
    assert [line["version"] for line in lines] == [outcome["champion"] for outcome in promoted]
    assert [line["night"] for line in lines] == [outcome["night"] for outcome in promoted]
    assert [line["id"] for line in lines] == [outcome["run_id"] for outcome in promoted]
    assert [line["previous"] for line in lines] == [None, *(line["version"] for line in lines[:-1])]
    current = None
    for outcome in lived.outcomes:
        current = outcome["challenger"] if outcome["outcome"] == "promoted" else current
        assert outcome["champion"] == current
    champion = registry.champion()
    assert champion is not None
    assert champion.number == current
    versions = registry.versions()
    assert [version.number for version in versions] == list(range(1, len(versions) + 1))
    assert {version.number for version in versions} == {
        outcome["challenger"] for outcome in lived.outcomes
    }
    tagged = {v.number: v.tags["viewcast.promoted"] for v in versions if "viewcast.why" in v.tags}
    assert tagged == {line["version"]: line["night"] for line in lines}


def test_every_fresh_day_is_evaluated_once_and_none_is_left_out(lived: Lived) -> None:
    gates = [outcome["gate"] for outcome in lived.outcomes if outcome["gate"] is not None]
    spans = [(pd.Timestamp(gate["first"]), pd.Timestamp(gate["last"])) for gate in gates]
    assert [(last - first).days + 1 for first, last in spans] == [gate["days"] for gate in gates]
    for (_, last), (first, _) in itertools.pairwise(spans):
        assert first == last + DAY
    assert spent_to(lived.nights.registry.client) == spans[-1][1].date()
    left = (pd.Timestamp(lived.outcomes[-1]["newest"]) - spans[-1][1]).days
    assert left == (NIGHTS - 1) % 7


def test_no_run_trained_or_validated_on_a_day_before_its_evaluation(lived: Lived) -> None:
    client = MlflowClient(lived.nights.settings.tracking.uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, max_results=1000)
    nights = [(run, used(run)[GATE]) for run in runs if GATE in used(run)]
    assert len(nights) == sum(outcome["gate"] is not None for outcome in lived.outcomes)
    learnt = [(run, used(run)) for run in runs if "training" in used(run)]
    assert len(learnt) == len(NIGHTLY.models) * (1 + len(nights))
    for night, (first, _) in nights:
        before = [days for run, days in learnt if run.info.start_time <= night.info.end_time]
        assert before
        assert max(last for days in before for _, last in days.values()) < first
    for version in lived.nights.registry.versions():
        first = min(
            pd.Timestamp(outcome["newest"]) - (outcome["fresh_days"] - 1) * DAY
            for outcome in lived.outcomes
            if outcome["challenger"] == version.number
        )
        assert pd.Timestamp(version.tags["viewcast.trained_to"]) < first


def used(run: Run) -> dict[str, tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last of the days that a run used, by what for."""
    profiles = {
        tag.value: json.loads(entry.dataset.profile)
        for entry in run.inputs.dataset_inputs
        for tag in entry.tags
        if tag.key == CONTEXT
    }
    return {
        what: (pd.Timestamp(profile["first"]), pd.Timestamp(profile["last"]))
        for what, profile in profiles.items()
    }


def test_worlds_of_a_channel_go_on_as_it_did() -> None:
    """A world in which nothing is drawn anew but the future keeps past, rhythm and noise."""
    regimes, change = three_changes(START), FIRST
    channel = Channel(regimes[:2], (change,), FIRST + 30 * DAY, seed=1)
    simulations = channel.simulations(FIRST - DAY, 7, 4000, stays=True)
    assert (simulations.views[:, :28] == channel.views[: FIRST - DAY].to_numpy()[-28:]).all()
    ahead = np.median(simulations.views[:, 28:], axis=0)
    np.testing.assert_allclose(ahead[3:], regimes[1].rhythm(simulations.days)[3:], rtol=0.1)
    before = channel.simulations(FIRST - 4 * DAY, 7, 4000, stays=False)
    ratio = np.median(before.views[:, 28:], axis=0) / regimes[0].rhythm(before.days)
    np.testing.assert_allclose(ratio, [1, 1, 1, 3, 3, 3, 3], rtol=0.15)
