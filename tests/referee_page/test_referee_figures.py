"""The pictures of a closed referee: both staircases, and the three claims."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from viewcast.referee.record import Closing, Told
from viewcast.report.figures.style import applied
from viewcast.report.referee_figures import claims, staircase


def drawn(closing: Closing) -> Any:
    """The axes of the staircase, and what stands beneath it."""
    with applied():
        drawing = staircase.drawing(closing)
    return drawing.figure.axes[0], drawing.caption


def test_the_staircase_of_a_raw_loop_ends_at_its_claim(honest: Closing, lucky: Closing) -> None:
    for closing in (honest, lucky):
        steps = staircase.raw_steps(closing)
        assert steps[-1] == pytest.approx(closing.raw.claim)
        assert (np.diff(steps) >= 0).all()
        assert int((np.diff(steps) > 0).sum()) == closing.raw.acceptances


def test_the_staircase_of_the_gate_ends_at_its_claim_and_steps_where_it_accepted(
    honest: Closing,
) -> None:
    steps = staircase.gate_steps(honest)
    assert steps[-1] == pytest.approx(honest.verdict.claimed)
    stepped = np.flatnonzero(np.diff(steps)) + 2
    assert list(stepped) == [one.number for one in honest.submissions[1:] if one.accepted]


def test_the_whole_budget_is_on_the_axis_and_what_was_not_used_is_grey(
    honest: Closing, lucky: Closing
) -> None:
    axes, caption = drawn(honest)
    grey = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert (grey.x0, grey.x1) == pytest.approx((60.5, 200.5))
    assert axes.get_xlim()[0] < 1 and axes.get_xlim()[1] > 200
    assert list(axes.get_xticks())[-1] == 200
    assert "Grey: 140 answers that nobody asked for." in caption
    axes, caption = drawn(lucky)
    assert not axes.patches
    assert "Grey" not in caption


def test_a_submission_far_below_does_not_flatten_the_picture_and_is_counted(
    honest: Closing,
) -> None:
    awful = replace(honest.told[10], raw=-1e9)
    unscored = Told(12, None, None, None, None)
    told = (*honest.told[:10], awful, unscored, *honest.told[12:])
    axes, caption = drawn(replace(honest, told=told))
    assert axes.get_ylim()[0] > -1
    assert re.search(r"Triangles, with a gain below the picture: \d submissions\.", caption)
    assert "Without a dot, for want of a finite score: 1 submission." in caption


def test_the_three_claims_lie_on_one_axis_with_unit_and_direction(
    honest: Closing, explored: Closing
) -> None:
    with applied():
        axes = claims.drawing(honest).figure.axes[0]
        kept = claims.drawing(explored).figure.axes[0]
    points = {float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "o"}
    assert points == {honest.verdict.estimate, honest.verdict.claimed, honest.raw.claim}
    assert axes.get_xlabel() == "gain in mae (more is better)"
    assert kept.get_xlabel() == "gain in mae (lower than the first's)"
