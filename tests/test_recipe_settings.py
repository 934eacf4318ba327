"""Recipes as a configuration names them, and their fits as a file keeps them."""

import sys
from pathlib import Path

import numpy as np
import pytest

from support.fitted_recipes import HORIZON, LONG, fit, forecast
from support.histories import OWN, constant, recipes, section
from support.project import REPOSITORY
from viewcast.base.cli import compose
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.settings import build
from viewcast.forecast.recipe import Recipe
from viewcast.forecast.recipes import configured, identity, load_fits, plain, save_fits


def test_fits_that_were_written_forecast_the_same_bits(tmp_path: Path) -> None:
    file, again = tmp_path / "fits.npz", tmp_path / "again.npz"
    save_fits(file, {name: fit(name) for name in OWN})
    read = load_fits(file, recipes(), HORIZON)
    for name in OWN:
        assert read[name].forecast(LONG).tolist() == fit(name).forecast(LONG).tolist()
    save_fits(again, read)
    assert again.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"no zip"])
def test_a_damaged_file_of_fits_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "fits.npz"
    file.write_bytes(content)
    with pytest.raises(DataError, match=r"fits\.npz: holds no fits of .*run the night again"):
        load_fits(file, recipes(), 7)


def test_a_file_without_one_of_the_fits_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "fits.npz"
    save_fits(file, {"rhythm": fit("rhythm")})
    with pytest.raises(DataError, match="slopes"):
        load_fits(file, {"ridge": recipes()["ridge"]}, 7)


@pytest.mark.parametrize("file", sorted((REPOSITORY / "conf" / "recipe").iterdir()))
def test_a_recipe_is_made_again_from_its_plain_values(file: Path) -> None:
    assert file.read_text(encoding="utf-8").startswith(f"# @package recipes.{file.stem}\n")
    (recipe,) = configured({file.stem: section(file.stem)}).values()
    assert build(plain(recipe), file.stem, Recipe) == recipe
    assert plain(recipe) == section(file.stem)


def test_the_identity_of_recipes_is_that_of_their_settings_and_code() -> None:
    rhythm, ridge_ = recipes()["rhythm"], recipes()["ridge"]
    slower = configured({"rhythm": {**section("rhythm"), "level_half_life": 4}})["rhythm"]
    assert identity(rhythm, ridge_) == identity(ridge_, rhythm)
    assert len({identity(rhythm), identity(slower), identity(ridge_)}) == 3


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({}, r"found no recipe; expected one or more: type recipe=\[rhythm"),
        ({"served": {}}, "recipes.served: found a name that is taken"),
        ({"a/b": {}}, "recipes.a/b: found a name that is taken or holds '/'"),
        (
            {"rhythm": {**section("rhythm"), "half_life": 3}},
            "unknown key recipes.rhythm.half_life; allowed: recipes.rhythm.level_half_life",
        ),
        (
            {"ridge": {**section("ridge"), "penalties": {"low": 2, "high": 1, "count": 3}}},
            "recipes.ridge.penalties.*high is 1.0, expected at least low, 2.0",
        ),
        ({"mine": {"_target_": "viewcast.forecast.ridge.Penalties"}}, "mine"),
        (
            {"mine": {"_target_": "viewcast.scoring.loss.MSE"}},
            "it lacks fit, min_days, restored; expected what viewcast.forecast.recipe.Recipe has",
        ),
    ],
)
def test_an_impossible_configuration_is_refused(
    sections: dict[str, dict[str, object]], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        configured(sections)


@pytest.mark.parametrize(
    ("name", "module", "library"),
    [("boosted", "lightgbm", "LightGBM"), ("theta", "statsforecast", "statsforecast")],
)
def test_a_missing_library_is_named_with_what_installs_it(
    name: str, module: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=rf"{library}; .*pip install 'viewcast\[forecasting\]'"):
        forecast(name, LONG)


MINE = '''
from dataclasses import dataclass
import numpy as np

@dataclass(frozen=True)
class LastDay:
    """The newest day times a factor."""
    factor: float
    min_days = 1
    def fit(self, history, horizon):
        return Fitted(self.factor, horizon)
    def restored(self, arrays, horizon):
        return Fitted(self.factor, horizon)

@dataclass(frozen=True)
class Fitted:
    factor: float
    horizon: int
    def forecast(self, history):
        return np.log1p(np.full(self.horizon, self.factor * history.views[-1]))
    def arrays(self):
        return {}
'''


def test_a_recipe_of_ones_own_is_a_class_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_recipes.py").write_text(MINE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    conf = tmp_path / "conf"
    (conf / "recipe").mkdir(parents=True)
    (conf / "night.yaml").write_text("defaults:\n- recipe: [mean7]\n", encoding="utf-8")
    files = {"mean7": "_target_: viewcast.forecast.naive.MeanOfWeek\n"}
    files["last_day"] = "_target_: my_recipes.LastDay\nfactor: 2\n"
    for name, text in files.items():
        file = conf / "recipe" / f"{name}.yaml"
        file.write_text(f"# @package recipes.{name}\n{text}", encoding="utf-8")
    composed = compose(tmp_path, ["recipe=[mean7,last_day]", "recipes.last_day.factor=3"], "night")
    made = configured(composed["recipes"])
    assert list(made) == ["mean7", "last_day"]
    ahead = made["last_day"].fit(constant(5, 100), 7).forecast(constant(5, 100))
    assert np.expm1(ahead) == pytest.approx([300.0] * 7)
    assert build(plain(made["last_day"]), "mine", Recipe) == made["last_day"]
    assert identity(made["last_day"]) != identity(made["mean7"])
