"""The days of a channel under DVC, and their refit as its stage: with real DVC and real Git."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.clone import REPOSITORY
from viewcast.base import files
from viewcast.base.errors import ConfigError
from viewcast.base.paths import days_path, refit_path, refit_template_path
from viewcast.retraining.remote import config_of
from viewcast.retraining.versioning import Dvc, DvcError, code_of_refit

CHANNEL = "live"
REFIT = """
import json, sys
from pathlib import Path
folder = Path(__file__).parents[1] / "nights" / sys.argv[1].removeprefix("channel=")
settings = json.loads((folder / "settings.json").read_text())
if settings.get("fails"):
    sys.exit("a reason that a person can read")
(folder / "refit").mkdir(exist_ok=True)
(folder / "refit" / "refit.json").write_text((folder / "days" / "daily.csv").read_text())
"""
REMOTES = """[core]
    remote = embedded
['remote "embedded"']
    url = ../dvc-store
['remote "storage"']
    url = s3://bucket/nights
    region = eu-west-1
['remote "disk"']
    url = ../../disk
"""


def project(root: Path) -> Path:
    """A clone in short: the template, a script that refits, and code beside it."""
    template = refit_template_path(root)
    files.write(template, refit_template_path(REPOSITORY).read_text())
    files.write(template.with_name("refit.py"), REFIT)
    files.write(root / ".dvc" / "config", REMOTES)
    files.write(root / ".gitignore", "/nights/\n")
    for command in ("init --quiet", "add .", "commit --quiet --message code"):
        who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        subprocess.run(["git", *who, *command.split()], cwd=root, check=True)
    return root


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def write_days(root: Path, *views: int) -> None:
    lines = [f"2021-03-{day:02d},{view}\n" for day, view in enumerate(views, start=1)]
    files.write(days_path(root, CHANNEL) / "daily.csv", "".join(["date,views\n", *lines]))


def test_a_refit_runs_when_days_or_settings_or_code_have_changed_and_never_else(
    tmp_path: Path, lock: int
) -> None:
    root = project(tmp_path / "project")
    dvc = Dvc(root, CHANNEL, lock, str(tmp_path / "remote"))
    (dvc.folder / ".dvc" / "tmp").mkdir(parents=True)  # what a kill may leave
    dvc.prepare()
    assert dvc.days_hash() == "none"
    write_days(root, 1)
    with pytest.raises(DvcError, match=r"(?s)`dvc repro` exits.*a reason that a person can read"):
        dvc.repro({"fails": True})
    assert dvc.repro({"horizon": 7}) == ["refit"]
    first = dvc.days_hash()
    dvc.prepare()
    assert dvc.repro({"horizon": 7}) == []
    assert dvc.repro({"horizon": 8}) == ["refit"]
    imports = "from viewcast.forecast.history import History\n"
    files.write(root / "pipelines" / "refit.py", imports + REFIT)
    write_days(root, 1, 2)
    assert dvc.repro({"horizon": 8}) == ["refit"]
    assert dvc.days_hash() not in (first, "none")
    made = (refit_path(root, CHANNEL) / "refit.json").read_text()
    assert made == (days_path(root, CHANNEL) / "daily.csv").read_text()
    dvc.push()
    name = dvc.days_hash()
    assert (tmp_path / "remote" / "files" / "md5" / name[:2] / name[2:]).is_file()
    seen = ["git", "-C", str(root), "status", "--porcelain", "nights"]
    assert subprocess.run(seen, capture_output=True, text=True, check=True).stdout == ""


def test_the_code_of_a_refit_is_all_that_its_script_imports(tmp_path: Path) -> None:
    root = project(tmp_path / "project")
    script = refit_template_path(root).with_name("refit.py")
    alone = code_of_refit(root)
    script.write_text(f"{REFIT}\n# a comment\n")
    assert code_of_refit(root) == alone
    script.write_text(f"from viewcast.forecast.history import History\n{REFIT}")
    assert code_of_refit(root) != alone


# The remote


def test_nothing_is_pushed_unless_somebody_says_where_to(tmp_path: Path) -> None:
    assert "remote" not in config_of(project(tmp_path / "project"), None)["config"]


def test_a_remote_of_the_project_comes_with_its_options_and_its_secrets(tmp_path: Path) -> None:
    root = project(tmp_path / "project")
    files.write(root / ".dvc" / "config.local", "['remote \"storage\"']\n    password = secret\n")
    texts = config_of(root, "storage")
    assert "url = s3://bucket/nights\n    region = eu-west-1" in texts["config"]
    assert "remote = nights" in texts["config"] and "secret" not in texts["config"]
    assert texts["config.local"] == "['remote \"nights\"']\n    password = secret\n"


def test_a_relative_folder_is_relative_to_the_file_that_names_it(tmp_path: Path) -> None:
    root = project(tmp_path / "project")
    assert f"url = {tmp_path / 'disk'}\n" in config_of(root, "disk")["config"]


@pytest.mark.parametrize("address", ["s3://bucket/nights", "ssh://host/nights", "/mnt/nights"])
def test_an_address_needs_no_name(tmp_path: Path, address: str) -> None:
    assert f"url = {address}\n" in config_of(project(tmp_path / "project"), address)["config"]


@pytest.mark.parametrize(
    ("remote", "said"),
    [
        ("embedded", r"lies inside the project, at dvc-store; a night changes nothing there"),
        ("stoarge", r"no remote of \.dvc/config \(found: embedded, storage, disk\); expected"),
        ("some/folder", r"expected one of its names, an address .* or an absolute folder"),
    ],
)
def test_a_remote_that_cannot_be_is_refused_before_anything_is_made(
    tmp_path: Path, lock: int, remote: str, said: str
) -> None:
    root = project(tmp_path / "project")
    with pytest.raises(ConfigError, match=rf"retrain\.remote = '{remote}': .*{said}"):
        Dvc(root, CHANNEL, lock, remote).prepare()
    assert not (root / "nights").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".dvc/config", "[core]\n    remote = mine\n['remote \"mine\"']\n    url = s3://mine\n"),
        (".dvc/config", "[core]\n    autostage = true\n"),
        (".dvc/config.local", "['remote \"mine\"']\n    password = secret\n"),
        (".dvc/config", "no configuration"),
        ("dvc.yaml", "stages: {}\n"),
    ],
)
def test_the_dvc_project_of_somebody_else_is_left_alone(
    tmp_path: Path, lock: int, name: str, text: str
) -> None:
    root = project(tmp_path / "project")
    folder = root / "nights" / CHANNEL
    files.write(folder / name, text)
    with pytest.raises(ConfigError, match=r"is a DVC project that no night made.*move it away"):
        Dvc(root, CHANNEL, lock).prepare()
    assert [path for path in folder.rglob("*") if path.is_file()] == [folder / name]
    assert (folder / name).read_text() == text
