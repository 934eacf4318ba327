"""What the audit says first: what to do, in the direction of the user's metric."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from support import audited
from support.studied_runs import FACTS, SETTINGS, noisy, scored
from viewcast.assessment import understood_sentences
from viewcast.assessment.audit import audit
from viewcast.assessment.choice import BestOf, ConfidenceSet, GainOver, ScoreRange, SeedShare
from viewcast.assessment.headline import headline
from viewcast.assessment.range_sentences import seed
from viewcast.assessment.result import AuditResult
from viewcast.assessment.study import Scored, study
from viewcast.assessment.understanding import SetAside, Understanding

UNDERSTOOD = Understanding(
    metric="val/acc",
    metric_from="most runs",
    more_is_better=True,
    direction_from="its name",
    value="best",
    rows=400,
    digest="0123456789abcdef",
    rows_from="row tables",
    taken=18,
    set_aside=(SetAside("it diverged", 7, ("a", "b", "c")), SetAside("it failed", 1, ("d",))),
    passed_over=("test_acc is of test rows",),
)


def twenty(**fields: Any) -> AuditResult:
    """Twenty runs, seven of which cannot be told apart; the curve costs .02 per doubling."""
    runs = tuple(
        audited.entry(f"linear_{i}", 2700.0 + 10 * i, expected=2740.0 + 5 * i, bound95=3660.0)
        for i in range(20)
    )
    curve = tuple(
        BestOf(k, 2900.0 - 50 * np.log2(k), 2900.0 - 30 * np.log2(k), None, None)
        for k in (1, 2, 5, 10, 20)
    )
    values: dict[str, Any] = {
        "runs": runs, "winner": audited.winner(runs[0], 100.0), "best_of": curve,
        "confidence_set": ConfidenceSet(tuple(run.run_id for run in runs[:7]), None),
    }  # fmt: skip
    return audited.blank("x", 400, unit="views", **{**values, **fields})


def test_it_names_the_tie_the_simplest_the_figure_the_bound_and_the_cost_of_more() -> None:
    runs = tuple(replace(run, size=9.0 - i, size_of="parameters")
                 for i, run in enumerate(twenty().runs))  # fmt: skip
    best = ConfidenceSet(tuple(run.run_id for run in runs[:7]), None, runs[6].run_id)
    assert headline(twenty(runs=runs, confidence_set=best)) == (
        "7 of 20 runs cannot be told apart; take the simplest, “linear_6” (3 parameters); expect "
        "2,770 views, plan for at most 3,660; 20 more runs would cost another 20 of belief"
    )


def test_without_sizes_the_choice_is_left_to_the_user() -> None:
    assert "take the simplest or cheapest of them (“linear_0” shows the best)" in headline(twenty())


def test_a_best_run_that_stands_out_is_to_be_taken() -> None:
    alone = ConfidenceSet(("id-linear_0",), None)
    told = headline(twenty(confidence_set=alone))
    assert told.startswith("take “linear_0”: it can be told apart from all 19 others; expect 2,740")


def test_more_runs_that_cost_nothing_are_not_mentioned() -> None:
    level = tuple(BestOf(k, 5.0 - k / 20, 5.0 - k / 20, None, None) for k in (1, 2, 5, 10, 20))
    assert "belief" not in headline(twenty(best_of=level))
    assert "belief" not in headline(twenty(best_of=()))


@pytest.mark.parametrize(
    ("standing", "told"),
    [
        ("overtuned", "keep “default”: on new rows the winner of the search is worse"),
        ("reference wins", "keep “default”: no other run shows a better loss"),
    ],
)
def test_a_search_that_gained_nothing_says_what_to_keep(standing: str, told: str) -> None:
    gain = GainOver("default", 10.0, -5.0, None, 0.0, "red", standing)
    assert headline(twenty(gain=gain)).startswith(told)


def test_a_reference_that_is_still_the_best_is_kept_with_the_figures_to_plan_by() -> None:
    assert headline(twenty(), "id-linear_0") == (
        "keep “linear_0”: no other run shows a better loss; 6 of 19 others cannot be told apart "
        "from it; expect 2,740 views, plan for at most 3,660; 20 more runs would cost another 20 "
        "of belief"
    )


def test_no_bound_says_how_many_rows_would_give_one() -> None:
    runs = tuple(replace(run, bound95=None) for run in twenty().runs)
    told = headline(twenty(runs=runs, rows_wanted=600, confidence_set=None))
    assert told.startswith("take “linear_0”, the best of 20 as shown; expect 2,740 views; a bound")
    assert "needs 600 rows" in told


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (
            ScoreRange("rows", 20, 400, 0.9, 0.884, 0.9, 0.859, 0.055, 7),
            "7 of 20 runs cannot be told apart; take the simplest or cheapest of them "
            "(“linear_0” shows the best); expect 0.884 to 0.900, plan for at least 0.859",
        ),
        (
            ScoreRange("folds", 20, 5, 0.9, 0.88, 0.88, None, 0.01, 1),
            "take “linear_0”: the 19 other runs are worse by more than noise; expect 0.880",
        ),
    ],
)
def test_scores_alone_give_a_range(known: ScoreRange, told: str) -> None:
    runs = tuple(audited.entry(f"linear_{i}", 0.9 - 0.01 * i) for i in range(20))
    result = audited.blank(
        "x", 0, unit="", more_is_better=True, runs=runs, winner=audited.winner(runs[0], None),
        score_range=known,
    )  # fmt: skip
    assert headline(result) == told


def test_the_share_of_the_seed_is_told_in_three_parts() -> None:
    share = SeedShare(4, 5, "the average setting", 0.05, 0.03, 0.01, 0.005, 0.004, 0.015, 0.006,
                      0.41, 0.008)  # fmt: skip
    assert seed(replace(twenty(), seed_share=share, unit="")) == (
        "of the 0.050 gained over the average setting, 0.030 ± 0.010 is the setting and stays when "
        "it is trained again, 0.0050 ± 0.0040 is this seed, and 0.0150 ± 0.0060 was the luck of "
        "these rows; with another seed expect 0.4100 (seeds differ by a standard deviation of "
        "0.0080)"
    )


# What was understood


def test_what_was_understood_is_told_line_by_line() -> None:
    told = {line.name: line.text for line in understood_sentences.lines(UNDERSTOOD)}
    assert told == {
        "metric": "val/acc (most runs), more is better (its name); the best value of each run",
        "rows": "400 known by row tables; digest 01234567",
        "runs": "18 compared; 8 set aside: a, b, c and 4 more (it diverged); d (it failed)",
        "passed over": "test_acc is of test rows",
    }


def test_rows_that_are_not_known_are_not_counted() -> None:
    unknown = replace(UNDERSTOOD, rows=None, digest=None, rows_from="not known", passed_over=())
    told = {line.name: line.text for line in understood_sentences.lines(unknown)}
    assert told["rows"] == "not known"
    assert "passed over" not in told


# Direction


def of_scores(more_is_better: bool) -> AuditResult:
    """The same losses, as they are or as the negatives of a score."""
    facts = replace(FACTS, more_is_better=more_is_better)
    losses = noisy(np.random.default_rng(3), 20, 200)
    losses[0] *= 1.5
    runs: list[Scored] = [
        scored(f"run-{i:02d}", own, model="naive" if i == 0 else "deep", facts=facts)
        for i, own in enumerate(losses)
    ]
    (result,) = audit([study("h", runs)], SETTINGS, "viewcast")
    return result


def test_a_score_is_audited_as_the_negative_of_a_loss_and_shown_as_itself() -> None:
    loss, score = of_scores(False), of_scores(True)
    for name in ("shown", "expected", "bound95"):
        assert getattr(score.winner, name) == -getattr(loss.winner, name)
        assert [getattr(run, name) for run in score.runs] == [
            -getattr(run, name) for run in loss.runs
        ]
    for name in ("optimism", "error", "run_id"):
        assert getattr(score.winner, name) == getattr(loss.winner, name)
    assert score.gain == loss.gain
    assert score.reference_loss == pytest.approx(-loss.reference_loss)
    assert score.confidence_set == loss.confidence_set
    assert [(p.shown, p.honest, p.honest_low, p.honest_high) for p in score.best_of] == [
        (-p.shown, -p.honest, -p.honest_high, -p.honest_low) for p in loss.best_of
    ]


def test_the_words_follow_the_direction() -> None:
    told = " ".join(of_scores(True).sentences)
    assert "with 95 % confidence more than" in told
    assert "of the shown score is the luck of being picked" in told
    assert "loss of the best" not in told
    assert "plan for at least" in of_scores(True).headline
    assert "plan for at most" in of_scores(False).headline
