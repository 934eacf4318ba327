"""Artifacts of other machines: fetched many at once, and only once."""

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import FileInfo, Metric, Run, RunData, RunInfo, RunTag
from mlflow.exceptions import MlflowException

from viewcast.base.errors import DataError
from viewcast.base.paths import cache_folder
from viewcast.tracking.artifact_cache import ArtifactCache
from viewcast.tracking.artifacts import Artifacts
from viewcast.tracking.read.row_tables import RowTables

LOSSES = pd.DataFrame({"loss": [1.0, 2.0, 4.0]})


class Afar(MlflowClient):  # type: ignore[misc]
    """A client of a server whose artifacts are ``files``; it counts what it gives."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.given = files, 0

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        folders = {name.split("/")[0] for name in self.files if "/" in name}
        below = [name for name in self.files if (path or ".") == str(Path(name).parent)]
        listed = [FileInfo(name, False, len(self.files[name])) for name in below]
        return listed + ([FileInfo(name, True, None) for name in folders] if not path else [])

    def download_artifacts(self, run_id: str, path: str, dst_path: str | None = None) -> str:
        self.given += 1
        target = Path(str(dst_path)) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.files[path])
        return str(target)


def afar(name: str = "a", status: str = "FINISHED", loss: float = 1.0) -> Run:
    address = f"mlflow-artifacts:/1/{name}/artifacts"
    info = RunInfo(name * 32, "1", "u", status, 0, 1, "active", address, run_name=name)
    return Run(info, RunData([Metric("val_loss", loss, 0, 0)], [], [RunTag("k", "v")]))


def reader(client: MlflowClient, folder: Path) -> RowTables:
    return RowTables(Artifacts(client, folder / "fetched", ArtifactCache(folder / "cache")))


def csv(table: pd.DataFrame) -> bytes:
    return table.to_csv(index=False).encode()


def losses(tables: RowTables, run: Run) -> list[float]:
    rows = tables.of(run).rows
    assert rows is not None
    return list(rows.values)


def test_a_table_is_fetched_once_for_all_audits_to_come(tmp_path: Path) -> None:
    client = Afar({"tables/losses.csv": csv(LOSSES), "notes.txt": b"", "train.csv": b"loss\n1"})
    runs = [afar(name) for name in "abcdefghijkl"]
    for _ in range(2):
        tables = reader(client, tmp_path)
        tables.fetch(runs)
        assert [losses(tables, run) for run in runs] == [[1.0, 2.0, 4.0]] * len(runs)
    assert client.given == len(runs)
    kept = [path for path in (tmp_path / "cache" / "files").rglob("*") if path.is_file()]
    assert len(kept) == 1  # equal files are one


@pytest.mark.parametrize(
    "other", [{"status": "RUNNING"}, {"loss": 2.0}, {"name": "b"}], ids=lambda other: str(*other)
)
def test_a_run_that_may_have_changed_is_fetched_again(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    client = Afar({"losses.csv": csv(LOSSES)})
    losses(reader(client, tmp_path), afar())
    client.files = {"losses.csv": csv(LOSSES + 1)}
    assert losses(reader(client, tmp_path), afar(**other)) == [2.0, 3.0, 5.0]
    assert losses(reader(client, tmp_path), afar()) == [1.0, 2.0, 4.0]


def test_a_damaged_file_of_the_cache_is_fetched_again(tmp_path: Path) -> None:
    client = Afar({"losses.csv": csv(LOSSES)})
    losses(reader(client, tmp_path), afar())
    for path in (tmp_path / "cache" / "files").rglob("*.csv"):
        path.write_bytes(csv(LOSSES * 0))
    assert losses(reader(client, tmp_path), afar()) == [1.0, 2.0, 4.0]
    assert losses(reader(client, tmp_path), afar()) == [1.0, 2.0, 4.0]
    assert client.given == 2


def test_sealed_rows_are_not_kept(tmp_path: Path) -> None:
    client = Afar({"sealed/hidden_holdout.parquet": b"rows"})
    artifacts = Artifacts(client, tmp_path / "fetched", ArtifactCache(tmp_path / "cache"))
    assert artifacts.path(afar(), "sealed/hidden_holdout.parquet") is not None
    assert not (tmp_path / "cache").exists()


def test_a_folder_that_cannot_be_written_to_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    client = Afar({"losses.csv": csv(LOSSES)})
    for _ in range(2):
        assert losses(reader(client, tmp_path), afar()) == [1.0, 2.0, 4.0]
    assert client.given == 2


def test_a_write_that_fails_leaves_nothing_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError("no space left on device")

    fetched = tmp_path / "losses.csv"
    fetched.write_text("row,loss\n1,2\n")
    monkeypatch.setattr(Path, "replace", full)
    assert ArtifactCache(tmp_path / "cache").put("key", fetched) == fetched
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_an_error_of_the_server_is_of_the_run_that_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Afar, run_id: str, path: str, dst_path: str | None = None) -> str:
        raise MlflowException("timed out")

    client = Afar({"losses.csv": csv(LOSSES)})
    tables = reader(client, tmp_path)
    monkeypatch.setattr(Afar, "download_artifacts", broken)
    tables.fetch([afar()])
    with pytest.raises(DataError, match=r"artifact losses.csv: cannot be fetched: .*timed out"):
        tables.of(afar())


def test_the_cache_lies_where_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("VIEWCAST_CACHE", raising=False)
    assert cache_folder() == Path("/home/me/.cache/viewcast")
    monkeypatch.setenv("XDG_CACHE_HOME", f"{os.sep}caches")
    assert cache_folder() == Path("/caches/viewcast")
    monkeypatch.setenv("VIEWCAST_CACHE", "~/mine")
    assert cache_folder() == Path("/home/me/mine")
