"""Champion against challenger: the interval by its formula, its error rates, the decisions."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import t as student
from scipy.stats import ttest_rel

from viewcast.base.errors import ConfigError, DataError
from viewcast.base.settings import construct
from viewcast.retraining.dm_test import Comparison, compare, interval, terms
from viewcast.retraining.promotion_rule import PromotionRule, decide, decide_first

Vector = NDArray[np.float64]
RULE = PromotionRule(confidence_level=0.9, non_inferiority_margin=0.05, max_champion_age=28)
UNIT = "thousand views"
DRAWS = 3000
NOMINAL, TOLERANCE = 0.05, 0.035  # of "better" under AR(0.3): measured 7.4 and 7.0 %


def by_formula(series: Vector) -> float:
    """Squared standard error of the mean, term by term."""
    days = len(series)
    count = math.floor(days ** (2 / 3) + 1e-9)
    total = 0.0
    for k in range(1, count + 1):
        rounds = [math.cos(math.pi * k * (day - 0.5) / days) for day in range(1, days + 1)]
        weight = math.sqrt(2 / days) * sum(x * w for x, w in zip(series, rounds, strict=True))
        total += weight**2
    return total / count / days


def compared(mean: float, half: float, **others: float) -> Comparison:
    """A comparison of 14 days with the interval mean ± half and a champion's loss of 1."""
    error = half / float(student.ppf(0.95, terms(14)))
    usual = {"p": 0.5, "champion": 1.0, "level": 0.9, "champion_error": 0.0, "covariance": 0.0}
    ends = {"low": mean - half, "high": mean + half, "challenger": 1.0 + mean, "error": error}
    return Comparison(days=14, mean=mean, **{**usual, **ends, **others})


def losses(days: int, seed: int = 3) -> tuple[Vector, Vector]:
    rng = np.random.default_rng(seed)
    champion = rng.gamma(2.0, 1.0, days)
    return champion, champion + rng.normal(0.1, 0.4, days)


@pytest.mark.parametrize(
    ("days", "count"), [(3, 2), (7, 3), (8, 4), (14, 5), (27, 9), (28, 9), (64, 16), (365, 51)]
)
def test_the_number_of_cosines_is_the_two_thirds_power_of_the_days(days: int, count: int) -> None:
    assert terms(days) == count


def test_three_days_agree_with_a_calculation_by_hand() -> None:
    # d = -3, -1, -2: mean -2, s² = 1, t = -2 / √(1/3) = -√12, and t of 2 degrees in closed form.
    found = compare(np.array([4.0, 2.0, 5.0]), np.array([1.0, 1.0, 3.0]), 0.9)
    assert (found.days, found.champion, found.mean) == (3, pytest.approx(11 / 3), -2)
    assert found.challenger == pytest.approx(5 / 3)
    assert found.error == pytest.approx(math.sqrt(1 / 3))
    assert found.p == pytest.approx(0.5 - math.sqrt(12) / (2 * math.sqrt(14)))
    half = 2.9199856 * math.sqrt(1 / 3)
    assert (found.low, found.high) == pytest.approx((-2 - half, -2 + half))


def test_three_days_give_the_textbook_t_test_because_all_cosines_are_used() -> None:
    champion, challenger = losses(3)
    textbook = ttest_rel(challenger, champion, alternative="less")
    both = ttest_rel(challenger, champion).confidence_interval(0.8)
    found = compare(champion, challenger, 0.8)
    assert found.p == pytest.approx(textbook.pvalue)
    assert (found.low, found.high) == pytest.approx((both.low, both.high))


@pytest.mark.parametrize("days", [4, 7, 8, 14, 28, 61])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_the_interval_is_that_of_the_written_formula(days: int, level: float) -> None:
    champion, challenger = losses(days)
    d = challenger - champion
    error, freedom = math.sqrt(by_formula(d)), terms(days)
    half = float(student.ppf((1 + level) / 2, freedom)) * error
    found = compare(champion, challenger, level)
    assert (found.low, found.high) == pytest.approx((d.mean() - half, d.mean() + half))
    assert found.p == pytest.approx(float(student.cdf(d.mean() / error, freedom)))
    assert found.champion_error == pytest.approx(math.sqrt(by_formula(champion)))
    assert found.level == level


