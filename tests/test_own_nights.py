"""What `make run SOURCE=...` asks of the night of an imported channel."""

import shutil
from pathlib import Path

import pytest

from support import told_nights
from support.project import REPOSITORY
from viewcast.base.cli import compose
from viewcast.base.settings import build
from viewcast.data.sources.studio import StudioFolder
from viewcast.data.views import Studio
from viewcast.report.nights_record import parsed
from viewcast.retraining.own_nights import own_night, told
from viewcast.retraining.settings import Settings
from viewcast.runs.own_channels import configure, configure_source

CHANGED = {"name": "baking", "label": "Baking", "raw": "data/baking", "metric": "watchTime"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the configuration that an import leaves."""
    shutil.copytree(REPOSITORY / "conf", tmp_path / "conf")
    plain = compose(tmp_path, ["which.source=none"], "import_export")["data"]
    configure(tmp_path, "baking", "studio", CHANGED)
    configure_source(tmp_path, "baking", Path("/an/export/that/is/gone"), plain | CHANGED)
    return tmp_path


def baking(project: Path) -> Studio:
    """The imported channel."""
    plain = compose(project, ["data=baking", "which.source=none"], "import_export")["data"]
    data: Studio = build(plain, "data", Studio)
    return data


def test_the_night_reads_what_was_imported_and_keeps_it_under_the_name_of_the_channel(
    project: Path,
) -> None:
    night = Settings.parse(compose(project, own_night(baking(project)), "retrain"))
    assert isinstance(night.source, StudioFolder)
    assert (night.source.folder, night.source.metric) == ("data/baking", "watchTime")
    assert (night.source.label, night.retrain.channel) == ("Baking", "baking")
    assert night.model_name == "viewcast-baking"
    assert night.check.max_age_days > 365 * 100  # an export of years ago is forecast as well


def test_its_forecast_is_told_in_a_line_or_that_there_is_none(project: Path) -> None:
    data, record = baking(project), parsed(told_nights.record() | {"channel": "baking"})
    assert told(data, {"code": 10}, record).startswith("Baking, Thursday, 11 March 2021: 3,200")
    refused = {"outcome": "refused", "code": 20}
    none = "Baking: no new forecast, the night ended as refused"
    assert told(data, refused, record) == told(data, refused, None) == none
    assert told(data, {"outcome": "served", "code": 0}, parsed(told_nights.record())).endswith(
        "no new forecast, the night ended as served"  # the record is of another channel
    )


def test_make_run_forecasts_between_the_runs_and_the_last_screen() -> None:
    recipe = (REPOSITORY / "Makefile").read_text().split("\nrun:")[1].split("\n\n")[0]
    lines = [line.split("pipelines/")[1] for line in recipe.splitlines() if "pipelines/" in line]
    assert [line.split(".py")[0] for line in lines[-2:]] == ["own_nights", "overview"]
