"""A folder from a zip of the repository, without Git, gets its data like a clone."""

import subprocess
from pathlib import Path

from support.clone import REPOSITORY, Clone


def test_a_folder_from_a_zip_gets_its_data(tmp_path: Path) -> None:
    zipped = Clone(tmp_path / "viewcast", tmp_path / "home")
    for folder in (zipped.root, zipped.home):
        folder.mkdir()
    archive = ["git", "-C", str(REPOSITORY), "archive", "HEAD"]
    with subprocess.Popen(archive, stdout=subprocess.PIPE) as git:
        subprocess.run(["tar", "-x", "-C", str(zipped.root)], stdin=git.stdout, check=True)
    # Somebody else's repository around it is none of ours.
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    zipped.make("data")
    assert (zipped.root / "data" / "lectures").is_dir()
    assert "no_scm = true" in (zipped.root / ".dvc" / "config.local").read_text()
