"""Where things lie under the project root: each path is spelt here and nowhere else in Python."""

from pathlib import Path


def prepared_path(root: Path, data: str) -> Path:
    """The prepared table of a data set."""
    return root / "build" / "prepared" / f"{data}.parquet"


def params_path(root: Path) -> Path:
    """The composed parameters of every run of the pipeline."""
    return root / "build" / "params.yaml"


def train_path(root: Path, data: str, model: str) -> Path:
    """The folder of a run that is a DVC stage of its own."""
    return root / "build" / "train" / data / model


def study_path(root: Path, experiment: str) -> Path:
    """The folder of a run of the study stage."""
    return root / "build" / "study" / experiment


def summary_path(root: Path) -> Path:
    """The table of all runs, for other tools."""
    return root / "reports" / "summary.json"


def metrics_path(root: Path) -> Path:
    """The losses of all runs, for ``dvc metrics``."""
    return root / "reports" / "metrics.json"


def figures_path(root: Path) -> Path:
    """The folder of the pictures, replaced as a whole."""
    return root / "reports" / "figures"


def page_path(root: Path) -> Path:
    """The report that people read."""
    return root / "reports" / "index.html"


def run_path(root: Path, identity: str) -> Path:
    """The folder of a run that somebody started by hand."""
    return root / "build" / "runs" / identity


def run_folders(root: Path) -> list[Path]:
    """The folders of all runs of the pipeline, main runs first."""
    main = sorted((root / "build" / "train").glob("*/*/result.json"))
    study = sorted((root / "build" / "study").glob("*/result.json"))
    return [result.parent for result in (*main, *study)]


def sweep_path(root: Path, identity: str) -> Path:
    """The folder of a sweep."""
    return root / "build" / "sweeps" / identity
