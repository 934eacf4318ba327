import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.loaded import loaded_after
from support.simulated_store import SimulatedStore, days
from viewcast.assessment import rounds, run_verdict
from viewcast.assessment.audit import audit
from viewcast.assessment.result import AuditResult, Truth
from viewcast.assessment.result_file import from_json, renamed, to_json
from viewcast.assessment.row_losses import RowLosses
from viewcast.assessment.settings import AuditSettings
from viewcast.assessment.study import REMEMBERS, Facts, Opened, Scored, Study, overlap, study
from viewcast.assessment.usage import row_usage
from viewcast.base import cli
from viewcast.base.errors import ConfigError
from viewcast.base.settings import Tracking, construct
from viewcast.holdout.looks import REPORT, Look, Use, early_stop
from viewcast.report.audits import named
from viewcast.runs.audit import audit_experiment, paths
from viewcast.tracking.read.gather import gather

ROOT = Path(__file__).resolve().parents[1]
TRACKING = Tracking("sqlite:///none.db", None, "study", 1.0)
SETTINGS = AuditSettings(tracking=TRACKING, draws=200)
FACTS = Facts("", data="channel", label="channel", split="year", unit="views", loss="mae")
KEYS = days(400)


def scored(
    name: str,
    losses: Any,
    *,
    start: int = 0,
    end: int | None = None,
    batch_id: str = "all",
    model: str = "deep",
    hidden_holdout: Any = None,
    states: Any = None,
    facts: Facts = FACTS,
    uses: tuple[Use, ...] = (REPORT,),
    holdout: str = "h",
    keys: pd.DataFrame = KEYS,
    **fields: Any,
) -> Scored:
    """A run with these row losses (M,), or with one figure."""
    ended = start + 1 if end is None else end
    look = Look(name, name, uses, holdout, batch_id, start, ended, "ana", "FINISHED")
    own = replace(facts, name=name, model=model)
    if np.ndim(losses) == 0:
        return Scored(look, own, shown=float(losses), **fields)
    values = np.asarray(losses, np.float64)
    table = keys.head(len(values))
    if states is not None:
        states = np.asarray(states, np.float32)
    epochs = None if states is None else np.arange(1, len(states) + 1)
    hidden = (
        None
        if hidden_holdout is None
        else RowLosses(days(len(hidden_holdout), "2023-01-01"), hidden_holdout)
    )
    rows = RowLosses(table, values, states, epochs)
    return Scored(look, own, shown=float(values.mean()), rows=rows, hidden_holdout=hidden, **fields)


def noisy(
    rng: np.random.Generator, runs: int, rows: int, truth: Any = 1.0, common: float = 0.5
) -> np.ndarray:
    """Losses (runs, rows) around true means, part of the noise common to all."""
    shared = rng.normal(size=rows) * np.sqrt(common)
    own = rng.normal(size=(runs, rows)) * np.sqrt(1 - common)
    return np.broadcast_to(truth, runs)[:, np.newaxis] * np.exp(0.5 * (shared + own) - 0.125)


def of(runs: list[Scored], settings: AuditSettings = SETTINGS, **rest: Any) -> AuditResult:
    (found,) = audit([study("h", runs)], settings, "viewcast", **rest)
    assert from_json(to_json([found]), "audit.json") == (found,)
    return found


def search(rows: int = 200, runs: int = 40, seed: int = 3) -> list[Scored]:
    rng = np.random.default_rng(seed)
    losses = noisy(rng, runs + 1, rows)
    losses[0] *= 1.5
    names = ["naive", *(f"run-{i:02d}" for i in range(runs))]
    return [
        scored(name, own, model="naive" if name == "naive" else "deep")
        for name, own in zip(names, losses, strict=True)
    ]


def sentences(found: AuditResult) -> str:
    return " ".join(found.sentences)


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


# Rounds


def climb(rounds_: int, *, hidden_holdout: bool = False, rows: int = 200) -> list[Scored]:
    """A hill climb: each run a small random step from the best one so far."""
    rng = np.random.default_rng(2)
    count = rows + 80
    base = np.exp(rng.normal(size=count) * 0.5)
    best, runs = base, []
    for i in range(rounds_):
        step = best + (0.15 * rng.normal(size=count) if i else 0.0)
        hidden = step[rows:] if hidden_holdout else None
        runs.append(
            scored(
                f"step-{i:03d}", step[:rows], start=10 * i, batch_id=str(i), hidden_holdout=hidden
            )
        )
        if step[:rows].mean() < best[:rows].mean():
            best = step
    return runs


