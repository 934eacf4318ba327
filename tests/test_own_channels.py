"""An import makes a channel of one's own: its name, its configuration, what the pipeline runs."""

import shutil
from pathlib import Path

import pytest
import yaml

from support.project import REPOSITORY
from viewcast.base.cli import compose
from viewcast.base.errors import ConfigError
from viewcast.base.settings import build
from viewcast.data.sources.studio import StudioFolder
from viewcast.data.views import Studio
from viewcast.runs.own_channels import (
    added,
    check_free,
    choose,
    configure,
    configure_source,
    label_of,
    made_from,
    name_of,
    named,
    own_channels,
    sentence,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(REPOSITORY / "conf", tmp_path / "conf")
    return tmp_path


def datasets(project: Path) -> list[str]:
    listed: list[str] = yaml.safe_load((project / "conf/pipeline.yaml").read_text())["datasets"]
    return listed


@pytest.mark.parametrize(
    ("label", "name"),
    [("My Channel", "my-channel"), ("Müller_2021", "muller_2021"), ("  Äpfel & Co. ", "apfel-co")],
)
def test_a_name_is_made_of_a_label(label: str, name: str) -> None:
    assert name_of(label) == name


def test_a_label_without_english_letters_needs_a_name() -> None:
    with pytest.raises(ConfigError, match=r"'日本 2021': .* give one: NAME=<name>"):
        name_of("日本 2021")


def test_an_export_is_called_as_it_is_told_or_as_its_folder_or_its_zip(
    project: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "Baking"
    folder.mkdir()
    (folder / "Totals.csv").touch()
    (tmp_path / "May 2021.zip").touch()
    assert label_of(folder) == label_of(folder / "Totals.csv") == "Baking"
    assert label_of(tmp_path / "May 2021.zip") == "May 2021"
    assert named(project, folder, None) == ("Baking", "baking")
    assert named(project, folder, "My Pies") == ("My Pies", "my-pies")


def test_an_imported_channel_is_a_data_set_with_its_own_settings(project: Path) -> None:
    own = {"name": "baking", "label": "Baking", "raw": "data/baking", "country": "DE"}
    configure(project, "baking", "studio", own)
    section = compose(project, ["data=baking"])["data"]
    data = build(section, "data", Studio)
    assert (data.name, data.label, data.raw, data.country) == tuple(own.values())
    assert data.min_days == 56 + 45 + 45 + 1
    assert compose(project, ["data=baking"])["loss"] == compose(project, ["data=studio"])["loss"]
    assert (own_channels(project), made_from(project, "baking")) == (["baking"], "studio")


def test_what_a_person_added_to_the_settings_of_a_channel_stays(project: Path) -> None:
    file = project / "conf" / "data" / "baking.yaml"
    configure(project, "baking", "studio", {"name": "baking", "raw": "data/baking"})
    file.write_text(file.read_text() + "  country: DE   # mine\n")
    configure(project, "baking", "studio", {**added(project, "baking"), "metric": "likes"})
    assert "country: DE   # mine" in file.read_text()
    assert compose(project, ["data=baking"])["data"]["metric"] == "likes"


def test_nights_of_a_channel_take_new_exports_from_the_same_folder(project: Path) -> None:
    data = compose(project, [])["data"] | {"label": "Baking", "metric": "Cats", "site": None}
    read = {**data, "column": None, "channel": None, "cumulative": False}
    configure_source(project, "baking", project / "drop", read)
    section = compose(project, ["source=baking"], "retrain")["source"]
    source = build(section, "source", StudioFolder)
    assert (source.label, source.folder) == ("Baking", str(project / "drop"))
    assert (source.metric, source.settle_days, source.timezone) == ("Cats", 0, "UTC")


@pytest.mark.parametrize("name", ["lectures", "channel", "live", "studio", "youtube", "all"])
def test_the_name_of_another_data_set_is_refused(project: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"name '{name}': .* give another one: NAME=<name>"):
        check_free(project, name)


def test_the_pipeline_runs_a_channel_alone_and_all_brings_the_lectures_back(project: Path) -> None:
    before = (project / "conf" / "pipeline.yaml").read_text()
    for name in ("baking", "chess"):
        configure(project, name, "studio", {"name": name, "raw": f"data/{name}"})
    choose(project, "chess")
    assert datasets(project) == ["chess"]
    assert sentence(datasets(project)) == (
        "Only chess: `make run DATA=all` brings the lectures back."
    )
    choose(project, "all")
    assert datasets(project) == ["lectures", "channel", "videos", "baking", "chess"]
    assert sentence(datasets(project)) is None
    after = (project / "conf" / "pipeline.yaml").read_text()
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in after.splitlines() if line.startswith("#")
    ]
    with pytest.raises(ConfigError, match=r"DATA=x: .* allowed: lectures, channel, videos, baking"):
        choose(project, "x")
