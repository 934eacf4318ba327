"""What `make run SOURCE=...` asks of the night of an imported channel."""

from support import told_nights
from support.project import REPOSITORY
from viewcast.base.cli import compose
from viewcast.base.settings import build
from viewcast.data.sources.studio import StudioFolder
from viewcast.data.views import Studio
from viewcast.report.nights_record import parsed
from viewcast.retraining.own_nights import own_night, told
from viewcast.retraining.settings import Settings

CHANGED = ["data.name=baking", "data.label=Baking", "data.raw=data/baking", "data.metric=watchTime"]


def baking() -> Studio:
    """An imported channel."""
    plain = compose(REPOSITORY, ["which.source=none", *CHANGED], "import_export")["data"]
    return build(plain, "data", Studio)  # type: ignore[no-any-return]


def settings() -> Settings:
    """Those of its night."""
    folder = ["source=studio", "source.folder=none"]
    return Settings.parse(own_night(compose(REPOSITORY, folder, "retrain"), baking()))


def test_the_night_reads_what_was_imported_and_keeps_it_under_the_name_of_the_channel() -> None:
    night = settings()
    assert isinstance(night.source, StudioFolder)
    assert (night.source.folder, night.source.metric) == ("data/baking", "watchTime")
    assert (night.source.label, night.retrain.channel) == ("Baking", "baking")
    assert night.model_name == "viewcast-baking"


def test_an_export_of_years_ago_is_forecast_from_its_last_day() -> None:
    assert settings().check.max_age_days > 365 * 100


def test_its_forecast_is_told_in_a_line_or_that_there_is_none() -> None:
    record, refused = (
        parsed(told_nights.record() | {"channel": "baking"}),
        {"outcome": "refused", "code": 20},
    )
    assert told(baking(), {"code": 10}, record).startswith(
        "Baking, Thursday, 11 March 2021: 3,200 views"
    )
    none = "Baking: no new forecast, the night ended as refused"
    assert told(baking(), refused, parsed(told_nights.record())) == none  # of another channel
    assert told(baking(), refused, None) == none


def test_make_run_forecasts_between_the_runs_and_the_last_screen() -> None:
    recipe = (REPOSITORY / "Makefile").read_text().split("\nrun:")[1].split("\n\n")[0]
    scripts = [
        line.split("pipelines/")[1].split(".py")[0]
        for line in recipe.splitlines()
        if "pipelines/" in line
    ]
    assert scripts[-2:] == ["own_nights", "overview"]