def test_an_attack_without_a_hidden_holdout_gets_no_corrected_number() -> None:
    found = of(climb(120))
    assert found.usage.rounds == 120
    assert found.winner.expected is None
    assert {run.expected for run in found.runs} == {None}
    assert found.best_of == ()
    assert (found.confidence_set, found.overfit_probability) == (None, None)
    assert "the runs were tuned on these rows" in found.refusal
    assert found.verdict == found.refusal
    by_name = {run.name: run.verdict for run in found.runs}
    assert by_name["step-000"] == "fine"
    assert by_name["step-007"].startswith("its score is not to be believed: the runs were tuned")
    assert "on new days expect" not in sentences(found)


def test_an_attack_on_rows_with_a_hidden_holdout_rings_the_alarm() -> None:
    found = of(climb(120, hidden_holdout=True))
    hidden_holdout = found.hidden_holdout
    assert hidden_holdout.alarm
    assert hidden_holdout.gain_hidden < hidden_holdout.gain_shown / 2
    assert hidden_holdout.estimate > found.winner.shown
    assert [point.look for point in hidden_holdout.path] == list(range(1, 121))
    assert hidden_holdout.path[-1].shown == pytest.approx(hidden_holdout.gain_shown)
    assert found.winner.expected is None
    assert found.verdict.startswith("validation set worn out: of ")


def test_a_hidden_holdout_without_alarm_tells_nothing_but_that_it_is_silent() -> None:
    rng = np.random.default_rng(8)
    whole = noisy(rng, 12, 280)

    def audited(hidden: np.ndarray) -> AuditResult:
        return of(
            [
                scored(f"run-{i}", own[:200], hidden_holdout=other, start=10 * i, batch_id=str(i))
                for i, (own, other) in enumerate(zip(whole, hidden, strict=True))
            ]
        )

    found = audited(whole[:, 200:])
    hidden_holdout = found.hidden_holdout
    assert not hidden_holdout.alarm
    sealed = ("gain_hidden", "difference", "error", "estimate")
    assert {getattr(hidden_holdout, name) for name in sealed} == {None}
    assert hidden_holdout.path == ()
    assert found == audited(whole[:, 200:] * rng.uniform(0.9, 1.1, (12, 80)))
    assert found.caveat is None
    assert found.winner.expected is not None


def test_hidden_rows_that_others_were_shown_are_no_longer_hidden() -> None:
    whole = noisy(np.random.default_rng(8), 2, 280)
    first = [scored(f"run-{i}", own[:200], hidden_holdout=own[200:]) for i, own in enumerate(whole)]
    late = days(30, "2023-01-11")
    other = scored("other", np.ones(30), holdout="g", keys=late)
    both = [study("h", first), study("g", [other])]
    assert [overlap(both[0], both[1:]), overlap(both[1], both[:1])] == [30, 0]
    found = {one.holdout: one for one in audit(both, SETTINGS, "viewcast")}
    assert "but 30 of these rows were shown to other runs" in sentences(found["h"])


def test_rounds_without_tuning_keep_their_number_with_a_caveat() -> None:
    runs = [
        replace(run, look=replace(run.look, start=10 * i, end=10 * i + 1, batch_id=str(i)))
        for i, run in enumerate(search())
    ]
    found = of(runs)
    assert found.usage.rounds == 41
    assert found.usage.bits_spent == pytest.approx(41)
    assert found.winner.expected is not None
    assert "launched in 41 rounds" in found.caveat
    assert found.caveat[1:] in sentences(found)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_chances_of_records_add_up(sizes: list[int]) -> None:
    falling = rounds.records(list(range(len(sizes), 0, -1)), sizes)
    rising = rounds.records(list(range(len(sizes))), sizes)
    assert falling.shown == len(sizes)
    assert rising.shown == 1
    assert rising.chance == pytest.approx(1)
    total = np.cumsum(sizes)
    assert falling.chance == pytest.approx(np.prod(np.array(sizes) / total))


