"""When a referee accepts: known answers, and the figures that it must hold over whole lives.

The lives are those of ``benchmarks/referee.py``, whose rules and loops are simulated here for the
product's rule alone: 366 rows, 200 answers, one false acceptance allowed.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import ttest_1samp, ttest_rel

from viewcast.base.errors import ConfigError
from viewcast.referee.gains import Blocks, Gain, block_size
from viewcast.referee.interval import Interval, interval
from viewcast.referee.parts import parts
from viewcast.referee.rule import accepted, level
from viewcast.referee.terms import Terms, terms_of

pytestmark = pytest.mark.xdist_group("referee lives")  # they are lived once for all

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
ROWS, ANSWERS, LOOPS = 366, 200, 300
KINDS = ("null", "hill climb", "5 % real", "honest improver")
UNSTOPPED = ("sandbagger", "rare huge loss")
Figures = dict[str, Any]


@pytest.fixture(scope="module")
def cells() -> Iterator[Any]:
    """The module of a benchmark that is not on the path before."""
    sys.path.insert(0, str(BENCHMARKS))
    from refereeing import cells  # noqa: PLC0415

    yield cells
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def lived(cells: Any) -> Callable[[str], Figures]:
    """Figures of loops of a kind under the product's rule, each kind lived once."""
    from refereeing.rules import the_referee  # noqa: PLC0415

    known: dict[str, Figures] = {}

    def of(name: str) -> Figures:
        if name not in known:
            loops = LOOPS // 2 if name in UNSTOPPED else LOOPS
            (life,) = cells.cell(name, lambda: [the_referee()], (ROWS, ANSWERS, loops))
            known[name] = {**cells.figures(life), "intervals": int(life.some.sum())}
        return known[name]

    return of


def gain_of(gains: Any) -> Gain:
    return Blocks.of(gains.shape[-1], 1).gain(gains)


def test_the_p_of_single_rows_is_that_of_a_paired_t_test() -> None:
    rng = np.random.default_rng(1)
    incumbent = rng.standard_t(4, 275)
    candidate = incumbent - 0.1 + 0.5 * rng.standard_normal(275)
    p = ttest_rel(incumbent, candidate, alternative="greater").pvalue
    assert_allclose(gain_of(incumbent - candidate).p, p, rtol=1e-9)


def test_the_error_of_blocks_is_that_of_independent_blocks() -> None:
    means = np.random.default_rng(2).standard_normal(40)
    gains = np.repeat(means, 6) + np.tile([-1.0, 1.0], 120)
    found = Blocks.of(240, 6).gain(gains)
    assert_allclose(found.error, means.std(ddof=1) / np.sqrt(40))
    assert_allclose(found.p, ttest_1samp(means, 0, alternative="greater").pvalue)


def test_blocks_that_do_not_come_out_even_are_longer_by_a_row_at_most() -> None:
    blocks = Blocks.of(103, 8)
    assert set(np.diff([*blocks.starts, 103])) == {8, 9}
    assert blocks.blocks == 12


def test_a_block_is_twice_as_long_as_the_dependence() -> None:
    assert [block_size(length) for length in (1.0, 1.01, 2.0, 3.5)] == [1, 4, 4, 8]


def test_where_nothing_differs_nothing_is_gained() -> None:
    assert gain_of(np.zeros(50)).p == 1
    assert not accepted(gain_of(np.zeros(50)), 0.0, Terms(), 0)
    assert not accepted(gain_of(np.zeros(50)), 0.0, Terms(mode="explore"), 0)


def test_the_same_gain_in_every_row_is_certain_and_the_same_loss_is_none() -> None:
    assert gain_of(np.full(50, 0.25)).p == 0
    assert gain_of(np.full(50, -0.25)).p == 1


def test_a_gain_below_a_tenth_of_the_first_error_is_none_however_certain() -> None:
    certain = gain_of(np.full(50, 0.01))
    assert accepted(certain, 0.099, Terms(), 0)
    assert not accepted(certain, 0.1001, Terms(), 0)


def test_each_acceptance_raises_the_level_up_to_one_in_twenty() -> None:
    terms = Terms(budget=200, false=2.0)
    assert_allclose(level(terms, [0, 1, 3, 4, 100]), [0.01, 0.02, 0.04, 0.05, 0.05])