@given(days=st.integers(3, 40), seed=st.integers(0, 2**32 - 1))
def test_swapping_the_two_turns_the_difference_round(days: int, seed: int) -> None:
    champion, challenger = losses(days, seed)
    one, other = compare(champion, challenger, 0.9), compare(challenger, champion, 0.9)
    assert (other.mean, other.low, other.high) == (-one.mean, -one.high, -one.low)
    assert other.p == pytest.approx(1 - one.p)
    assert (other.champion, other.challenger) == (one.challenger, one.champion)


@given(days=st.integers(3, 40), seed=st.integers(0, 2**32 - 1), unit=st.floats(1e-9, 1e9))
def test_other_units_scale_the_interval_and_change_no_decision(
    days: int, seed: int, unit: float
) -> None:
    champion, challenger = losses(days, seed)
    one, other = (
        compare(champion, challenger, 0.9),
        compare(champion * unit, challenger * unit, 0.9),
    )
    for name in ("mean", "low", "high", "champion", "challenger", "error", "champion_error"):
        expected = getattr(one, name) * unit
        assert getattr(other, name) == pytest.approx(expected, rel=1e-6, abs=1e-9 * unit), name
    assert other.p == pytest.approx(one.p)
    assert other.excess(0.05) == pytest.approx(one.excess(0.05) * unit, rel=1e-6, abs=1e-9 * unit)


@given(days=st.integers(3, 40), seed=st.integers(0, 2**32 - 1), shift=st.floats(0, 1000))
def test_what_makes_days_hard_for_both_does_not_count(days: int, seed: int, shift: float) -> None:
    champion, challenger = losses(days, seed)
    hard = shift * np.random.default_rng(seed + 1).random(days)
    one, other = (
        compare(champion, challenger, 0.9),
        compare(champion + hard, challenger + hard, 0.9),
    )
    for name in ("mean", "low", "high", "p"):
        assert getattr(other, name) == pytest.approx(getattr(one, name), abs=1e-6), name


@given(
    days=st.integers(3, 40), seed=st.integers(0, 2**32 - 1), margin=st.sampled_from([0, 0.05, 0.3])
)
def test_the_excess_is_that_over_a_champion_made_worse_by_the_margin(
    days: int, seed: int, margin: float
) -> None:
    champion, challenger = losses(days, seed)
    made = compare((1 + margin) * champion, challenger, 0.9)
    assert compare(champion, challenger, 0.9).excess(margin) == pytest.approx(made.high, abs=1e-6)


def test_the_same_losses_differ_by_nothing() -> None:
    champion, _ = losses(14)
    found = compare(champion, champion.copy(), 0.9)
    assert (found.mean, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_a_difference_that_is_rounding_counts_as_none() -> None:
    champion, _ = losses(14)
    rounding = np.nextafter(champion, 0)
    assert (rounding != champion).all()
    found = compare(champion, rounding, 0.9)
    assert (found.mean, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_the_same_difference_on_every_day_leaves_no_doubt() -> None:
    champion = np.arange(1.0, 8.0)
    for difference, p in ((-0.5, 0.0), (0.5, 1.0)):
        found = compare(champion, champion + difference, 0.9)
        assert (found.mean, found.low, found.high, found.p) == (difference,) * 3 + (p,)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e200])
def test_a_challenger_that_diverged_is_kept_out_and_crashes_nothing(wrong: float) -> None:
    champion, challenger = losses(7)
    challenger[3] = wrong
    found = compare(champion, challenger, 0.9)
    assert (found.mean, found.high, found.challenger, found.p) == (np.inf, np.inf, np.inf, 1)
    assert found.champion == champion.mean()
    assert found.excess(0.05) == np.inf
    for age in (0, 100):
        decision = decide(found, age, RULE, UNIT)
        assert not decision.promote and decision.why == "kept"
        assert decision.reason == "the challenger's loss is not finite: it has diverged"
    assert not decide_first(challenger, champion, 0.9, UNIT).promote
    assert interval(challenger, 0.9) == (np.inf,) * 3


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_champion_without_a_finite_loss_is_a_matter_for_people(wrong: float) -> None:
    champion, challenger = losses(7)
    champion[3] = wrong
    with pytest.raises(
        DataError, match=r"champion, day 4 of 7: found (nan|inf), expected a finite"
    ):
        compare(champion, challenger, 0.9)
    with pytest.raises(DataError, match="loss of the naive forecast, day 4 of 7"):
        decide_first(challenger, champion, 0.9, UNIT)


