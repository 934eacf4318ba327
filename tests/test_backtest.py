"""A backtest: which origins, what each forecast may know, and that it can be stopped anywhere."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from viewcast.forecast import ledger
from viewcast.forecast.backtest import Backtest, origins_of
from viewcast.forecast.history import History
from viewcast.forecast.kept_errors import kept_errors
from viewcast.forecast.ledger import COMBINATION, SERVED, Kept

Vector = NDArray[np.float64]
NEWEST = date(2026, 6, 30)


def a_history(days: int, seed: int = 0) -> History:
    """Views of about 1,000 a day that wander, up to 30 June 2026."""
    noise = np.random.default_rng(seed).normal(0, 0.1, days)
    return History(NEWEST - timedelta(days=days - 1), 7 + noise.cumsum() * 0.3 + noise)


@dataclass(frozen=True)
class Last:
    """The newest day ``ago``, for all days ahead. It notes each history that it was fitted on."""

    ago: int = 1
    min_days: int = 7
    seen: list[History] = field(default_factory=list)

    def fit(self, history: History, horizon: int) -> "Last":
        self.seen.append(history)
        return replace(self, min_days=horizon)

    def forecast(self, history: History) -> Vector:
        return np.full(self.min_days, history.log[-self.ago])

    def arrays(self) -> dict[str, Vector]:
        return {}

    def restored(self, arrays: object, horizon: int) -> "Last":
        return replace(self, min_days=horizon)


def a_backtest(**changed: object) -> Backtest:
    settings = {
        "recipes": {"rhythm": Last(), "theta": Last(ago=7)},
        "codes": {"rhythm": "a", "theta": "b", COMBINATION: "ab"},
        "combination": ("rhythm", "theta"),
        "horizon": 7,
        "level": 0.9,
        "half_life": 60.0,
    }
    return Backtest(**{**settings, **changed})  # type: ignore[arg-type]


def test_origins_are_weekly_and_of_the_last_days() -> None:
    origins = origins_of(a_history(400), horizon=7, weeks=26, days=10)
    ages = [(NEWEST - origin).days for origin in origins]
    assert ages == sorted({*range(1, 11), *range(7, 7 * 27, 7)}, reverse=True)


def test_later_weekly_origins_fall_on_the_weekday_of_the_earlier_ones() -> None:
    history = a_history(400)
    earlier = origins_of(history.until(NEWEST - timedelta(days=17)), 7, weeks=26, days=0)
    later = origins_of(history, 7, weeks=26, days=0, anchor=earlier[0])
    assert {origin.weekday() for origin in later} == {earlier[0].weekday()}
    assert 7 <= (NEWEST - later[-1]).days < 14


def test_a_short_history_has_the_origins_that_know_a_week() -> None:
    origins = origins_of(a_history(9), horizon=7, weeks=26, days=60)
    assert [(NEWEST - origin).days for origin in origins] == [2, 1]
    assert origins_of(a_history(7), horizon=7, weeks=26, days=60) == []


def test_each_forecast_knows_the_days_up_to_its_origin_alone(tmp_path: Path) -> None:
    backtest, history = a_backtest(), a_history(200)
    path, kept = tmp_path / "backtest.jsonl", tmp_path / "ledger.jsonl"
    added = backtest.run(history, 10, 20, path, kept)
    lines = ledger.read(path)
    assert added == len(lines) == 3 * len(origins_of(history, 7, 10, 20))
    last = backtest.recipes["rhythm"]
    assert isinstance(last, Last)
    assert [past.newest for past in last.seen] == origins_of(history, 7, 10, 20)
    for line in lines:
        past = history.until(line.origin)
        assert line.data == past.identity and line.backtest and line.version is None
        if line.recipe == "rhythm":
            assert line.views == pytest.approx([past.views[-1]] * 7)
    of_both = [line.views for line in lines if line.origin == lines[0].origin]
    assert np.log1p(of_both[2]) == pytest.approx(np.log1p(of_both[:2]).mean(axis=0))


def test_an_interval_comes_from_errors_that_were_known_at_its_origin(tmp_path: Path) -> None:
    history = a_history(200)
    path, kept = tmp_path / "backtest.jsonl", tmp_path / "ledger.jsonl"
    a_backtest().run(history, 26, 60, path, kept)
    lines = ledger.read(path)
    views = pd.Series(history.views, history.days)
    chosen = next(line for line in lines if (NEWEST - line.origin).days == 20)
    until = views[: pd.Timestamp(chosen.origin)]
    earlier = [line for line in lines if line.origin < chosen.origin]
    known = kept_errors(earlier, until, chosen.recipe, 7).intervals(chosen.origin, 0.9, 60.0)
    assert known is not None and chosen.low is not None
    low, high = known.around(np.log1p(chosen.views))
    assert (chosen.low, chosen.high) == (pytest.approx(low), pytest.approx(high))
    assert lines[0].low is None and lines[0].total is None, "there were no errors yet"


def test_a_backtest_that_was_stopped_goes_on_and_gives_the_same_lines(tmp_path: Path) -> None:
    """Stopped in the middle of a line of a combination, whose members stand already."""
    history, kept = a_history(200), tmp_path / "ledger.jsonl"
    whole, stopped = tmp_path / "whole.jsonl", tmp_path / "stopped.jsonl"
    a_backtest().run(history, 5, 10, whole, kept)
    text = whole.read_bytes()
    ends = [place for place, byte in enumerate(text) if byte == ord("\n")]
    for cut in (0, ends[7] + 30, ends[8], len(text)):
        stopped.write_bytes(text[:cut])
        a_backtest().run(history, 5, 10, stopped, kept)
        assert stopped.read_bytes() == text


def test_a_new_recipe_is_backtested_on_the_same_weeks_and_the_others_are_not(
    tmp_path: Path,
) -> None:
    history = a_history(200)
    path, kept = tmp_path / "backtest.jsonl", tmp_path / "ledger.jsonl"
    first = history.until(NEWEST - timedelta(days=10))
    a_backtest().run(first, 8, 0, path, kept)
    before = ledger.read(path)
    made = [line for line in before if line.origin == before[-1].origin]
    ledger.append(kept, [replace(line, origin=first.newest, backtest=False) for line in made])
    recipes = {"rhythm": Last(), "theta": Last(ago=7), "new": Last(ago=3)}
    codes = {"rhythm": "a", "theta": "b", "new": "c", COMBINATION: "ab"}
    a_backtest(recipes=recipes, codes=codes).run(history, 8, 0, path, kept)
    added = ledger.read(path)[len(before) :]
    assert {line.recipe for line in added} == {"new"}
    assert {line.origin.weekday() for line in added} == {before[0].origin.weekday()}
    assert a_backtest().run(history, 8, 0, path, kept) == 0


def test_a_longer_horizon_is_backtested_anew_and_a_shorter_one_is_not(tmp_path: Path) -> None:
    history, path = a_history(200), tmp_path / "backtest.jsonl"
    kept = tmp_path / "ledger.jsonl"
    count = a_backtest().run(history, 3, 5, path, kept)
    newest = [line for line in ledger.read(path) if line.origin == ledger.read(path)[-1].origin]
    ledger.append(kept, [replace(line, origin=NEWEST, backtest=False) for line in newest])
    assert a_backtest(horizon=3).run(history, 3, 5, path, kept) == 0
    assert a_backtest(horizon=8).run(history, 3, 5, path, kept) == count
    views = pd.Series(history.views, history.days)
    longer = kept_errors(ledger.read(path), views, COMBINATION, 8)
    assert len(longer) == count / 3


def test_a_recipe_that_needs_more_days_and_a_combination_without_members_are_left_out(
    tmp_path: Path,
) -> None:
    path, kept = tmp_path / "backtest.jsonl", tmp_path / "ledger.jsonl"
    backtest = a_backtest(recipes={"rhythm": Last(), "theta": Last(ago=7, min_days=50)})
    backtest.run(a_history(70), 0, 70, path, kept)
    days = {name: [] for name in (*backtest.codes,)}  # type: dict[str, list[int]]
    for line in ledger.read(path):
        days[line.recipe].append(70 - (NEWEST - line.origin).days)
    assert days == {
        "rhythm": [*range(7, 70)],
        "theta": [*range(50, 70)],
        COMBINATION: [*range(7, 40), *range(50, 70)],  # from 40 days on both are needed
    }


def test_an_origin_that_a_recipe_cannot_be_fitted_to_has_no_line_of_it(tmp_path: Path) -> None:
    history = a_history(60)
    broken = History(history.first, np.where(np.arange(60) == 30, np.nan, history.log))
    path = tmp_path / "backtest.jsonl"
    a_backtest().run(broken, 0, 60, path, tmp_path / "ledger.jsonl")
    origins = {history.place(line.origin) for line in ledger.read(path) if line.recipe == "rhythm"}
    assert origins == set(range(6, 59)) - {30}


def a_line(origin: int, recipe: str, views: float, *, backtest: bool, **more: object) -> Kept:
    """A kept forecast of two days from a day of January 2026."""
    line = Kept(
        date(2026, 1, origin), recipe, (views, views), None, None, None, "c", "d", None, backtest
    )
    return replace(line, **more)  # type: ignore[arg-type]


JANUARY = pd.Series(np.arange(1.0, 32.0), pd.date_range("2026-01-01", periods=31))


def test_kept_errors_prefer_what_was_kept_before_its_days() -> None:
    lines = [
        a_line(1, SERVED, 10, backtest=False),
        a_line(1, COMBINATION, 11, backtest=True),
        a_line(2, COMBINATION, 12, backtest=True),
        a_line(2, COMBINATION, 13, backtest=True),
        a_line(3, COMBINATION, 14, backtest=False),
        a_line(31, SERVED, 15, backtest=False),
    ]
    for order in (lines[:2] + lines[2:], lines[1::-1] + lines[2:]):
        served = kept_errors(order, JANUARY, SERVED, 2, stand_in=COMBINATION)
        assert served.forecast[:, 0].tolist() == [10, 13, 15]
    assert served.actual.tolist()[:2] == [[2, 3], [3, 4]] and np.isnan(served.actual[2]).all()
    assert served.backtest.tolist() == [False, True, False]
    assert served.losses[0].tolist() == [8, 7]
    assert served.log[0] == pytest.approx(np.log([3 / 11, 4 / 11]))
    assert served.sums[0] == pytest.approx(np.log([3 / 11, 6 / 21]))
    assert len(kept_errors(lines, JANUARY, SERVED, 3)) == 0
    assert len(kept_errors(lines, JANUARY, SERVED, 1)) == 2


def test_after_a_confirmed_habit_the_surprise_of_earlier_forecasts_does_not_widen_intervals() -> (
    None
):
    """Views × 10 from 21 January on, confirmed on the 24th: forecasts knew it from then on."""
    since = date(2026, 1, 21)
    views = pd.Series(np.where(JANUARY.index < pd.Timestamp(since), 100.0, 1000.0), JANUARY.index)
    lines = [
        a_line(day, SERVED, 900 if day >= 24 else 110, backtest=False,
               habit=since if day >= 24 else None)
        for day in range(1, 31)
    ]  # fmt: skip
    errors = kept_errors(lines, views, SERVED, 2)
    surprised = errors.intervals(date(2026, 1, 31), 0.9, 60.0)
    knowing = errors.intervals(date(2026, 1, 31), 0.9, 60.0, [since])
    assert surprised is not None and knowing is not None
    assert max(surprised.days) > 2
    assert max(*knowing.days, *knowing.sums) < 0.11


def test_coverage_is_told_of_each_day_the_path_and_the_sum() -> None:
    """Of 28 origins every fourth misses its second day, and every seventh has a wrong sum."""
    lines = [
        a_line(
            day, SERVED, day, backtest=False,
            low=(0.0, 0.0), high=(99.0, 99.0 if day % 4 else 0.5),
            total=(0.0 if day % 7 else 98.0, 2.0 * day, 99.0),
        )
        for day in range(1, 29)
    ]  # fmt: skip
    shares = {found.of: found for found in kept_errors(lines, JANUARY, SERVED, 2).coverage()}
    assert {of: found.covered for of, found in shares.items()} == pytest.approx({
        "1": 1.0, "2": 0.75, "path": 0.75, "total": 6 / 7,
    })  # fmt: skip
    assert {found.count for found in shares.values()} == {28}
    assert shares["1"].error is None, "two blocks of 14 days have no standard error"
    few = kept_errors(lines[:19], JANUARY, SERVED, 2).coverage()
    none = kept_errors([replace(line, low=None, high=None, total=None) for line in lines],
                       JANUARY, SERVED, 2).coverage()  # fmt: skip
    assert few == none == []
