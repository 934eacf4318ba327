"""Tables as people log them, and the reader of row tables."""

from pathlib import Path

import mlflow
import pandas as pd

from support.mlflow_store import Store
from viewcast.tracking.artifacts import Artifacts
from viewcast.tracking.read.metric_choice import MetricChoice
from viewcast.tracking.read.row_tables import RowTables


def choice(measure: str | None = None, name: str = "", more: bool = False) -> MetricChoice:
    return MetricChoice(name, measure, more, "", "")


def tables(store: Store, folder: Path) -> RowTables:
    return RowTables(Artifacts(store.client, folder / "fetched"))


def log(artifact: str, content: pd.DataFrame | bytes, folder: Path) -> None:
    path = folder / artifact
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif path.suffix == ".json":
        mlflow.log_table(content, artifact)
        return
    elif path.suffix == ".csv":
        content.to_csv(path, index=False)
    else:
        content.to_parquet(path, index=False)
    parent = str(Path(artifact).parent)
    mlflow.log_artifact(str(path), None if parent == "." else parent)
