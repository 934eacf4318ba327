"""What becomes of a day below 0, and of newest days with 0: missing unless asked otherwise."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from support.project import REPOSITORY
from support.studio_exports import totals, writer
from viewcast.base.cli import compose
from viewcast.base.errors import DataError
from viewcast.base.settings import build
from viewcast.data.export import Wanted
from viewcast.data.not_counted import Policies, Policy
from viewcast.data.studio import read_whole
from viewcast.data.views import Studio
from viewcast.retraining.merge import settled
from viewcast.retraining.own_nights import own_night
from viewcast.retraining.settings import Settings
from viewcast.runs.own_channels import configure, configure_source

DAYS = [f"2021-03-{day:02}" for day in range(1, 15)]
COUNTS: list[object] = [*range(5, 9), -2, *range(10, 17), 0, 0]


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return writer(tmp_path / "export")(Totals=totals(days=DAYS, counts=COUNTS))


def delivered(policies: Policies) -> pd.DataFrame:
    """What a night takes of the same days from any source."""
    views = pd.Series(COUNTS, pd.DatetimeIndex(DAYS, name="date"), dtype=float)
    return settled(views.rename("views").to_frame(), date(2021, 3, 15), 0, policies=policies)


def read_by(kind: str, export: Path) -> Callable[[Policies], tuple[list[float], str]]:
    """How an import, or a night, reads the days with a policy: the figures, and what is told."""

    def imported(policies: Policies) -> tuple[list[float], str]:
        whole = read_whole(export, Wanted(policies=policies))
        return whole.views.tolist(), "\n".join(whole.notes)

    def of_a_night(policies: Policies) -> tuple[list[float], str]:
        days = delivered(policies)
        return days["views"].tolist(), "\n".join(days.attrs["notes"])

    return imported if kind == "import" else of_a_night


@pytest.mark.parametrize("kind", ["import", "night"])
def test_by_default_such_days_are_missing_and_told(kind: str, export: Path) -> None:
    figures, told = read_by(kind, export)(Policies())
    bridged = [9] if kind == "import" else []  # a night bridges when it merges
    assert figures == [*range(5, 9), *bridged, *range(10, 17)]
    assert "figures below 0 count as missing, views were taken back: 2021-03-05" in told
    assert "newest days with 0 are not counted yet: 2021-03-13 to 2021-03-14" in told


@pytest.mark.parametrize("kind", ["import", "night"])
def test_such_days_may_count_as_days_of_0(kind: str, export: Path) -> None:
    figures, told = read_by(kind, export)(Policies("zero", "zero"))
    assert figures == [*range(5, 9), 0, *range(10, 17), 0, 0]
    assert "figures below 0 count as zero, views were taken back: 2021-03-05" in told
    # A day that was taken back to 0 is the first with 0, and the newest ones are usual then.
    assert "newest days with 0" not in told
    figures, told = read_by(kind, export)(Policies("missing", "zero"))
    assert figures[-2:] == [0, 0]
    assert "newest days with 0 count as days of 0: 2021-03-13 to 2021-03-14" in told


@pytest.mark.parametrize(
    ("kind", "policies", "words"),
    [
        ("import", Policies("refuse"), "line 6, column 'Views': found -2, expected a count of at"),
        ("night", Policies("refuse"), "holds -2 views on 2021-03-05"),
        ("import", Policies(newest_zeros="refuse"), "line 14, column 'Views': found 0, expected"),
        ("night", Policies(newest_zeros="refuse"), "0 views on 2021-03-13 to 2021-03-14; expec"),
    ],
)
def test_such_days_may_be_refused(kind: str, policies: Policies, words: str, export: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_by(kind, export)(policies)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("policy", "figures"), [("missing", [3, 3, 4]), ("zero", [3, 0, 4]), ("refuse", None)]
)
def test_the_same_holds_where_a_counter_falls(
    tmp_path: Path, policy: Policy, figures: list[int] | None
) -> None:
    readings = totals(days=DAYS[:4], counts=[100, 103, 101, 105])
    folder = writer(tmp_path / "counter")(Totals=readings)
    wanted = Wanted(cumulative=True, policies=Policies(policy))
    if figures is None:
        with pytest.raises(DataError, match="the counter falls on 2021-03-03, expected one that"):
            read_whole(folder, wanted)
    else:
        assert read_whole(folder, wanted).views.tolist() == figures


def test_a_night_asks_what_the_source_says() -> None:
    asked = ["source=youtube", "source.negative=refuse", "source.newest_zeros=zero"]
    night = Settings.parse(compose(REPOSITORY, asked, "retrain"))
    assert night.policies == Policies("refuse", "zero")


def test_what_an_import_was_asked_its_nights_do_too(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "conf", tmp_path / "conf")
    plain = compose(tmp_path, ["which.source=none"], "import_export")["data"]
    changed: dict[str, Any] = {"name": "x", "label": "x", "raw": "data/x", "negative": "zero"}
    configure(tmp_path, "x", "studio", changed)
    configure_source(tmp_path, "x", Path("/gone"), plain | changed)
    plain = compose(tmp_path, ["data=x", "which.source=none"], "import_export")["data"]
    data: Studio = build(plain, "data", Studio)
    night = Settings.parse(compose(tmp_path, own_night(data), "retrain"))
    assert data.wanted.policies == night.policies == Policies(negative="zero")
