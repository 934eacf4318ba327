"""Nothing is removed or replaced that a former run of viewcast has not made."""

import contextlib
import json
import runpy
import shutil
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.project import REPOSITORY, Project
from viewcast.assessment.result_file import to_json
from viewcast.base import folders
from viewcast.base.errors import ConfigError, SourceError
from viewcast.base.folders import MARK, Kind
from viewcast.base.paths import (
    LIVE,
    demo_path,
    experiment_path,
    experiments_path,
    figures_path,
    prepared_path,
    refit_path,
    simulated_path,
)
from viewcast.data.import_export import import_export
from viewcast.demo.validation_reuse import demonstrate
from viewcast.report.figures import gallery
from viewcast.retraining import refit
from viewcast.runs.audit import audit_experiment, is_audit
from viewcast.runs.experiments import LEFT_ALONE, run_experiments
from viewcast.runs.run import run
from viewcast.sweep.results import Results

MODEL = ("data=lectures", "model=linear")
MADE = Kind("page", ("page.txt", "parts/*.txt"))


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, byte for byte."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def fill(folder: Path, *names: str) -> Path:
    """A folder of somebody else's."""
    for name in names or ("thesis.txt", "data/numbers.csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"content of {name}")
    return folder


# --- the path -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (".", "is the project itself"),
        ("build/..", "is the project itself"),
        ("..", "holds the project"),
        ("/", "holds the project"),
        ("../victim", "lies outside of the project"),
        ("/absolute/elsewhere", "lies outside of the project"),
        ("link", "lies outside of the project"),
        ("link/below", "lies outside of the project"),
        ("circle", "no path that can be used"),
        ("nul\0l", "no path that can be used"),
        (".git", r"lies in \.git"),
        (".git/refs/new", r"lies in \.git"),
        (".dvc/tmp", r"lies in \.dvc"),
        ("README.md/folder", "README.md is a file"),
    ],
)
def test_a_path_that_is_not_below_the_project_is_refused_in_words(
    tmp_path: Path, path: str, reason: str
) -> None:
    root = fill(tmp_path / "project", "README.md")
    fill(tmp_path / "victim")
    (root / "link").symlink_to(tmp_path / "victim")
    (root / "circle").symlink_to(root / "circle")
    with pytest.raises(ConfigError, match=reason):
        folders.within(root, Path(path))


@given(st.lists(st.sampled_from(["..", ".", "a", "inner", "outer", "up", "b.c"]), max_size=8))
def test_what_is_accepted_lies_below_the_project_wherever_links_and_dots_lead(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    base = tmp_path_factory.mktemp("links")
    root = base / "project"
    (root / "a" / "b.c").mkdir(parents=True)
    (root / "inner").symlink_to(root / "a")
    (root / "outer").symlink_to(base)
    (root / "a" / "up").symlink_to(root)
    path = Path(*parts)
    try:
        accepted = folders.within(root, path)
    except ConfigError:
        resolved = (root / path).resolve()
        assert resolved == root or root not in resolved.parents
    else:
        assert accepted == accepted.resolve() == (root / path).resolve()
        assert root in accepted.parents


@pytest.mark.parametrize("name", ["../../README", "a/b", "..", ".", "", ".hidden", "/etc/passwd"])
def test_a_name_from_the_configuration_leads_to_no_other_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="becomes the name of a file"):
        prepared_path(tmp_path, name)


# --- a folder that is used in place ---------------------------------------------------------------


def test_a_folder_is_emptied_and_marked_if_a_former_run_made_all_of_it(tmp_path: Path) -> None:
    folder = folders.claim(tmp_path, Path("build/page"), MADE)
    fill(folder, "page.txt", "parts/one.txt")
    (folder / "parts" / "empty").mkdir()
    (folder / "parts" / "empty").rmdir()
    assert folders.claim(tmp_path, folder, MADE) == folder
    assert list(content(folder)) == [MARK]
    assert [path.name for path in folder.iterdir()] == [MARK]


@pytest.mark.parametrize("foreign", ["notes.txt", "parts/notes.md", "parts/deep/one.txt", "page"])
def test_a_foreign_file_beside_a_former_run_is_named_and_nothing_is_changed(
    tmp_path: Path, foreign: str
) -> None:
    folder = fill(folders.claim(tmp_path, Path("page"), MADE), "page.txt", foreign)
    before = content(folder)
    with pytest.raises(ConfigError, match=f"holds {foreign}, which no page of viewcast made"):
        folders.claim(tmp_path, folder, MADE)
    assert not folders.remove(folder, MADE)
    assert content(folder) == before


def test_the_mark_of_another_kind_of_folder_is_none(tmp_path: Path) -> None:
    folder = fill(folders.claim(tmp_path, Path("page"), MADE), "page.txt")
    with pytest.raises(ConfigError, match=r"holds \.viewcast\.json, page\.txt"):
        folders.claim(tmp_path, folder, Kind("run", ("page.txt",)))


