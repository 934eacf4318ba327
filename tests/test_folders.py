"""No folder is emptied or replaced that a former run of viewcast has not made."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.filled_folders import content, fill
from viewcast.base import folders
from viewcast.base.errors import ConfigError
from viewcast.base.folders import MARK, Kind
from viewcast.base.paths import prepared_path

MADE = Kind("page", ("page.txt", "parts/*.txt"))


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


# --- files ----------------------------------------------------------------------------------------


def test_a_file_that_is_no_former_one_is_not_replaced(tmp_path: Path) -> None:
    fill(tmp_path, "README.md", "folder/a")
    refused: list[tuple[str, str]] = [("README.md", "is no page"), ("folder", "is a folder")]
    for name, reason in refused:
        with pytest.raises(ConfigError, match=reason):
            folders.check_file(tmp_path, Path(name), "page", lambda path: False)
    assert folders.check_file(tmp_path, Path("new"), "page", lambda path: False).name == "new"


def test_the_mark_is_a_file_that_people_can_read(tmp_path: Path) -> None:
    folder = build(tmp_path, "b.txt", "a.txt")
    mark = json.loads((folder / MARK).read_text())
    assert mark == {"viewcast": 1, "kind": "page", "files": ["a.txt", "b.txt"]}


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