def test_records_are_as_rare_as_drawing_says() -> None:
    rng = np.random.default_rng(0)
    sizes = [5, 1, 3, 1, 1, 8]
    found = []
    for _ in range(4000):
        scores = rng.normal(size=sum(sizes))
        parts = np.split(scores, np.cumsum(sizes)[:-1])
        found.append(rounds.records([part.min() for part in parts], sizes).shown)
    expected = rounds.records([0.0] * 6, sizes).expected
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found) / np.sqrt(4000))


# Verdicts


def course(rise: float, *, best_epoch: int = 30, noise: float = 0.02) -> Scored:
    """Training over 60 epochs whose validation loss falls to epoch 30 and then rises."""
    rng = np.random.default_rng(4)
    epochs = np.arange(60)
    level = np.where(epochs < 30, 1 - epochs / 60, 0.5 + rise * (epochs - 29) / 30)
    states = level[:, np.newaxis] * (1 + noise * rng.normal(size=(60, 200)))
    states[29] -= 0.01
    curve = pd.DataFrame(
        {"epoch": epochs + 1, "train_loss": 1 - epochs / 100, "val_loss": states.mean(axis=1)}
    )
    return scored(
        "course", states[best_epoch - 1], states=states, curve=curve, best_epoch=best_epoch,
        train_loss=0.7, uses=(early_stop(60),),
    )  # fmt: skip


def test_validation_that_rises_by_more_than_its_noise_is_overfitting() -> None:
    assert run_verdict.of_run(course(0.2), None).startswith("stopped in time at epoch 30: ")
    late = course(0.2, best_epoch=60)
    assert run_verdict.of_run(late, None).startswith("overfitted: validation rose by 0.19")
    assert run_verdict.of_run(course(0.0, noise=0.3), None) == "fine"


def test_training_that_a_line_beats_fits_poorly() -> None:
    network = replace(FACTS, kind="network", training="t", features="f", trainer="gradient_descent")
    line = replace(network, kind="line", trainer="least_squares")
    poor = scored("poor", np.ones(50), facts=network, train_loss=2.0)
    straight = scored("line", np.ones(50), facts=line, train_loss=0.5)
    of_both = study("h", [poor, straight])
    assert run_verdict.line_for(of_both.runs[1], of_both) is of_both.runs[0]
    lines = {run.name: run.verdict for run in of([poor, straight]).runs}
    assert lines["poor"].startswith("fits poorly: a line reaches 0.500 in training")
    assert lines["line"] == "fine"


def test_an_optimism_that_is_large_beside_the_spread_wears_the_set_out() -> None:
    rng = np.random.default_rng(3)
    unlike = noisy(rng, 20, 200, np.linspace(0.5, 2, 20), common=0.9)
    runs = [scored(f"run-{i}", own) for i, own in enumerate(unlike)]
    assert of(runs).verdict.startswith("fine: ")
    equal = of(search()).verdict
    assert equal.startswith("validation set worn out: ")
    assert equal.endswith("cut fresh rows")
    assert of(search(), replace(SETTINGS, worn_out=2)).verdict.startswith("fine: ")


def test_a_failed_run_among_the_others_does_not_hide_that_the_set_is_worn_out() -> None:
    failed = noisy(np.random.default_rng(4), 1, 200)[0] * 1e6
    for reference in ("naive", "nobody"):  # with and without a gain over a reference
        found = of([*search(), scored("failed", failed)], replace(SETTINGS, reference=reference))
        assert found.verdict.startswith("validation set worn out: ")


def test_a_search_that_finds_nothing_better_is_told_to_keep_what_it_began_with() -> None:
    losses = noisy(np.random.default_rng(5), 10, 200)
    losses[1:] *= 1.5
    runs = [scored(f"run-{i}", own, start=i) for i, own in enumerate(losses[::-1])]
    found = of(runs, replace(SETTINGS, reference="run-9"))
    assert found.gain is None, "the reference has won"
    assert found.verdict == "nothing gained: no run shows a better figure than “run-9”; keep it"
    tied = [*runs, scored("copy", losses[0], start=99)]
    found = of(tied, replace(SETTINGS, reference="copy"))
    assert found.verdict == "nothing gained: no run shows a better figure than “copy”; keep it"


