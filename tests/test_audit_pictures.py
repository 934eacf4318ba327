"""The audit's pictures: where two curves part, what a calendar shows, what a finding says."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support import audited
from viewcast.assessment.choice import BestOf
from viewcast.assessment.choice_sentences import more_runs
from viewcast.report.audits import named
from viewcast.report.figures import run_comparison
from viewcast.report.figures.calendar import calendar
from viewcast.report.figures.style import applied
from viewcast.selection.saturation import saturation

DOUBLED = [1, 2, 4, 8, 16]
FALLING = [1.0, 0.9, 0.8, 0.7, 0.6]


@pytest.mark.parametrize(
    ("honest", "k"),
    [
        ([1.0, 0.9, 0.83, 0.83, 0.83], 4),  # the shown one still falls by 0.2, the honest by 0
        ([1.0, 1.0, 1.0, 1.0, 1.0], 1),
        ([1.0, 0.8, 0.9, 1.0, 1.1], 2),  # rising again: at its lowest, not before
        (FALLING, None),
    ],
)
def test_the_curves_part_where_only_the_shown_one_goes_on_falling(
    honest: list[float], k: int | None
) -> None:
    assert saturation(DOUBLED, FALLING, honest) == k


def test_a_shown_loss_that_does_not_fall_parts_from_nothing() -> None:
    assert saturation(DOUBLED, [0.6] * 5, [0.7] * 5) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(-0.5, 1)), min_size=3, max_size=12))
def test_beyond_the_parting_the_shown_loss_falls_five_times_as_much(
    steps: list[tuple[float, float]],
) -> None:
    ks = [2**i for i in range(len(steps))]
    shown = [1 + sum(step for step, _ in steps[i:]) for i in range(len(steps))]
    honest = [2 + sum(step for _, step in steps[i:]) for i in range(len(steps))]
    k = saturation(ks, shown, honest)
    if k is not None:
        at = ks.index(k)
        assert honest[at] - min(honest[at:]) <= 0.2 * (shown[at] - shown[-1]) + 1e-9
        assert 2 * k <= ks[-1]


@pytest.mark.parametrize(
    ("honest", "words"),
    [
        ([1.0, 0.9, 0.83, 0.83, 0.83], "after about 4 of 16 runs, more runs improved the shown "
         "loss (0.800 to 0.600) but not the honest one (0.830 to 0.830)"),
        ([1.0, 1.0, 1.0, 1.0, 1.0], "in 16 runs, more runs improved the shown loss (1 to 0.600) "
         "but never the honest one (1 to 1)"),
        ([1.0, 0.95, 0.9, 0.8, 0.7], "16 runs lowered the honest loss: 1 to 0.700; the shown one "
         "promises 0.10 too much"),
    ],
)  # fmt: skip
def test_the_sentence_on_the_curve_follows_its_numbers(honest: list[float], words: str) -> None:
    columns = zip(DOUBLED, FALLING, honest, strict=True)
    curve = tuple(BestOf(k, shown, own, own, own) for k, shown, own in columns)
    assert more_runs(replace(audited.search(30), best_of=curve)) == words


def test_the_calendar_has_a_square_per_day_and_hatches_what_is_sealed() -> None:
    days = pd.date_range("2021-01-01", periods=45)
    counts = pd.Series([1, 2, 3] * 15, index=days)
    sealed = pd.date_range("2021-02-15", periods=10)
    with applied():
        figure = calendar("a", "b", counts, dict.fromkeys(sealed, "test"))
    drawn = {
        (c.get_hatch() or "", tuple(c.get_facecolor()[0])): c for c in figure.axes[0].collections
    }
    sizes = sorted(len(squares.get_paths()) for squares in drawn.values())
    assert sizes == [10, 15, 15, 15]
    assert [len(c.get_paths()) for (hatch, _), c in drawn.items() if hatch] == [10]


def test_whiskers_are_explained_where_there_are_some() -> None:
    (audit,) = named([audited.channel()])
    ids = [run.run_id for run, _ in audit.runs]
    told = []
    with applied():
        for known in ([], ids[:1], ids):
            (drawing,) = run_comparison.of_audit(audit, dict.fromkeys(known, 0.1))
            told.append(drawing.caption)
    assert ["whiskers" in caption for caption in told] == [False, True, True]
    assert ["no error is known" in caption for caption in told] == [False, True, False]