def test_too_few_days_are_refused_with_how_many_are_needed() -> None:
    champion, challenger = losses(2)
    few = "found 2 days, expected one number a day and at least 3 days; wait for more fresh days"
    with pytest.raises(DataError, match=f"losses of champion and challenger: {few}"):
        compare(champion, challenger, 0.9)
    with pytest.raises(DataError, match=f"losses of naive forecast and challenger: {few}"):
        decide_first(challenger, champion, 0.9, UNIT)
    with pytest.raises(DataError, match=few):
        interval(champion, 0.9)
    with pytest.raises(DataError, match=r"found shape \(2, 7\)"):
        interval(np.ones((2, 7)), 0.9)


def test_losses_of_other_days_are_refused() -> None:
    with pytest.raises(DataError, match=r"shape \(7,\) of the champion and \(8,\) of the chall"):
        compare(np.ones(7), np.ones(8), 0.9)


def test_the_interval_of_one_series_is_that_of_the_written_formula() -> None:
    champion, _ = losses(28)
    mean, low, high = interval(champion, 0.95)
    half = float(student.ppf(0.975, 9)) * math.sqrt(by_formula(champion))
    assert (mean, low, high) == pytest.approx((champion.mean(), mean - half, mean + half))
    assert low > 0


def test_a_loss_is_never_promised_below_zero() -> None:
    mean, low, high = interval(np.array([0.0, 0.0, 9.0]), 0.9)
    assert (mean, low) == (3, 0) and high > 6


@pytest.mark.parametrize(
    ("mean", "half", "age", "promote", "why", "told"),
    [
        (-0.2, 0.1, 0, True, "better", "better than the champion: difference −0.20"),
        (-0.2, 0.1, 99, True, "better", "better than the champion"),
        (-0.1, 0.1, 28, False, "kept", "28 days old (not above 28)"),  # an interval that ends at 0
        (0.0, 0.02, 28, False, "kept", "not clearly better than the champion"),
        (0.0, 0.02, 29, True, "refresh", "the champion is 29 days old (above 28)"),
        (0.02, 0.01, 29, True, "refresh", "not worse by 5 % of the champion's loss"),
        (0.0, 0.06, 29, False, "kept", "may be worse by more than 5 % of the champion's loss"),
        (0.2, 0.1, 0, False, "kept", "worse than the champion: difference 0.20"),
        (0.2, 0.1, 29, False, "kept", "worse than the champion: difference 0.20"),
    ],
)
def test_the_rule_decides_by_interval_margin_and_age(
    mean: float, half: float, age: int, promote: bool, why: str, told: str
) -> None:
    decision = decide(compared(mean, half), age, RULE, UNIT)
    assert (decision.promote, decision.why) == (promote, why)
    assert told in decision.reason


def test_worse_by_the_whole_margin_is_worse() -> None:
    edge = compared(0.05, 0.0)
    assert edge.excess(0.05) == 0
    assert decide(edge, 29, RULE, UNIT).why == "kept"
    assert decide(compared(0.0499, 0.0), 29, RULE, UNIT).why == "refresh"


def test_the_margin_is_as_uncertain_as_the_loss_that_it_is_a_share_of() -> None:
    known = compared(0.0, 0.045)
    assert decide(known, 29, RULE, UNIT).why == "refresh"
    assert decide(replace(known, champion_error=0.3), 29, RULE, UNIT).why == "kept"


def test_no_margin_asks_an_old_champion_to_be_beaten() -> None:
    strict = replace(RULE, non_inferiority_margin=0.0)
    assert decide(compared(0.0, 0.001), 99, strict, UNIT).why == "kept"
    assert decide(compared(-0.002, 0.001), 99, strict, UNIT).why == "better"


