"""What nights keep, as commits on a branch of their own: with real Git, in real clones."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from viewcast.base import files
from viewcast.base.errors import ConfigError, DataError
from viewcast.base.git import GitError
from viewcast.base.paths import channel_path, days_path, nights_log_path
from viewcast.retraining.branch import Branch


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def cloned(origin: Path, folder: Path) -> Path:
    git(origin.parent, "clone", "--quiet", str(origin), str(folder))
    git(folder, "config", "user.name", "somebody")
    git(folder, "config", "user.email", "somebody@example.org")
    return folder


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository that others clone, with code and with nights ignored."""
    place = tmp_path / "origin"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(place))
    author = cloned(place, tmp_path / "author")
    (author / "code.py").write_text("first\n")
    (author / ".gitignore").write_text("/nights/\n")
    publish(author)
    return place


def publish(clone: Path) -> None:
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "--message", "code")
    git(clone, "push", "--quiet", "origin", "HEAD:main")


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Path:
    return cloned(origin, tmp_path / "clone")


def night(root: Path, day: str, channel: str = "live") -> None:
    """What a night leaves, in short."""
    days, folder = days_path(root, channel), channel_path(root, channel)
    former = (days / "daily.csv").read_text() if days.is_dir() else "date,views\n"
    files.write(days / "daily.csv", f"{former}{day},1\n")
    files.append(nights_log_path(root, channel), {"night": day})
    for left_out in ("refit/recipes.npz", ".dvc/cache/1", "quarantine/x/reason.json", "lock"):
        files.write(folder / left_out, day)
    files.write(folder / "days" / ".daily.partial.csv", "half")


def kept(root: Path, branch: str = "nights") -> list[str]:
    return git(root, "ls-tree", "-r", "--name-only", branch).splitlines()


def state(root: Path) -> tuple[str, ...]:
    """The checked-out branch, the index, and what Git says of the files."""
    questions = ("symbolic-ref HEAD", "rev-parse HEAD", "ls-files --stage", "status --porcelain")
    return tuple(git(root, *question.split()) for question in questions)


def test_a_night_is_a_commit_that_no_file_of_the_working_tree_knows_of(clone: Path) -> None:
    (clone / "code.py").write_text("a change of somebody\n")
    (clone / "staged.py").write_text("added, not committed\n")
    git(clone, "add", "staged.py")
    before = state(clone)
    branch = Branch(clone, "live", "nights")
    night(clone, "2021-03-01")
    first = branch.commit("Night of 2021-03-01: served")
    night(clone, "2021-03-02")
    second = branch.commit("Night of 2021-03-02: served")
    assert state(clone) == before
    assert kept(clone) == ["nights/live/days/daily.csv", "nights/live/outcomes.jsonl"]
    assert git(clone, "log", "--format=%H", "nights", "--").split() == [second, first]
    message = git(clone, "log", "-1", "--format=%B", "nights", "--")
    assert message == f"Night of 2021-03-02: served\n\nCode: {before[1]}"


def test_nothing_changed_is_no_commit(clone: Path) -> None:
    branch = Branch(clone, "live", "nights")
    night(clone, "2021-03-01")
    assert branch.commit("first") is not None
    assert branch.commit("again") is None


def test_git_pull_the_next_morning_brings_the_code_of_others(
    origin: Path, clone: Path, tmp_path: Path
) -> None:
    night(clone, "2021-03-01")
    Branch(clone, "live", "nights").commit("night")
    author = tmp_path / "author"
    (author / "code.py").write_text("second\n")
    publish(author)
    git(clone, "pull", "--quiet", "--ff-only")
    assert (clone / "code.py").read_text() == "second\n"
    assert git(clone, "status", "--porcelain") == ""


def test_a_fresh_clone_goes_on_with_the_nights_of_the_branch(
    origin: Path, clone: Path, tmp_path: Path
) -> None:
    night(clone, "2021-03-01")
    Branch(clone, "live", "nights").commit("first")
    git(clone, "push", "--quiet", "origin", "nights")
    other = cloned(origin, tmp_path / "other")
    branch = Branch(other, "live", "nights")
    branch.check()
    files.write(channel_path(other, "live") / "habits.yaml", "noted before the first night")
    assert branch.restore()
    assert not branch.restore()
    assert files.entries(nights_log_path(other, "live")) == [{"night": "2021-03-01"}]
    night(other, "2021-03-02")
    assert branch.commit("second") is not None
    assert git(other, "log", "--format=%s", "nights", "--").splitlines() == ["second", "first"]
    assert "nights/live/habits.yaml" in kept(other)
    git(other, "push", "--quiet", "origin", "nights")  # no force is needed
    assert git(other, "status", "--porcelain") == ""