def test_explore_keeps_what_is_better_by_a_standard_error() -> None:
    terms = Terms(mode="explore")
    assert accepted(Gain(1.01, 1.0, 50.0, 0.0), 100.0, terms, 0)
    assert not accepted(Gain(0.99, 1.0, 50.0, 0.0), 0.0, terms, 0)


@pytest.mark.parametrize(
    "wrong",
    [{"budget": 1}, {"false": 0.0}, {"false": float("nan")}, {"hidden": 1.0}, {"length": 0.5}],
)
def test_terms_out_of_range_are_refused_by_name(wrong: dict[str, Any]) -> None:
    given = {"budget": 200, "false": 1.0, "hidden": 0.25, "length": 1.0, "mode": "referee", **wrong}
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        terms_of(**given)


def test_the_simulation_sees_what_the_product_sees(cells: Any) -> None:
    from refereeing.moments import seen  # noqa: PLC0415

    gains = np.random.default_rng(3).standard_normal((2, 5, 200)).astype(np.float32) + 0.1
    for terms in ({}, {"length": 1.5}, {"length": 1.5, "hidden_rows": "spread"}):
        of = parts(200, Terms(**terms))  # type: ignore[arg-type]
        found = seen(gains, of)
        for part, rows, own in (
            (of.judging, of.gate, found.gate),
            (of.closing, of.hidden, found.hidden),
        ):
            exact = part.gain(gains[..., rows])
            assert_allclose(own.mean, exact.mean, rtol=1e-5)
            assert_allclose(own.error, exact.error, rtol=1e-5)
            assert own.freedom == exact.freedom


def test_a_loop_without_improvements_has_half_a_false_one_accepted_or_less(lived: Any) -> None:
    assert lived("null")["false"] <= 0.5


def test_a_climber_learns_next_to_nothing(lived: Any) -> None:
    assert lived("hill climb")["false"] <= 1
    assert abs(lived("hill climb")["claim - truth"]) <= 0.15


def test_half_of_what_an_oracle_gains_is_gained_and_few_acceptances_are_false(lived: Any) -> None:
    assert lived("5 % real")["share of an oracle's gain"] >= 0.48
    assert lived("5 % real")["false discoveries"] <= 0.20


def test_improvements_of_four_and_of_two_standard_errors_are_found(lived: Any) -> None:
    assert lived("honest improver")["found 4 s.e."] >= 0.97
    assert lived("honest improver")["found 2 s.e."] >= 0.65


@pytest.mark.parametrize("loop", KINDS)
def test_the_interval_covers_and_the_estimate_is_near(lived: Any, loop: str) -> None:
    assert lived(loop)["covers"] >= 0.9
    assert abs(lived(loop)["estimate - truth"]) <= 0.6


@pytest.mark.parametrize("loop", UNSTOPPED)
def test_the_interval_covers_also_what_no_gate_stops(lived: Any, loop: str) -> None:
    assert lived(loop)["false"] > 1 or lived(loop)["claim - truth"] > 0.5
    assert lived(loop)["covers"] >= 0.9


def test_the_interval_covers_on_average_what_it_says(lived: Any) -> None:
    every = [lived(loop) for loop in (*KINDS, *UNSTOPPED)]
    weights = [figures["intervals"] for figures in every]
    share = np.average([figures["covers"] for figures in every], weights=weights)
    # 0.95 less three standard errors of a thousand intervals; the benchmark has many more.
    assert share >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / sum(weights))


def test_the_interval_of_0_1_losses_needs_the_sign_of_the_skewness(
    cells: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from refereeing import lives  # noqa: PLC0415
    from refereeing.rules import the_referee  # noqa: PLC0415

    def turned(gate: Gain, hidden: Gain) -> Interval:
        return interval(gate, hidden._replace(skewness=-hidden.skewness))

    covers = []
    for ends in (interval, turned):
        monkeypatch.setattr(lives, "interval", ends)
        size = (100, ANSWERS, 600)
        (life,) = cells.cell("honest improver", lambda: [the_referee()], size, "0-1")
        covers.append(cells.figures(life)["covers"])
    assert covers[0] >= 0.90
    assert covers[1] <= 0.87
