"""What an audit says of rounds of choosing, and of each run."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.simulated_store import days
from support.studied_runs import FACTS, SETTINGS, noisy, of, scored, search, sentences
from viewcast.assessment import rounds, run_verdict
from viewcast.assessment.audit import audit
from viewcast.assessment.result import AuditResult
from viewcast.assessment.study import Opened, Scored, overlap, study
from viewcast.holdout.looks import early_stop

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
