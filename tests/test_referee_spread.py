"""Hidden rows of a referee that lie spread over the time: where they lie, and what they tell."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from support.referees import started
from viewcast.base.errors import ConfigError, DataError
from viewcast.commands import referee_start
from viewcast.referee import Referee
from viewcast.referee.gains import block_size
from viewcast.referee.parts import FEWEST_BLOCKS, parts, parts_of_panel
from viewcast.referee.spread import spread
from viewcast.referee.terms import Plan, Terms, between

ROWS = 366
TERMS: dict[str, Any] = {"length": 4.0, "hidden_rows": "spread"}
SMALL: dict[str, Any] = {"length": 2.0, "hidden": 0.4, "hidden_rows": "spread"}  # of 120 rows


def stretches(flags: Any) -> list[tuple[int, int]]:
    """The first row of each run, and its length."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [(int(start), int(stop - start)) for start, stop in edges.reshape(-1, 2)]


@given(
    rows=st.integers(100, 3000),
    length=st.floats(1.01, 12),
    hidden=st.floats(0.05, 0.9),
)
@settings(max_examples=60)
def test_stretches_of_two_blocks_lie_apart_from_rows_that_judge_by_the_dependence(
    rows: int, length: float, hidden: float
) -> None:
    terms = Terms(length=length, hidden=hidden, hidden_rows="spread")
    try:
        judging, flags = spread(rows, terms)
    except DataError:
        assume(False)
    found = stretches(flags)
    assert min(size for _, size in found) >= 2 * block_size(length)
    for start, size in found:
        near = slice(max(start - int(np.ceil(length)), 0), start + size + int(np.ceil(length)))
        assert not judging[near].any()
    share = flags.sum() / (flags | judging).sum()
    assert abs(share - hidden) < 0.05  # whole rows
    # one of them in each of so many equal periods, and no more periods would hold one
    places = np.array([start + size / 2 for start, size in found]) * len(found) / rows
    assert places.astype(int).tolist() == list(range(len(found)))


def test_the_hidden_rows_of_a_plan_never_move() -> None:
    judging, flags = spread(ROWS, Terms(**TERMS))
    assert stretches(flags) == [(start, 16) for start in (34, 89, 192, 247, 301)]
    assert (judging.sum(), flags.sum()) == (246, 80)


def test_a_season_as_long_as_a_period_is_met_at_different_phases() -> None:
    _, flags = spread(ROWS, Terms(**TERMS))
    wave = np.cos(2 * np.pi * np.arange(ROWS) / (ROWS / 5) + np.arange(8)[:, np.newaxis])
    assert np.abs(wave[:, flags].mean(axis=1)).max() < 0.5  # 0.9 at one place in each period


def test_gains_of_a_season_are_told_for_the_whole_year() -> None:
    """At the end alone the gain is twice as large as in the year."""
    rng = np.random.default_rng(4)
    season = 1 - np.cos(2 * np.pi * (np.arange(ROWS) / ROWS + 0.625))
    truth, luck = rng.normal(size=ROWS), 0.3 * rng.normal(size=ROWS)
    told = {}
    for where in ("last", "spread"):
        referee = Referee(truth, "mae", **{**TERMS, "hidden_rows": where})
        referee.submit(truth + 4)
        assert referee.submit(truth + 4 - season + luck).accepted
        told[where] = referee.close()
    assert told["spread"].low < season.mean() < told["spread"].high
    assert not told["last"].low < season.mean() < told["last"].high


def test_no_answer_depends_on_hidden_or_unused_targets_and_no_verdict_on_unused_ones() -> None:
    rng = np.random.default_rng(6)
    truth = rng.normal(size=ROWS)
    sent = [truth + size * rng.normal(size=ROWS) for size in (2.0, 2.0, 1.0, 1.5, 0.3)]
    own = Referee(truth, "mae", **TERMS)
    gate, hidden = own.parts.gate, own.parts.hidden
    unused = np.setdiff1d(np.arange(ROWS), [*gate, *hidden])
    assert len(unused) == 40
    answers = [own.submit(each) for each in sent]
    verdict = own.close()
    gains = np.abs(sent[0] - truth) - np.abs(sent[-1] - truth)
    assert_allclose(verdict.claimed, gains[gate].mean())
    assert_allclose(own.gain(sent[-1], hidden=True).mean, gains[hidden].mean())
    for rows, same in ((unused, True), (hidden, False)):
        changed = truth.copy()
        changed[rows] += 50 * rng.normal(size=len(rows))
        other = Referee(changed, "mae", **TERMS)
        assert [other.submit(each) for each in sent] == answers
        assert (other.close() == verdict) is same


@pytest.mark.parametrize(
    ("rows", "terms", "error", "said"),
    [
        (ROWS, {"length": 1.0}, ConfigError, "hidden_rows = spread: length = 1 says"),
        (110, {"length": 12.0}, DataError, "found 110 rows, expected 216 or more for a stretch"),
        (260, {"length": 4.0}, DataError, "expected 8 or more of each"),
        (ROWS, {"hidden_rows": "first"}, ConfigError, "hidden_rows = 'first'"),
    ],
)
def test_rows_that_cannot_be_spread_are_refused(
    rows: int, terms: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        Referee(np.arange(rows, dtype=float), "mae", **{**TERMS, **terms})


@pytest.mark.parametrize(("cluster", "what"), [("time", "last times"), ("both", "whole entities")])
def test_a_panel_hides_what_it_hid_before(cluster: Any, what: str) -> None:
    keys = pd.DataFrame({"entity": np.repeat(np.arange(20), 20), "time": np.tile(range(20), 20)})
    with pytest.raises(ConfigError, match=f"{cluster}.*{what} are hidden"):
        parts_of_panel(keys, cluster, Terms(**TERMS))


def test_an_older_plan_keeps_its_hash_and_another_place_has_another_hash() -> None:
    plan = Plan("p", "h", 120, "mae", False, None, 90, 30, Terms())
    assert "hidden_rows" not in plan.plain()["terms"]
    assert plan.hash == "12f3192bc4f37343"
    spread_out = Plan("p", "h", 120, "mae", False, None, 90, 30, Terms(hidden_rows="spread"))
    assert spread_out.plain()["terms"]["hidden_rows"] == "spread"
    assert spread_out.hash != plan.hash


def test_a_folder_keeps_where_its_hidden_rows_lie(tmp_path: Path) -> None:
    with started(tmp_path, Terms(budget=12, **SMALL)) as folder:
        plan = folder.plan
        assert plan.terms.hidden_rows == "spread"
        found = parts(120, plan.terms)
        assert (plan.gate, plan.hidden) == (len(found.gate), len(found.hidden))
        assert found.closing.blocks >= FEWEST_BLOCKS
        assert between(plan) == (
            f", spread over the time; {120 - plan.gate - plan.hidden} rows between the two are "
            "used for neither"
        )
    last = Terms(budget=12, **{**SMALL, "hidden_rows": "last"})
    with pytest.raises(ConfigError, match=r"hidden_rows = 'last': the plan of .* has 'spread'"):
        started(tmp_path, last)
    started(tmp_path, Terms(budget=12, **SMALL)).stop()


def test_where_hidden_rows_lie_is_an_option_of_the_command(tmp_path: Path) -> None:
    words = ["--folder", str(tmp_path / "referee"), "--hidden-rows", "spread"]
    done = CliRunner().invoke(referee_start.command, words)
    assert done.exit_code == 2
    assert "--hidden-rows is part of a plan, which needs --rows" in done.output