def test_a_gain_over_the_first_run_that_is_all_luck_is_not_called_fine() -> None:
    runs = [run for run in search() if run.facts.name != "naive"]
    verdict = of(runs, replace(SETTINGS, reference=None)).verdict
    assert not verdict.startswith("fine"), verdict


def test_openings_of_the_test_are_told() -> None:
    test = Opened("run-01", "run-01", "h", "channel", 1_600_000_000_000, "ben", None, 0.7, 0.1, 0)
    found = of(search(), opened=[test, replace(test, holdout="g")])
    assert found.usage.by_purpose["test"] == 1
    assert found.openings[0].time == "2020-09-13T12:26:40+00:00"
    assert (
        "The test was opened once: “run-01” on 2020-09-13 by ben, loss 0.70 ± 0.10."
        in sentences(found)
    )


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


# From the store and back


@pytest.fixture
def store(tmp_path: Path, empty_store: Path) -> SimulatedStore:
    return SimulatedStore.at(tmp_path, empty_store)


def recorded(store: SimulatedStore, runs: int = 24, rows: int = 150) -> tuple[list[str], Any]:
    """A study of runs whose truth is known: all lose 1 on average."""
    losses = noisy(np.random.default_rng(6), runs, rows)
    ids = [
        store.run(
            f"run-{i:02d}", own, batch_id="dvc-1", model="naive" if i == 0 else "deep",
            metrics={"val_loss_true": 1.0, "val_loss_true_error": 0.01},
        )
        for i, own in enumerate(losses)
    ]  # fmt: skip
    return ids, losses


def tags(store: SimulatedStore, run_id: str) -> dict[str, str]:
    return dict(store.client.get_run(run_id).data.tags)


def test_known_truth_is_nearer_to_what_is_expected_than_to_what_is_shown(
    store: SimulatedStore,
) -> None:
    ids, losses = recorded(store)
    settings = replace(SETTINGS, tracking=store.tracking)
    (found,) = audit_experiment(settings, store.root)
    winner = found.winner
    assert winner.truth == Truth(1.0, 0.01)
    assert winner.run_id == ids[losses.mean(axis=1).argmin()]
    assert abs(winner.expected - 1) < abs(winner.shown - 1)
    # The level of these rows, of runs that are equally good, leaves the luck of being picked.
    assert abs(winner.expected - losses.mean()) < abs(winner.shown - losses.mean())
    stored = (store.root / "reports" / "audit.json").read_text()
    keys = gather(store.tracking.uri, "study").keys
    assert from_json(stored, "audit.json") == renamed([found], keys)
    table = pd.read_parquet(store.root / "build" / "audit" / "rows.parquet")
    assert table["scores"].tolist() == [24] * 150

    run = store.client.get_run(winner.run_id)
    assert float(run.data.tags["viewcast.expected"]) == pytest.approx(winner.expected, rel=1e-5)
    assert float(run.data.tags["viewcast.bound95"]) == pytest.approx(winner.bound95, rel=1e-5)
    assert run.data.tags["viewcast.in_confidence_set"] == "yes"
    assert run.data.tags["viewcast.look_count"] == "1"
    assert run.data.tags["viewcast.rank"] == "01"
    assert run.data.tags["viewcast.verdict"] == found.runs[0].verdict
    by_rank = store.client.search_runs([store.experiment], order_by=["tags.`viewcast.rank` ASC"])
    assert [run.info.run_id for run in by_rank] == [run.run_id for run in found.runs]
    known = store.client.get_experiment(store.experiment).tags
    assert float(known[f"viewcast.optimism.{found.holdout}"]) == pytest.approx(winner.optimism)
    assert json.loads(known[f"viewcast.audit.{found.holdout}"])["runs"] == 24

    before = (store.root / "mlflow.db").read_bytes()
    assert audit_experiment(settings, store.root) == [found]
    assert (store.root / "mlflow.db").read_bytes() == before

    worse = store.run("late", losses[1] + 1, batch_id="dvc-1")
    (again,) = audit_experiment(settings, store.root)
    assert again.usage.scores == 25
    now = {line.run_id: line for line in again.runs}
    for run_id in (worse, ids[0]):
        expected = store.client.get_run(run_id).data.tags["viewcast.expected"]
        assert float(expected) == pytest.approx(now[run_id].expected, rel=1e-5)


