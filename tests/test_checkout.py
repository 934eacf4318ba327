"""A checkout with another line end leaves data, code and scripts as they are in the repository."""

import json
import subprocess
from hashlib import md5
from pathlib import Path

import pytest

from support.clone import REPOSITORY

STORE = Path("dvc-store/files/md5")
CRLF = [("core.autocrlf=true",), ("core.autocrlf=false", "core.eol=crlf")]


def git(folder: Path, *arguments: str, text: bytes | None = None) -> bytes:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, input=text).stdout


def checkout(folder: Path, settings: tuple[str, ...]) -> Path:
    """A clone that was checked out under these settings of git."""
    configured = [argument for setting in settings for argument in ("--config", setting)]
    git(folder, "clone", "--quiet", *configured, str(REPOSITORY), "clone")
    return folder / "clone"


@pytest.fixture(scope="module", params=CRLF, ids=" ".join)
def crlf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkout(tmp_path_factory.mktemp("crlf"), request.param)


def test_every_file_of_the_data_store_has_the_md5_of_its_name(crlf: Path) -> None:
    files = [path for path in (crlf / STORE).rglob("*") if path.is_file()]
    assert files
    for path in files:
        name = path.parent.name + path.name
        assert md5(path.read_bytes()).hexdigest() == name.removesuffix(".dir")


def test_every_file_of_the_data_set_is_in_the_data_store(crlf: Path) -> None:
    (line,) = [line for line in (crlf / "data.dvc").read_text().splitlines() if "md5:" in line]
    name = line.split()[-1]
    listed = json.loads((crlf / STORE / name[:2] / name[2:]).read_bytes())
    for file in listed:
        assert (crlf / STORE / file["md5"][:2] / file["md5"][2:]).is_file(), file["relpath"]


def test_every_tracked_file_has_the_bytes_of_the_repository(crlf: Path) -> None:
    entries = git(crlf, "ls-files", "--stage", "-z").decode().split("\0")[:-1]
    stored = {entry.partition("\t")[2]: entry.split()[1] for entry in entries}
    paths = "\n".join(stored).encode()
    raw = git(crlf, "hash-object", "--no-filters", "--stdin-paths", text=paths).decode().split()
    changed = [name for name, now in zip(stored, raw, strict=True) if stored[name] != now]
    assert not changed


@pytest.mark.parametrize("script", [".ci/run", "Makefile"])
def test_scripts_keep_their_line_ends(crlf: Path, script: str) -> None:
    assert b"\r" not in (crlf / script).read_bytes()


def test_without_attributes_the_checkout_would_damage_the_data_store(tmp_path: Path) -> None:
    clone = checkout(tmp_path, ("core.autocrlf=true",))
    git(clone, "rm", "--quiet", "--cached", ".gitattributes")
    (clone / ".gitattributes").unlink()
    for path in (clone / STORE).rglob("*"):
        if path.is_file():
            path.unlink()
    git(clone, "checkout", "--", str(STORE))
    assert any(
        b"\r\n" in path.read_bytes() for path in (clone / STORE).rglob("*") if path.is_file()
    )


def test_data_with_crlf_of_their_own_are_stored_byte_by_byte(tmp_path: Path) -> None:
    clone = checkout(tmp_path, ("core.autocrlf=true",))
    rows = b"Date,Views\r\n2021-01-01,7\r\n"
    name = md5(rows).hexdigest()
    path = clone / STORE / name[:2] / name[2:]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(rows)
    git(clone, "add", str(STORE))
    assert git(clone, "show", f":{path.relative_to(clone)}") == rows
    path.unlink()
    git(clone, "checkout", "--", str(STORE))
    assert path.read_bytes() == rows
