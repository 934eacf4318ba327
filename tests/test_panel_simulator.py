"""The simulated panel: a function of its seed and its parameters, and the file beside the code."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from support.clone import REPOSITORY
from viewcast.base.errors import ConfigError
from viewcast.base.settings import construct
from viewcast.data.panel.simulator import PanelSimulator, SimulatedPanel

CONF: dict[str, Any] = yaml.safe_load((REPOSITORY / "conf" / "panel_simulator.yaml").read_text())


def simulator(**changed: Any) -> PanelSimulator:
    """The parameters of ``conf/panel_simulator.yaml``, for 30 videos and 90 days."""
    small = {"days": 90, "videos": 30, "uploads": 20}
    start = date.fromisoformat(CONF["simulator"]["start"])
    return PanelSimulator(**{**CONF["simulator"], "start": start, **small, **changed})


def test_a_seed_gives_the_same_bits_every_time() -> None:
    pd.testing.assert_frame_equal(
        simulator().simulate(1), simulator().simulate(1), check_exact=True
    )


def test_another_seed_gives_other_views() -> None:
    one, other = (simulator().simulate(seed)["views"].sum() for seed in (1, 2))
    assert one != other


def test_the_file_beside_the_code_is_what_the_simulator_gives() -> None:
    whole = {name: CONF["simulator"][name] for name in ("days", "videos", "uploads")}
    file = REPOSITORY / CONF["file"]
    if not file.is_file():
        pytest.skip(f"{CONF['file']} is not pulled")
    kept = pd.read_parquet(file)
    made = simulator(**whole).simulate(CONF["seed"])
    assert list(kept) == list(made)
    for name in made:
        found = kept[name].to_numpy().astype(made[name].to_numpy().dtype)
        assert (found == made[name].to_numpy()).all(), name


def test_each_video_has_every_day_from_its_upload_to_the_last() -> None:
    rows = simulator().simulate(1)
    last = np.datetime64(CONF["simulator"]["start"]) + 89
    spans = rows.groupby("video")["day"].agg(["min", "max", "count", "nunique"])
    assert len(spans) == 30
    assert (spans["max"] == last).all()
    assert (spans["count"] == (spans["max"] - spans["min"]).dt.days + 1).all()
    assert (spans["count"] == spans["nunique"]).all()
    assert (spans["count"] > 90 - 20).all()


def test_what_is_known_of_a_video_is_the_same_on_all_its_days() -> None:
    rows = simulator().simulate(1)
    assert (rows.groupby("video")[["category", "duration"]].nunique() == 1).all(axis=None)
    assert set(rows["category"]) <= set(CONF["simulator"]["categories"])


def test_views_are_counts() -> None:
    views = simulator().simulate(1)["views"]
    assert views.dtype == np.int64
    assert (views >= 0).all()


def test_a_weekday_of_twice_the_views_has_twice_the_views() -> None:
    quiet = {"common": 0.0, "noise": 0.0, "bursts": 0.0, "uploads": 1, "level": 8.0}
    rows = simulator(**quiet, weekday=(2, 1, 1, 1, 1, 1, 1), days=84, videos=40).simulate(1)
    settled = rows[rows["day"] >= rows["day"].min() + pd.Timedelta(days=28)]
    mean = settled.groupby(settled["day"].dt.day_of_week)["views"].mean()
    assert mean[0] / mean[1:].mean() == pytest.approx(2, rel=0.05)


def test_uploads_after_the_last_day_are_refused() -> None:
    with pytest.raises(ValueError, match="uploads = 91: expected at most days = 90"):
        simulator(uploads=91)


@pytest.mark.parametrize("seed", [None, -1, 1.5, "x"])
def test_a_seed_of_another_kind_is_refused_by_name(seed: object) -> None:
    given = {name: cell for name, cell in CONF.items() if name != "defaults"}
    with pytest.raises(ConfigError, match=r"^seed = "):
        construct(SimulatedPanel, {**given, "seed": seed}, "")


def test_a_panel_that_fits_in_no_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at most 222,222 of days = 90"):
        simulator(videos=222_223)


def test_views_that_are_no_number_are_refused() -> None:
    with pytest.raises(ConfigError, match="the views of a day are no number"):
        simulator(common=1e300).simulate(1)
