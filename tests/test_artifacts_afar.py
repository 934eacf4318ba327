"""Artifacts on a server are fetched run by run."""

from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from viewcast.base.errors import TrackingError
from viewcast.tracking.artifacts import Artifacts, each


class Afar:
    """A client whose artifacts are on a server: these files, or an error."""

    def __init__(self, files: list[str], error: Exception | None = None) -> None:
        self.files, self.error = files, error

    def list_artifacts(self, run_id: str, folder: str | None) -> list[object]:
        named = [file for file in self.files if str(Path(file).parent) == (folder or ".")]
        return [type("File", (), {"path": file, "file_size": 1}) for file in named]

    def download_artifacts(self, run_id: str, name: str, target: str) -> str:
        if self.error is not None:
            raise self.error
        path = Path(target) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(run_id)
        return str(path)


def afar(run_id: str) -> object:
    info = type("Info", (), {"run_id": run_id, "artifact_uri": "mlflow-artifacts:/1/x"})
    return type("Run", (), {"info": info})


def test_artifacts_on_a_server_are_fetched_run_by_run(tmp_path: Path) -> None:
    artifacts = Artifacts(Afar(["tables/a.parquet"]), tmp_path)  # type: ignore[arg-type]
    for run_id in ("one", "two"):
        path = artifacts.path(afar(run_id), "tables/a.parquet")  # type: ignore[arg-type]
        assert path is not None
        assert path.read_text() == run_id
    assert artifacts.path(afar("one"), "a.parquet") is None  # type: ignore[arg-type]


def test_an_artifact_that_the_server_does_not_give_is_named(tmp_path: Path) -> None:
    client = Afar(["a.parquet"], MlflowException("timed out"))
    with pytest.raises(TrackingError, match=r"run one, artifact a.parquet: .*timed out"):
        Artifacts(client, tmp_path).path(afar("one"), "a.parquet")  # type: ignore[arg-type]


def test_many_at_once_come_back_in_their_order() -> None:
    for far in (False, True):
        assert each(range(50), lambda i: i * i, "squares", far) == [i * i for i in range(50)]
