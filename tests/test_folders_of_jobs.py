"""Demo, sweep, refit, report, import, audit and simulation replace only what they have made."""

import contextlib
import runpy
import shutil
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from support.filled_folders import content, fill
from support.project import REPOSITORY, Project
from viewcast.assessment.result_file import is_audit, to_json
from viewcast.base.errors import ConfigError, SourceError
from viewcast.base.folders import MARK
from viewcast.base.paths import LIVE, demo_path, figures_path, refit_path, simulated_path
from viewcast.data.import_export import import_export
from viewcast.demo.validation_reuse import demonstrate
from viewcast.report.figures import gallery
from viewcast.retraining import refit
from viewcast.runs.audit import audit_experiment
from viewcast.sweep.results import Results


def test_audits_of_version_0_1_and_of_this_one_are_known_as_audits(
    tmp_path: Path,
) -> None:
    for text in ('[{"holdout": "a", "verdict": "b", "runs": []}]', "[]", to_json([])):
        (tmp_path / "audit.json").write_text(text)
        assert is_audit(tmp_path / "audit.json")
    for text in ('{"audits": []}', '[{"holdout": "a"}]', '{"version": 3}', "3", "not JSON"):
        (tmp_path / "audit.json").write_text(text)
        assert not is_audit(tmp_path / "audit.json")


def test_the_demo_without_a_plan_removes_its_own_files_alone(tmp_path: Path) -> None:
    folder = fill(demo_path(tmp_path), "search.json", "notes.txt")
    demonstrate({}, {}, tmp_path)
    assert sorted(content(folder)) == ["none", "notes.txt"]


def test_a_sweep_does_not_replace_tables_beside_which_a_file_lies(tmp_path: Path) -> None:
    table = pd.DataFrame({"candidate": [0]})
    losses = pd.DataFrame({"candidate": [0], "epoch": [1], "losses": [[1.0]]})
    results = Results(table, table, table, losses, table)
    results.write(tmp_path)
    results.write(tmp_path)
    fill(tmp_path / "tables", "notes.txt")
    before = content(tmp_path)
    for refused in (Results.check, results.write):
        with pytest.raises(ConfigError, match=r"holds notes\.txt, which no sweep"):
            refused(tmp_path)
    assert content(tmp_path / "tables") == {
        name.removeprefix("tables/"): held for name, held in before.items() if "tables/" in name
    }


def test_a_refit_does_not_replace_a_folder_of_others(tmp_path: Path) -> None:
    victim = fill(refit_path(tmp_path, LIVE))
    before = content(victim)
    with pytest.raises(ConfigError, match="which no refit"):
        refit.store(refit.Refit(date(2021, 3, 1), {}, {}, {}), tmp_path, LIVE)
    assert content(victim) == before


class Sketch:
    """A picture that is quickly drawn."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.SECTION = name.partition("_")[0]

    def draw(self, results: Any) -> list["Sketch"]:
        return [self]

    def save(self, folder: Path) -> Any:
        path = folder / f"{self.name}.png"
        path.write_text(self.name)
        return gallery.Picture(self.name, path, "", "", "", [])


def test_pictures_of_the_report_do_not_replace_those_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results: Any = SimpleNamespace(root=tmp_path)
    folder = figures_path(tmp_path)
    sketches = [Sketch("one"), Sketch("retraining_gates")]
    monkeypatch.setattr(gallery, "figure_modules", lambda packages: sketches)
    gallery.draw_all(results, folder, [])
    fill(folder, "retraining_mine.png")
    before = content(folder)
    with pytest.raises(ConfigError, match=r"holds retraining_mine\.png, which no report"):
        gallery.draw_all(results, folder, [])
    assert content(folder) == before
    sketches[1] = Sketch("retraining_promises")
    gallery.redraw_retraining(results, folder, [])
    names = sorted(set(content(folder)) - {MARK})
    assert names == ["one.png", "retraining_mine.png", "retraining_promises.png"]


TOTALS = "Date,Views\n2024-01-01,1\n2024-01-02,2\n"


@pytest.mark.parametrize("into", ["../victim", ".", "..", "link", "data"])
def test_an_import_does_not_replace_csv_files_of_others(tmp_path: Path, into: str) -> None:
    root, source = tmp_path / "project", tmp_path / "export"
    for folder in (root, root / "data", tmp_path / "victim", source):
        folder.mkdir()
        (folder / "Totals.csv").write_text(TOTALS if folder == source else "mine")
    (root / "link").symlink_to(root / "data")
    before = content(tmp_path)
    with pytest.raises(ConfigError):
        import_export(source, root / into, root)
    assert content(tmp_path) == before


def test_an_import_of_version_0_1_can_be_repeated(tmp_path: Path) -> None:
    source = tmp_path / "export"
    source.mkdir()
    (source / "Totals.csv").write_text(TOTALS)
    shutil.copytree(source, tmp_path / "project" / "data" / "studio")
    for text in (TOTALS, TOTALS + "2024-01-03,3\n"):
        (source / "Totals.csv").write_text(text)
        import_export(source, Path("data/studio"), tmp_path / "project")
        assert (tmp_path / "project/data/studio/Totals.csv").read_text() == text
    with pytest.raises(SourceError, match="no such folder"):
        import_export(tmp_path / "nothing", Path("data/studio"), tmp_path / "project")


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("README.md", "exists and is no former audit"),
        ("list.json", "exists and is no former audit"),
        ("new.json", r"new_rows\.parquet: exists and is no table"),
        ("src", "is a folder"),
        ("../elsewhere.json", "lies outside of the project"),
        ("/tmp/elsewhere.json", "lies outside of the project"),
    ],
)
def test_an_audit_does_not_replace_a_file_of_others(
    project: Project, output: str, reason: str
) -> None:
    root = fill(project.root, "README.md", "src/a", "new_rows.parquet")
    (root / "list.json").write_text('[{"holdout": 1}, 2]')
    before = content(root)
    settings: Any = SimpleNamespace(
        output=output, experiment=None, holdout=None, tracking=SimpleNamespace(experiment="x")
    )
    with pytest.raises(ConfigError, match=reason):
        audit_experiment(settings, root)
    assert content(root) == before


def test_the_simulated_channel_replaces_its_own_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = fill(tmp_path / "project", "README.md")
    for name in ("conf", "pipelines"):
        shutil.copytree(REPOSITORY / name, root / name)
    before = content(root)
    monkeypatch.chdir(root)

    def simulate(*overrides: str) -> str:
        monkeypatch.setattr("sys.argv", ["simulate.py", "end=2017-02-01", *overrides])
        with contextlib.suppress(SystemExit):
            runpy.run_path("pipelines/simulate.py", run_name="__main__")
        return capsys.readouterr().err

    assert "README.md: exists and is no simulated channel" in simulate("file=README.md")
    assert "lies outside of the project" in simulate("file=../victim.csv")
    assert content(root) == before
    for _ in range(2):
        assert simulate() == ""
    assert simulated_path(root).read_text().startswith("date,views\n2017-01-01,")