def test_a_link_to_a_folder_of_others_is_not_followed(tmp_path: Path) -> None:
    victim = fill(tmp_path / "victim", "one.txt")
    folder = folders.claim(tmp_path, Path("page"), MADE)
    (folder / "parts").symlink_to(victim)
    with pytest.raises(ConfigError, match="holds parts, which"):
        folders.claim(tmp_path, folder, MADE)
    assert content(victim) == {"one.txt": b"content of one.txt"}


@pytest.mark.parametrize("after", range(1, 4))
def test_a_claim_that_was_killed_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """``after``: files that had been removed by then."""
    folder = tmp_path / "page"
    fill(folder, "page.txt", "parts/one.txt", "parts/two.txt")
    kind = Kind("page", MADE.makes, lambda folder: (folder / "page.txt").is_file())
    unlink, removed = Path.unlink, []

    def killed(self: Path, missing_ok: bool = False) -> None:
        if len(removed) == after:
            raise KeyboardInterrupt
        removed.append(self)
        unlink(self, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        try:
            folders.claim(tmp_path, folder, kind)
        except KeyboardInterrupt:
            assert len(content(folder)) > 1
    folders.claim(tmp_path, folder, kind)
    assert list(content(folder)) == [MARK]


# --- a folder that is built beside its place ------------------------------------------------------


def build(root: Path, *names: str) -> Path:
    with folders.replacing(root, root / "page", MADE) as new:
        fill(new, *names)
    return root / "page"


def test_a_folder_takes_the_place_of_the_former_one_in_one_step(tmp_path: Path) -> None:
    build(tmp_path, "a.txt", "deep/b.txt")
    folder = build(tmp_path, "c.txt")
    assert sorted(content(folder)) == [MARK, "c.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


def test_only_the_files_that_were_made_are_known_as_ours(tmp_path: Path) -> None:
    folder = fill(build(tmp_path, "a.txt"), "b.txt")
    before = content(folder)
    with pytest.raises(ConfigError, match=r"holds b\.txt, which"):
        build(tmp_path, "a.txt")
    assert content(folder) == before


def test_an_error_while_a_folder_is_built_leaves_the_former_one(tmp_path: Path) -> None:
    folder = build(tmp_path, "a.txt")
    before = content(folder)
    with (
        pytest.raises(OSError, match="disk full"),
        folders.replacing(tmp_path, folder, MADE) as new,
    ):
        fill(new, "a.txt", "b.txt")
        raise OSError("disk full")
    assert content(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


@pytest.mark.parametrize("renames", [0, 1])
def test_a_process_killed_while_it_swaps_leaves_the_former_folder_to_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    """``renames``: of the two renames of a swap, how many were done."""
    folder = build(tmp_path, "a.txt")
    rename = Path.rename
    done: list[Path] = []

    def killed(self: Path, target: Path) -> Path:
        if len(done) >= renames:
            raise SystemExit  # nothing is tidied up after it below
        done.append(self)
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        patch.setattr(folders, "_discard", lambda *_: None)
        with pytest.raises(SystemExit):
            build(tmp_path, "b.txt")
    with pytest.raises(RuntimeError), folders.replacing(tmp_path, folder, MADE):
        raise RuntimeError  # the next process, which fails as well
    assert sorted(content(folder)) == [MARK, "a.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["page"]


def test_a_folder_of_others_under_the_hidden_name_is_left_alone(tmp_path: Path) -> None:
    victim = fill(tmp_path / ".page.partial")
    before = content(victim)
    with pytest.raises(ConfigError, match="is in the way"):
        build(tmp_path, "a.txt")
    assert content(victim) == before


# --- every place ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "output", [".", "..", "../victim", "{victim}", "link", "inner", "src", "build", "README.md"]
)
def test_a_run_refuses_an_output_that_is_not_its_own_before_anything_is_made(
    project: Project, tmp_path_factory: pytest.TempPathFactory, output: str
) -> None:
    victim = fill(tmp_path_factory.mktemp("victim"))
    root = fill(project.root, "README.md", "src/package/code.py")
    (root / "link").symlink_to(victim)
    (root / "inner").symlink_to(root / "src")
    config = project.config(*MODEL)
    project.prepare(config)
    before = content(root), content(victim)
    if output == "../victim":
        output = f"../{victim.name}"
    with pytest.raises(ConfigError, match=r"is the project|holds|lies outside|is a file"):
        run(config, root, root / output.format(victim=victim))
    assert (content(root), content(victim)) == before
    assert project.runs() == []


@pytest.mark.parametrize("place", ["", "model/", "../checkpoints/mine/"])
def test_a_run_refuses_a_folder_with_a_file_beside_a_former_run(
    project: Project, place: str
) -> None:
    config = project.config(*MODEL)
    project.prepare(config)
    output = project.root / "build" / "mine"
    run(config, project.root, output)
    (output / place / "notes.txt").write_text("mine")
    before, count = content(project.root / "build"), len(project.runs())
    with pytest.raises(ConfigError, match=r"holds (model/)?notes\.txt, which no"):
        run(config, project.root, output)
    assert content(project.root / "build") == before
    assert len(project.runs()) == count


def test_audits_of_version_0_1_and_of_this_one_are_known_as_audits(
    tmp_path: Path,
) -> None:
    for text in ('[{"holdout": "a", "verdict": "b", "runs": []}]', "[]", to_json([])):
        (tmp_path / "audit.json").write_text(text)
        assert is_audit(tmp_path / "audit.json")


def test_a_run_refuses_the_name_of_the_folder_of_checkpoints(project: Project) -> None:
    config = project.config(*MODEL)
    with pytest.raises(ConfigError, match="checkpoints of runs lie there"):
        run(config, project.root, project.root / "build" / "checkpoints")


def test_an_interrupted_run_is_done_again_in_its_folder(project: Project) -> None:
    config = project.config("data=lectures", "model=deep", "trainer.epochs=3")
    project.prepare(config)
    output = project.root / "build" / "mine"

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(config, project.root, output, interrupt)
    (output / "model").mkdir()  # as a kill between two files would leave it
    (output / "curve.csv").write_text("epoch")
    assert run(config, project.root, output)["status"] == "finished"
    assert run(config, project.root, output)["status"] == "finished"


def test_a_run_of_version_0_1_is_replaced(project: Project) -> None:
    config = project.config(*MODEL)
    project.prepare(config)
    output = project.root / "build" / "mine"
    result = run(config, project.root, output)
    for folder in (output, output.parent / "checkpoints" / "mine"):
        (folder / MARK).unlink()
    (output / "result.json").write_text(json.dumps(result))
    (output.parent / "checkpoints" / "mine" / "finished").touch()
    again = run(config, project.root, output)
    assert again["run_id"] != result["run_id"]
    assert again["train_loss"] == result["train_loss"]


def test_experiments_remove_only_runs_that_are_no_longer_planned(project: Project) -> None:
    plain = project.plain(*MODEL)
    tracking = plain.pop("tracking")
    project.prepare(project.config(*MODEL))
    plans = {name: {**plain, "name": name} for name in ("kept", "dropped", "extended")}
    run_experiments(plans, tracking, project.root)
    fill(experiment_path(project.root, "extended"), "notes.txt")
    run(project.config(*MODEL), project.root, experiment_path(project.root, "by_hand"))
    fill(experiments_path(project.root), "list.txt", "mine/thesis.txt")
    others = ("by_hand", "extended", "mine")
    before = {name: content(experiment_path(project.root, name)) for name in others}
    outcome = run_experiments({"kept": plans["kept"]}, tracking, project.root)
    assert outcome == {"kept": "kept"} | dict.fromkeys((*others, "list.txt"), LEFT_ALONE)
    assert {name: content(experiment_path(project.root, name)) for name in others} == before
    assert not experiment_path(project.root, "dropped").exists()


def test_experiments_are_refused_before_the_first_run_if_a_folder_is_not_theirs(
    project: Project,
) -> None:
    plain = project.plain(*MODEL)
    tracking = plain.pop("tracking")
    project.prepare(project.config(*MODEL))
    victim = fill(experiment_path(project.root, "second"))
    before = content(victim)
    with pytest.raises(ConfigError, match=r"holds data, thesis\.txt, which no run"):
        run_experiments({"first": plain, "second": plain}, tracking, project.root)
    assert content(victim) == before
    assert project.runs() == []


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


# --- files ----------------------------------------------------------------------------------------


def test_a_file_that_is_no_former_one_is_not_replaced(tmp_path: Path) -> None:
    fill(tmp_path, "README.md", "folder/a")
    refused: list[tuple[str, str]] = [("README.md", "is no page"), ("folder", "is a folder")]
    for name, reason in refused:
        with pytest.raises(ConfigError, match=reason):
            folders.check_file(tmp_path, Path(name), "page", lambda path: False)
    assert folders.check_file(tmp_path, Path("new"), "page", lambda path: False).name == "new"


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


def test_the_mark_is_a_file_that_people_can_read(tmp_path: Path) -> None:
    folder = build(tmp_path, "b.txt", "a.txt")
    mark = json.loads((folder / MARK).read_text())
    assert mark == {"viewcast": 1, "kind": "page", "files": ["a.txt", "b.txt"]}


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


def test_a_file_that_is_added_while_the_new_folder_is_built_keeps_the_former_one(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "page"
    with folders.replacing(tmp_path, folder, MADE) as new:
        (new / "page.txt").write_text("former")
    with (
        pytest.raises(ConfigError, match=r"holds mine\.txt"),
        folders.replacing(tmp_path, folder, MADE) as new,
    ):
        (new / "page.txt").write_text("new")
        (folder / "mine.txt").write_text("precious")
    assert (folder / "mine.txt").read_text() == "precious"
    assert (folder / "page.txt").read_text() == "former"
    assert [path.name for path in tmp_path.iterdir()] == ["page"]