def test_a_figure_that_no_longer_holds_is_shown_no_more(store: SimulatedStore) -> None:
    ids, _ = recorded(store, runs=4, rows=120)
    settings = replace(SETTINGS, tracking=store.tracking)
    audit_experiment(settings, store.root)
    assert "viewcast.expected" in store.client.get_run(ids[1]).data.tags
    for run_id in ids:
        path = store.folder(run_id) / "predictions.parquet"
        pd.read_parquet(path).head(15).to_parquet(path)
    audit_experiment(settings, store.root)
    assert "viewcast.expected" not in store.client.get_run(ids[1]).data.tags


def test_repetitions_get_the_same_and_reading_only_writes_nothing(
    store: SimulatedStore,
) -> None:
    losses = noisy(np.random.default_rng(6), 2, 120)
    first = store.run("one", losses[0], key="same", batch_id="dvc-1")
    copy = store.run("one", losses[0], key="same", batch_id="dvc-2")
    store.run("two", losses[1], batch_id="dvc-1")
    settings = replace(SETTINGS, tracking=store.tracking, write=False)
    audit_experiment(settings, store.root)
    assert not any(name.startswith("viewcast.opt") for name in tags(store, copy))
    (found,) = audit_experiment(replace(settings, write=True), store.root)
    assert len(found.runs) == 2
    assert tags(store, copy)["viewcast.optimism"] == tags(store, first)["viewcast.optimism"]


def test_the_audit_is_no_look(store: SimulatedStore) -> None:
    recorded(store, runs=3, rows=40)
    settings = replace(SETTINGS, tracking=store.tracking)
    (before,) = audit_experiment(settings, store.root)
    (after,) = audit_experiment(settings, store.root)
    assert after.usage == before.usage
    found: Study = gather(store.uri, "study").studies[0]
    assert sum(look.scores for look in found.looks) == 3


# Settings


@pytest.mark.parametrize(
    ("asked", "answer", "rows"),
    [
        ({}, "reports/audit.json", "build/audit/rows.parquet"),
        ({"experiment": "a b/c"}, "build/audits/a_b_c.json", "build/audits/a_b_c_rows.parquet"),
        ({"holdout": "00ff"}, "build/audits/00ff.json", "build/audits/00ff_rows.parquet"),
        ({"output": "x/y.json"}, "x/y.json", "x/y_rows.parquet"),
    ],
)
def test_another_experiment_does_not_overwrite_the_projects_audit(
    asked: dict[str, Any], answer: str, rows: str
) -> None:
    root = Path("/project")
    assert paths(replace(SETTINGS, **asked), root) == (root / answer, root / rows)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"draws": 10}, "draws = 10"),
        ({"tolerance": 1}, "tolerance = 1"),
        ({"worn_out": 0}, "worn_out = 0"),
        ({"least": 0.5}, "least = 0.5"),
        ({"holdot": "x"}, "unknown key holdot; allowed: tracking, experiment, holdout"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_name(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        construct(AuditSettings, {"tracking": vars(TRACKING), **wrong}, "")


@pytest.mark.parametrize("name", ["sales", "it's 1/2 of all", "/Users/a@b.c", "1e10", "00c0"])
def test_an_experiment_is_asked_for_by_its_name_as_it_is(name: str) -> None:
    short = {"experiment": "which.experiment"}
    argument = cli.whole_key(f"experiment={name}", short)
    assert cli.compose(ROOT, [argument], "audit")["which"]["experiment"] == name
    assert cli.whole_key("experiment=null", short) == "which.experiment=null"
    assert cli.whole_key("draws=100", short) == "draws=100"


def test_the_settings_of_the_program_are_those_of_the_audit() -> None:
    composed = cli.compose(ROOT, [], "audit")
    asked = {**composed, **composed.pop("which")}
    asked.pop("which")
    settings = construct(AuditSettings, asked, "")
    assert replace(settings, tracking=TRACKING, draws=200) == SETTINGS


def test_the_audit_itself_needs_no_mlflow_and_reading_a_store_needs_no_torch() -> None:
    assert not loaded_after("import viewcast.assessment.audit") & {"torch", "mlflow", "hydra"}
    assert not loaded_after("import viewcast.runs.audit") & {"torch", "hydra"}
