"""What `make run SOURCE=...` asks of the night of an imported channel."""

from support.project import REPOSITORY
from viewcast.base.cli import compose
from viewcast.base.settings import build
from viewcast.data.sources.studio import StudioFolder
from viewcast.data.views import Studio
from viewcast.retraining.own_nights import own_night, told
from viewcast.retraining.settings import Settings

CHANGED = ["data.name=baking", "data.label=Baking", "data.raw=data/baking", "data.metric=watchTime"]


def settings() -> Settings:
    """Those of the night of an imported channel called Baking."""
    plain = compose(REPOSITORY, ["which.source=none", *CHANGED], "import_export")["data"]
    folder = ["source=studio", "source.folder=none"]
    data = build(plain, "data", Studio)
    return Settings.parse(own_night(compose(REPOSITORY, folder, "retrain"), data))


def test_the_night_reads_what_was_imported_and_keeps_it_under_the_name_of_the_channel() -> None:
    night = settings()
    assert isinstance(night.source, StudioFolder)
    assert (night.source.folder, night.source.metric) == ("data/baking", "watchTime")
    assert (night.source.label, night.retrain.channel) == ("Baking", "baking")
    assert night.model_name == "viewcast-baking"


def test_an_export_of_years_ago_is_forecast_from_its_last_day() -> None:
    assert settings().check.max_age_days > 365 * 100


def test_how_it_ended_is_told_in_a_line() -> None:
    ended = {"outcome": "refused", "reason": "5 of 7 days are negative"}
    assert told("Baking", ended) == "the next days of Baking: refused, 5 of 7 days are negative"


def test_make_run_forecasts_between_the_runs_and_the_last_screen() -> None:
    recipe = (REPOSITORY / "Makefile").read_text().split("\nrun:")[1].split("\n\n")[0]
    scripts = [
        line.split("pipelines/")[1].split(".py")[0]
        for line in recipe.splitlines()
        if "pipelines/" in line
    ]
    assert scripts[-2:] == ["own_nights", "overview"]