def test_a_reason_has_its_numbers_their_unit_and_their_noise() -> None:
    reason = decide(compared(-0.0421, 0.0312), 1, RULE, UNIT).reason
    assert reason == (
        "better than the champion: difference −0.042 thousand views "
        "(90 % interval −0.073 to −0.011; 14 days); mean loss 0.958 against 1.000 thousand views"
    )


def test_the_reason_says_when_nothing_differs() -> None:
    champion, _ = losses(7)
    decision = decide(compare(champion, champion, 0.9), 1, RULE, UNIT)
    assert decision.reason == (
        "the same loss as the champion's on each of 7 days; "
        "the champion is 1 day old (not above 28)"
    )


def test_the_first_model_is_promoted_unless_it_is_clearly_worse_than_the_naive_forecast() -> None:
    naive, other = losses(14)
    found = decide_first(naive - 0.2, naive, 0.9, UNIT)
    assert (found.promote, found.why) == (True, "first")
    assert found.reason.startswith("no champion yet; mean loss 2.0 thousand")
    assert "thousand views (90 % interval" in found.reason
    assert "better than the naive forecast: difference −0.2000 thousand" in found.reason
    unclear = decide_first(
        naive + (other - other.mean()) - (naive - naive.mean()), naive, 0.9, UNIT
    )
    assert (unclear.promote, unclear.why) == (True, "first")
    assert "not clearly different from the naive forecast" in unclear.reason
    worse = decide_first(naive + 0.2, naive, 0.9, UNIT)
    assert (worse.promote, worse.why) == (False, "kept")
    assert "worse than the naive forecast: difference 0.2000 thousand" in worse.reason


PLAIN = {"confidence_level": 0.9, "non_inferiority_margin": 0.05, "max_champion_age": 28}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("confidence_level", 1.0),
        ("confidence_level", 0.4),
        ("confidence_level", math.nan),
        ("non_inferiority_margin", -0.1),
        ("non_inferiority_margin", 1),
        ("max_champion_age", -1),
    ],
)
def test_a_rule_without_sense_is_refused(key: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"promotion.{key}"):
        construct(PromotionRule, {**PLAIN, key: value}, "promotion")


def test_a_rule_names_its_keys() -> None:
    allowed = "unknown key promotion.days; allowed: " + ", ".join(f"promotion.{k}" for k in PLAIN)
    with pytest.raises(ConfigError, match=allowed):
        construct(PromotionRule, {**PLAIN, "days": 7}, "promotion")


def dependent(rng: np.random.Generator, days: int) -> Vector:
    """AR(0.3), shape (DRAWS, days)."""
    shocks = rng.standard_normal((DRAWS, days + 30))
    return np.asarray(lfilter([1], [1, -0.3], shocks, axis=1)[:, 30:])


@pytest.mark.parametrize("days", [7, 14])
def test_an_equal_challenger_is_seldom_called_better(days: int) -> None:
    rng = np.random.default_rng(days)
    champion = np.abs(rng.standard_normal((DRAWS, days)))
    challenger = champion + 0.3 * dependent(rng, days)
    found = [
        decide(compare(*pair, 0.9), 0, RULE, UNIT).promote
        for pair in zip(champion, challenger, strict=True)
    ]
    assert NOMINAL - TOLERANCE < np.mean(found) < NOMINAL + TOLERANCE


@pytest.mark.parametrize("days", [7, 14])
def test_a_challenger_worse_by_the_margin_seldom_replaces_an_old_champion(days: int) -> None:
    rng = np.random.default_rng(days)
    champion = np.abs(rng.standard_normal((DRAWS, days)))
    worse = (
        champion + RULE.non_inferiority_margin * math.sqrt(2 / math.pi) + 0.1 * dependent(rng, days)
    )
    equal = worse - RULE.non_inferiority_margin * math.sqrt(2 / math.pi)
    passed = [
        np.mean([decide(compare(*pair, 0.9), 99, RULE, UNIT).promote for pair in pairs])
        for pairs in (zip(champion, worse, strict=True), zip(champion, equal, strict=True))
    ]
    assert 0 < passed[0] < NOMINAL + TOLERANCE
    assert passed[1] > 2 * passed[0]
