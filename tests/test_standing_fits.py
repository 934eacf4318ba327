"""Fits that no day of the channel changes are kept from night to night."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from viewcast.forecast.history import History
from viewcast.forecast.naive import SeasonalNaive
from viewcast.forecast.pooled import Pooled
from viewcast.forecast.recipe import Recipe
from viewcast.forecast.recipes import identity
from viewcast.retraining.refit import RefitSettings, refit, standing_fits

HISTORY = History(date(2021, 3, 1), np.log1p(np.arange(100.0, 130.0)))


def settings(recipes: dict[str, Recipe], horizon: int = 3) -> RefitSettings:
    codes = {name: identity(recipe) for name, recipe in recipes.items()}
    return RefitSettings(recipes={}, codes=codes, horizon=horizon)


def pooled(**changed: float) -> dict[str, Recipe]:
    known = {"folder": None, "channels": 10, "days": 60, "penalty": 30.0, "seed": 0}
    return {"naive": SeasonalNaive(), "pooled": Pooled(**{**known, **changed})}  # type: ignore[arg-type]


def test_a_kept_fit_is_read_and_forecasts_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes, path = pooled(), tmp_path / "pooled.npz"
    first = standing_fits(recipes, settings(recipes), HISTORY, path)
    assert list(first) == ["pooled"]
    monkeypatch.setattr(Pooled, "fit", None)
    again = standing_fits(recipes, settings(recipes), HISTORY, path)
    made = [refit(recipes, HISTORY, [], 3, fits).forecasts["pooled"] for fits in (first, again)]
    assert made[0].tobytes() == made[1].tobytes()


@pytest.mark.parametrize("change", ["settings", "horizon", "damage"])
def test_other_settings_another_horizon_and_a_damaged_file_are_fitted_anew(
    tmp_path: Path, change: str
) -> None:
    recipes, path = pooled(), tmp_path / "pooled.npz"
    standing_fits(recipes, settings(recipes), HISTORY, path)
    before = path.read_bytes()
    if change == "damage":
        path.write_bytes(before[:100])
    other = pooled(penalty=31.0) if change == "settings" else recipes
    horizon = 4 if change == "horizon" else 3
    fits = standing_fits(other, settings(other, horizon), HISTORY, path)
    assert len(fits["pooled"].forecast(HISTORY)) == horizon
    assert (path.read_bytes() == before) == (change == "damage")


def test_nothing_is_kept_of_recipes_that_learn_from_the_channel(tmp_path: Path) -> None:
    recipes = {"naive": SeasonalNaive(), "pooled": pooled(folder=str(tmp_path))["pooled"]}  # type: ignore[arg-type]
    assert standing_fits(recipes, settings(recipes), HISTORY, tmp_path / "pooled.npz") == {}
    assert not (tmp_path / "pooled.npz").exists()