def test_a_restoring_that_was_killed_goes_on(clone: Path) -> None:
    night(clone, "2021-03-01")
    branch = Branch(clone, "live", "nights")
    branch.commit("first")
    daily = days_path(clone, "live") / "daily.csv"
    text = daily.read_text()
    daily.unlink()
    assert branch.restore()
    assert daily.read_text() == text


def test_there_is_nothing_to_restore_before_the_first_night(clone: Path) -> None:
    branch = Branch(clone, "live", "nights")
    branch.check()
    assert not branch.restore()
    night(clone, "2021-03-01", "other")
    Branch(clone, "other", "nights").commit("of another channel")
    assert not branch.restore()


def test_channels_share_a_branch_and_leave_each_other_alone(clone: Path) -> None:
    for channel in ("live", "second"):
        night(clone, "2021-03-01", channel)
        Branch(clone, channel, "nights").commit(channel)
    (days_path(clone, "live") / "daily.csv").unlink()
    Branch(clone, "live", "nights").commit("a file is gone")
    assert kept(clone) == [
        "nights/live/outcomes.jsonl",
        "nights/second/days/daily.csv",
        "nights/second/outcomes.jsonl",
    ]


def test_nights_of_two_machines_are_refused_before_the_second_begins(
    origin: Path, clone: Path, tmp_path: Path
) -> None:
    other = cloned(origin, tmp_path / "other")
    for place in (clone, other):
        night(place, "2021-03-01")
        Branch(place, "live", "nights").commit(f"in {place.name}")
    git(other, "push", "--quiet", "origin", "nights")
    Branch(clone, "live", "nights").check()  # it has not heard of the other yet
    git(clone, "fetch", "--quiet")
    with pytest.raises(DataError, match=r"origin/nights: has nights that this clone has not.*git "
                       "branch -D nights"):  # fmt: skip
        Branch(clone, "live", "nights").check()
    Branch(other, "live", "nights").check()


def refuse_without_a_repository(clone: Path) -> None:
    (clone / ".git").rename(clone / "no-git")


def check_out(clone: Path) -> None:
    git(clone, "checkout", "--quiet", "--orphan", "nights")
    git(clone, "commit", "--quiet", "--message", "by hand")


@pytest.mark.parametrize(
    ("prepare", "name", "said"),
    [
        (refuse_without_a_repository, "nights", "found no repository of Git"),
        (check_out, "nights", "retrain.branch = 'nights': is checked out"),
        (lambda _: None, "two words", "retrain.branch = 'two words': is no name that Git allows"),
    ],
    ids=["no repository", "checked out", "no name"],
)
def test_what_cannot_be_committed_is_refused_before_the_night(
    clone: Path, prepare: Callable[[Path], None], name: str, said: str
) -> None:
    prepare(clone)
    with pytest.raises(ConfigError, match=said):
        Branch(clone, "live", name).check()


def test_a_machine_without_a_name_commits_all_the_same(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("user.name", "user.email"):
        git(clone, "config", "--unset", name)
    git(clone, "config", "user.useConfigOnly", "true")
    monkeypatch.setenv("HOME", str(clone.parent))
    night(clone, "2021-03-01")
    Branch(clone, "live", "nights").commit("night")
    assert (
        git(clone, "log", "-1", "--format=%an <%ae>", "nights", "--")
        == "viewcast <viewcast@localhost>"
    )


def test_a_commit_that_git_refuses_says_why_and_leaves_the_branch(clone: Path) -> None:
    night(clone, "2021-03-01")
    branch = Branch(clone, "live", "nights")
    first = branch.commit("first")
    night(clone, "2021-03-02")
    lock = clone / ".git" / "refs" / "heads" / "nights.lock"  # Git's own, while it changes a name
    lock.touch()
    with pytest.raises(GitError, match="branch nights: was changed by another process"):
        branch.commit("second")
    lock.unlink()
    assert git(clone, "rev-parse", "refs/heads/nights") == first
    assert branch.commit("second") is not None
