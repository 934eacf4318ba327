"""The versions that nights make: which serves, which waits, which is pruned."""

from datetime import date

import pandas as pd
import pytest

from support.nights import Nights
from viewcast.base.errors import TrackingError
from viewcast.base.paths import LIVE
from viewcast.forecast.ledger import COMBINATION, SERVED
from viewcast.retraining.by_hand import approve, roll_back
from viewcast.retraining.guard import Guarded
from viewcast.retraining.reigns import reigns

pytestmark = pytest.mark.xdist_group("night")  # one first night serves all


def test_the_guard_keeps_last_night_s_version_and_the_code_says_so(
    second: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        stopped = Guarded(False, "it forecasts nonsense")
        patch.setattr("viewcast.retraining.night_steps.guard", lambda *_: stopped)
        outcome = second.one("2018-03-02")
    assert (outcome["outcome"], outcome["code"], outcome["serves"]) == ("kept", 11, 1)
    assert "version 1 stays: the guard stopped version 2: it forecasts" in outcome["reason"]
    kept = {line.recipe: line for line in second.ledger if line.origin == date(2018, 3, 1)}
    assert (kept[SERVED].version, kept[COMBINATION].version) == (1, 2)
    assert second.one("2018-03-03")["serves"] == 3


def test_a_version_waits_for_approval_and_a_rollback_takes_it_back(second: Nights) -> None:
    second.overrides = ("retrain.approve=manual",)
    outcome = second.one("2018-03-02")
    assert (outcome["code"], outcome["serves"], outcome["version"]) == (0, 1, 2)
    assert "version 2 waits for approval" in outcome["reason"]
    registry = second.registry
    assert approve(registry, second.root, LIVE, None)["version"] == 2
    assert registry.champion() == registry.version(2)
    with pytest.raises(TrackingError, match="no version that waits"):
        approve(registry, second.root, LIVE, None)
    assert roll_back(registry, second.root, LIVE, "a test")["version"] == 1
    assert registry.champion() == registry.version(1)
    with pytest.raises(TrackingError, match="oldest that has served"):
        roll_back(registry, second.root, LIVE, None)
    assert [line["kind"] for line in second.promotions] == ["approval", "rollback"]
    assert [reign.recipe for reign in reigns(second.root, LIVE)] == [COMBINATION]


def test_old_versions_are_pruned_but_never_what_serves(second: Nights) -> None:
    second.overrides = ("retrain.keep_versions=2", "retrain.approve=manual")
    second.on("2018-03-02", 3)
    numbers = [version.number for version in second.registry.versions()]
    assert numbers == [1, 3, 4]  # 1 serves
    models = second.root / "mlflow" / "artifacts" / "models"
    assert len([*models.glob("*/artifacts/artifacts/forecaster/forecaster.json")]) == 3


def test_a_version_of_somebody_else_and_one_under_any_alias_are_never_pruned(
    second: Nights,
) -> None:
    """``retrain.model_name`` may name a model that others keep versions of, too."""
    client, (first,) = second.registry.client, second.registry.versions()
    source = client.get_model_version("viewcast", str(first.number)).source
    theirs = client.create_model_version("viewcast", source)
    second.one("2018-03-02")
    client.set_registered_model_alias("viewcast", "shown", "3")
    second.overrides = ("retrain.keep_versions=2",)
    second.on("2018-03-03", 4)
    numbers = [version.number for version in second.registry.versions()]
    assert numbers == [int(theirs.version), 3, 6, 7]


def test_a_version_that_cannot_be_read_is_no_hindrance(second: Nights) -> None:
    """It is of an earlier release, or its files are gone."""
    for file in (second.root / "mlflow").rglob("forecaster.json"):
        file.write_text("{}")
    with pytest.raises(TrackingError, match="its files cannot be read"):
        second.registry.forecaster(1)
    assert second.one("2018-03-02")["serves"] == 2


def test_a_version_forecasts_though_the_code_that_was_stored_with_it_has_moved(
    second: Nights,
) -> None:
    former = second.registry.forecaster(1).ahead(second.series, 3)
    (code,) = (second.root / "mlflow").rglob("served_forecaster.py")
    code.write_text("from viewcast.errors import DataError\n")
    again = second.registry.forecaster(1).ahead(second.series, 3)
    pd.testing.assert_frame_equal(former, again)
