"""The gate: which weeks are judged, what they prove, who is promoted, and in which words."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from viewcast.forecast.ledger import COMBINATION, SERVED, Kept
from viewcast.retraining import judgement
from viewcast.retraining.gate import Gate, decide, sentence, sentence_of, weigh
from viewcast.retraining.judgement import Judgement, due
from viewcast.retraining.standings import mase, standings
from viewcast.selection.e_process import BURN_IN

START = date(2024, 1, 1)
GATE = Gate(alpha=0.05)
RECIPES = (COMBINATION, "theta", "ridge")


def day(number: int) -> date:
    return START + timedelta(days=number)


def series(days: int) -> pd.Series:
    return pd.Series(np.arange(days, dtype=float), pd.date_range(START, periods=days))


def kept(number: int, recipe: str = "theta", views: float = 0.0, **more: bool) -> Kept:
    backtest = more.get("backtest", False)
    return Kept(day(number), recipe, (views,) * 7, None, None, None, "c", "d", 1, backtest)


def weeks(count: int, ratios: dict[str, float], seed: int = 0) -> list[Judgement]:
    """Weeks of losses with these means, the first 26 of them a backtest."""
    rng = np.random.default_rng(seed)
    return [
        Judgement(
            day(7 * week),
            day(7 * week + 7),
            {name: float(100 * ratio * rng.gamma(9, 1 / 9)) for name, ratio in ratios.items()},
            120.0,
            week < BURN_IN,
        )
        for week in range(count)
    ]


EQUAL = dict.fromkeys(RECIPES, 1.0)
BETTER = {COMBINATION: 1.0, "theta": 0.6, "ridge": 1.0}


def test_a_week_is_judged_when_its_last_day_is_known_and_no_sooner() -> None:
    lines = [kept(20, views=21.0), kept(20, SERVED)]
    assert due(lines, series(27), []) == []
    (found,) = due(lines, series(28), [])
    losses = {"theta": pytest.approx(np.mean(np.arange(21, 28) - 21))}
    assert found == Judgement(day(20), day(27), losses, 7.0, False)


def test_without_a_week_before_there_is_no_naive_loss() -> None:
    assert due([kept(5)], series(30), [])[0].naive is None


@given(st.sets(st.integers(7, 90), min_size=1), st.integers(14, 100))
def test_judged_weeks_share_no_day_and_nights_in_between_change_nothing(
    origins: set[int], split: int
) -> None:
    lines = [kept(number) for number in sorted(origins)]
    at_once = due(lines, series(100), [])
    assert all(a.last <= b.origin for a, b in pairwise(at_once))
    before = due([line for line in lines if line.origin < day(split)], series(split), [])
    assert [*before, *due(lines, series(100), before)] == at_once


def test_of_a_backtest_weekly_origins_are_judged_for_each_recipe() -> None:
    lines = [kept(number, backtest=True) for number in range(10, 40)]
    first = due(lines, series(50), [])
    assert [week.origin for week in first] == [day(n) for n in (10, 17, 24, 31, 38)]
    later = [kept(number, "new", backtest=True) for number in (20, 27)]
    added = due([*lines, *later], series(50), first)
    assert [(week.origin, set(week.losses)) for week in added] == [
        (day(20), {"new"}),
        (day(27), {"new"}),
    ]


def test_a_judgement_is_written_once_and_stays_when_a_count_is_corrected(tmp_path: Path) -> None:
    path = tmp_path / "judgements.jsonl"
    made = due([kept(20)], series(40), [])
    judgement.append(path, made)
    judgement.append(path, due([kept(20)], 3 * series(40), []))
    assert judgement.read(path) == made


def test_equal_recipes_leave_the_champion() -> None:
    decision = decide(weigh(weeks(80, EQUAL), COMBINATION, RECIPES, GATE))
    assert decision.promote is None
    assert decision.reason.startswith("evidence against combination is ")


def test_a_much_better_recipe_is_promoted_and_the_next_reign_asks_for_more() -> None:
    made = weeks(100, BETTER)
    decision = decide(weigh(made, COMBINATION, RECIPES, GATE))
    assert decision.promote == "theta"
    assert "theta is better than combination: after " in decision.reason
    assert decision.last is not None
    again = weigh(made, "theta", RECIPES, GATE, reign=1, since=decision.last)
    assert (again.threshold, again.lasts[0]) == (40, decision.last + timedelta(days=7))
    assert decide(again).promote is None
    assert sentence_of(again, "theta") == "serves"


def test_weeks_judged_at_once_decide_as_weeks_judged_one_by_one() -> None:
    made = weeks(100, BETTER)
    at_once = decide(weigh(made, COMBINATION, RECIPES, GATE))
    one_by_one = (decide(weigh(made[:n], COMBINATION, RECIPES, GATE)) for n in range(100))
    assert next(found for found in one_by_one if found.promote) == at_once


def test_a_recipe_that_joins_later_is_bet_on_after_its_own_backtest() -> None:
    made = weeks(60, {COMBINATION: 1.0, "ridge": 1.0})
    late = [
        Judgement(week.origin, week.last, {"theta": 60.0}, 120.0, True)
        for week in made[40 - BURN_IN : 40]
    ]
    for week in made[40:]:
        week.losses["theta"] = 60.0
    found = weigh([*made, *late], COMBINATION, RECIPES, GATE)
    place = found.challengers.index("theta")
    assert found.e[place, : 40 - BURN_IN].tolist() == [1.0] * (40 - BURN_IN)
    assert found.e[place, -1] > 20


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ([], "no week of combination as champion is judged yet"),
        (weeks(BURN_IN, EQUAL), "no week of combination as champion is judged yet"),
        (
            [Judgement(day(7 * k), day(7 * k + 7), {COMBINATION: 1.0}, 1.0, False) for k in (0, 1)],
            "no bet yet: 2 weeks of losses are known, and the first bet needs 26 for its scale",
        ),
    ],
)
def test_before_the_first_bet_the_sentence_says_what_is_missing(
    made: list[Judgement], expected: str
) -> None:
    assert sentence(weigh(made, COMBINATION, RECIPES, GATE)) == expected


def test_the_weeks_that_are_told_are_those_it_takes_at_the_rate_so_far() -> None:
    losses = {COMBINATION: 100.0, "theta": 80.0}
    steady = [
        Judgement(day(7 * week), day(7 * week + 7), losses, 120.0, week < BURN_IN)
        for week in range(BURN_IN + 60)
    ]
    lone = (COMBINATION, "theta")
    promoted = decide(weigh(steady, COMBINATION, lone, GATE))
    assert promoted.last is not None
    now = weigh(steady[: BURN_IN + 10], COMBINATION, lone, GATE)
    needed = (promoted.last - now.lasts[-1]).days // 7
    assert now.weeks_needed("theta") == needed
    assert sentence_of(now, "theta") == f"would need about {needed} more weeks at this rate"
    early = weigh(steady[: BURN_IN + 2], COMBINATION, lone, GATE)
    assert sentence_of(early, "theta") == "has 2 weeks, too few to tell a rate"


def test_a_worse_recipe_is_told_and_leaves_the_set() -> None:
    made = weeks(150, {COMBINATION: 1.0, "theta": 1.0, "ridge": 1.7})
    found = weigh(made, COMBINATION, RECIPES, GATE)
    assert found.in_set == {COMBINATION, "theta"}
    assert sentence_of(found, "ridge") == "is worse than the best; has not gained on combination"
    assert sentence_of(found, "gone") == "is not among tonight's recipes"
    rows = standings(made, found)
    assert [row.in_set for row in rows] == [True, True, False]
    assert (rows[0].weeks, rows[0].backtest_weeks) == (150, BURN_IN)
    assert [week.e.keys() for week in found.weeks()][-1] == {"theta", "ridge"}


def test_mase_is_a_ratio_of_sums_with_the_error_of_a_ratio() -> None:
    rng = np.random.default_rng(6)
    naive = rng.gamma(9, 1 / 9, (4000, 30))
    losses = 0.7 * naive + 0.1 * rng.standard_normal(naive.shape)
    each = [mase(*pair) for pair in zip(losses, naive, strict=True)]
    ratios, errors = np.array(each).T
    assert errors.mean() == pytest.approx(ratios.std(), rel=0.05)
    assert mase(losses[0, :1], naive[0, :1])[1] is None


def test_the_naive_forecast_itself_has_an_error_of_one_without_doubt() -> None:
    losses = np.random.default_rng(0).gamma(4, 78, 28)
    ratio, error = mase(losses / 7 * 7, losses)  # the same but for rounding
    assert ratio == pytest.approx(1)
    assert error == 0.0
