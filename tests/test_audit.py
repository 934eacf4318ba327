"""The figures of a study, and which runs and rows take part."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from support.simulated_store import days
from support.studied_runs import FACTS, KEYS, SETTINGS, noisy, of, scored, search, sentences
from viewcast.assessment.result_file import to_json
from viewcast.assessment.study import REMEMBERS, study
from viewcast.assessment.usage import row_usage
from viewcast.holdout.looks import early_stop
from viewcast.report.audits import named

# The figures


def test_every_figure_of_a_study_is_there_with_its_sentence() -> None:
    found = of(search())
    winner = found.winner
    assert winner.shown == min(run.shown for run in found.runs)
    assert winner.expected == pytest.approx(winner.shown + winner.optimism)
    assert winner.shown < winner.expected < winner.bound95
    assert (found.rows, found.dated, found.first) == (200, True, "2021-01-01")
    assert found.usage.scores == found.usage.runs == found.usage.distinct == 41
    assert found.usage.rounds == 1
    assert found.usage.by_user == {"ana": 41}
    assert found.gain.reference == "naive"
    assert found.gain.expected < found.gain.shown
    assert found.confidence_set.run_ids[0] == winner.run_id
    assert len(found.confidence_set.run_ids) > 1
    assert 1 < found.effective_runs <= 41
    assert found.best_of[-1].k == 41
    assert found.best_of[-1].shown == pytest.approx(winner.shown)
    assert [run.in_confidence_set for run in found.runs].count(True) == len(
        found.confidence_set.run_ids
    )
    text = sentences(found)
    for words in (
        "These 200 days have been looked at 41 times by 41 runs in 1 round.",
        "independent days can answer",
        "; on new days expect ",
        ", with 95 % confidence less than ",
        " views gained over “naive” (",
        " runs, more runs improved the shown loss",
        "The 41 runs behave like",
        " of 41 runs cannot be told apart: any of them may be the best",
        "ways to halve the days",
    ):
        assert words in text, words


def test_the_report_understands_every_kind_of_audit() -> None:
    few, scalar = of(search(rows=10)), of([scored("a", 0.4), scored("b", 0.5)])
    for one in named([of(search()), few, scalar]):
        assert one.title
        assert one.runs


def test_runs_are_sorted_by_what_they_show_and_corrected_by_rank() -> None:
    found = of(search())
    shown = [run.shown for run in found.runs]
    assert shown == sorted(shown)
    assert found.runs[0].expected == found.winner.expected
    assert all(run.expected is not None for run in found.runs)


def test_below_twenty_rows_there_are_counts_and_a_refusal_and_no_figure() -> None:
    found = of(search(rows=19))
    assert found.usage.scores == 41
    assert found.winner.shown == found.runs[0].shown
    assert found.winner.expected is None
    assert (found.confidence_set, found.effective_runs, found.best_of) == (None, None, ())
    assert found.gain.shown > 0
    assert found.gain.share is None
    assert "too few validation rows" in found.refusal
    assert found.rows_wanted >= 100
    assert found.verdict == "too few rows to say what the winner is worth: 19 of 20"


def test_between_twenty_and_a_hundred_rows_there_is_a_figure_and_no_bound() -> None:
    found = of(search(rows=60))
    assert found.winner.expected is not None
    assert found.winner.bound95 is None
    assert found.confidence_set is None
    assert "not enough independent validation rows for a bound" in found.refusal
    assert found.verdict.startswith(("weak: ", "validation set worn out: "))


def test_one_run_alone_has_no_luck_of_being_picked() -> None:
    found = of(search(runs=0))
    assert found.winner.optimism == pytest.approx(0, abs=1e-6)
    assert found.verdict == "one run: nothing was chosen, and nothing is known of a gain"
    assert found.gain is None


def test_the_reference_may_be_named_by_model_name_or_id() -> None:
    runs = search()
    last = of(runs).runs[-1].name
    second = of(runs).runs[-2].name
    assert last == "naive"
    assert of(runs, replace(SETTINGS, reference=second)).gain.reference == second
    assert of(runs, replace(SETTINGS, reference="nobody")).gain is None


def test_the_reference_is_the_first_of_several_rounds_and_nobody_of_one() -> None:
    unnamed = replace(SETTINGS, reference=None)
    runs = search(runs=10)
    assert of(runs, unnamed).gain is None
    looks = [
        replace(run.look, start=10 * i, end=10 * i + 1, batch_id=str(i))
        for i, run in enumerate(runs)
    ]
    apart = [replace(run, look=look) for run, look in zip(runs, looks, strict=True)]
    assert of(apart, unnamed).gain.reference == runs[0].facts.name


@pytest.mark.parametrize("reference", ["naive", None])
def test_which_run_of_a_batch_began_first_changes_nothing(reference: str | None) -> None:
    rounds = [
        scored(f"{batch} {run.facts.name}", run.rows.final, model="naive", batch_id=batch)
        for batch in ("0", "1")
        for run in search(runs=10, seed=int(batch))
    ]

    def audited(starts: list[int]) -> str:
        looks = [
            replace(run.look, start=start, end=start + 1)
            for run, start in zip(rounds, starts, strict=True)
        ]
        ran = [replace(run, look=look) for run, look in zip(rounds, looks, strict=True)]
        found = of(ran, replace(SETTINGS, reference=reference))
        assert found.gain.reference == "0 naive"
        return to_json([found])

    later = range(100, 111)
    in_order = audited([*range(11), *later])
    assert audited([*reversed(range(11)), *reversed(later)]) == in_order


def test_the_least_dependence_length_is_that_of_the_data_or_of_the_settings() -> None:
    weekly = [replace(run, facts=replace(run.facts, block=7.0)) for run in search()]
    assert of(weekly).dependence == 7
    assert of(search(), replace(SETTINGS, least=9)).dependence == 9


def test_evaluated_epochs_count_as_candidates_of_their_run() -> None:
    rng = np.random.default_rng(1)
    states = noisy(rng, 60, 200)
    best = states[states.mean(axis=1).argmin()]
    kept = [scored("stopped", best, states=states, uses=(early_stop(60),))]
    blind = [scored("stopped", best, uses=(early_stop(60),))]
    assert of(kept).winner.optimism > 0.03
    assert of(blind).winner.optimism == pytest.approx(0, abs=1e-6)
    assert "keeps no losses of the other epochs" in sentences(of(blind))
    assert "keeps no losses" not in sentences(of(kept))


def test_runs_with_epochs_in_cells_and_runs_with_rows_are_compared_together() -> None:
    rng = np.random.default_rng(1)
    keys = days(1025)
    losses = noisy(rng, 3, 1025)
    cells = np.add.reduceat(losses[0], np.arange(0, 1025, 3)) / np.r_[np.full(341, 3), 2]
    runs = [
        scored("stopped", losses[0], states=[cells * 1.1, cells], keys=keys),
        *(scored(f"run-{i}", losses[i], keys=keys) for i in (1, 2)),
    ]
    found = of(runs)
    assert found.rows == 1025
    shown = min(losses.mean(axis=1))
    expected = found.winner.expected - found.winner.optimism
    assert expected == pytest.approx(shown, rel=1e-5)


# Who takes part


def test_a_memorised_validation_set_is_excluded_with_the_reason() -> None:
    memory = scored("memorizer_leak", np.zeros(200), model="memorizer_leak")
    found = of([*search(), memory])
    excluded = [run for run in found.runs if run.excluded is not None]
    assert [(run.run_id, run.excluded) for run in excluded] == [("memorizer_leak", REMEMBERS)]
    assert found.winner.run_id != "memorizer_leak"
    assert excluded[0].expected is None


def test_the_hidden_holdout_tells_of_a_memory_that_its_gain_is_nowhere_else() -> None:
    rng = np.random.default_rng(5)
    whole = noisy(rng, 4, 280)
    runs = [scored(f"run-{i}", own[:200], hidden_holdout=own[200:]) for i, own in enumerate(whole)]
    memory = scored(
        "memorizer_leak",
        np.zeros(200),
        model="memorizer_leak",
        hidden_holdout=np.full(80, 3.0),
        start=5,
    )
    reasons = {run.run_id: run.excluded for run in of([*runs, memory]).runs}
    assert reasons["memorizer_leak"] == f"{REMEMBERS}; the hidden rows do not confirm its gain"


def test_a_study_of_excluded_runs_has_no_winner() -> None:
    found = of([scored("memorizer_leak", np.zeros(200), model="memorizer_leak")])
    assert found.winner is None
    assert found.verdict.startswith("no figure: ")
    assert found.usage.scores == 1


def test_a_study_of_several_series_at_the_same_days_gets_no_figure_and_says_why() -> None:
    series = [days(100).assign(entity=name) for name in ("a", "b")]
    panel = pd.concat(series, ignore_index=True).sort_values("time", kind="stable")
    losses = noisy(np.random.default_rng(3), 5, 200)
    found = of([scored(f"run-{i}", own, keys=panel) for i, own in enumerate(losses)])
    assert found.refusal.startswith("2 entities share 100 of 100 times")
    assert "too few entities to tell it by them" in found.verdict
    assert (found.winner, found.confidence_set, found.best_of) == (None, None, ())
    assert {run.excluded for run in found.runs} == {
        "was scored on rows of several series at the same times"
    }
    assert found.usage.scores == 5


# One score of each run


def test_single_figures_are_counted_and_read_by_order_statistics() -> None:
    scores = np.random.default_rng(0).normal(0.5, 0.05, 30)
    found = of([scored(f"run-{i}", float(s)) for i, s in enumerate(scores)])
    assert found.rows == 0
    assert found.winner.shown == scores.min()
    assert found.winner.expected is None
    assert found.best_of[0].shown == pytest.approx(scores.mean())
    assert found.best_of[-1].shown == pytest.approx(scores.min())
    assert {line.honest for line in found.best_of} == {None}
    assert found.usage.bits_budget is None
    assert "if all are luck, the mean of all, 0.4" in sentences(found)
    assert "so this is no estimate" in sentences(found)
    assert found.verdict == "counted only: one score of each of 30 runs, no row losses"


# Rows


def test_rows_of_holdouts_that_overlap_share_their_looks() -> None:
    first = study("h", [scored("a", np.ones(20)), scored("b", np.ones(20) * 2)])
    later = days(30).tail(20).assign(target=KEYS["target"][10:30].to_numpy())
    second = study("g", [scored("c", np.ones(20), holdout="g", keys=later)])
    table = row_usage([first, second]).set_index(["holdout", "time"])["scores"]
    assert table["h", "2021-01-01"] == 2
    assert table["h", "2021-01-20"] == table["g", "2021-01-20"] == 3
    assert table["g", "2021-01-30"] == 1


def test_rows_of_unlike_data_are_not_taken_for_each_other() -> None:
    other = replace(FACTS, data="lectures")
    both = [
        study("h", [scored("a", np.ones(20))]),
        study("g", [scored("b", np.ones(20), holdout="g", facts=other)]),
    ]
    assert row_usage(both)["scores"].tolist() == [1] * 40
