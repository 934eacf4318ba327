"""Where things lie under the project root: each path is spelt here and nowhere else in Python."""

from pathlib import Path


def prepared_path(root: Path, data: str) -> Path:
    """The prepared table of a data set."""
    return root / "build" / "prepared" / f"{data}.parquet"


def sealed_path(root: Path, data: str) -> Path:
    """The test rows of a data set, which only the opening of the test reads."""
    return root / "build" / "sealed" / f"{data}.parquet"


def params_path(root: Path) -> Path:
    """The composed parameters of every run of the pipeline."""
    return root / "build" / "params.yaml"


def train_path(root: Path, data: str, model: str) -> Path:
    """The folder of a run that is a DVC stage of its own."""
    return root / "build" / "train" / data / model


def study_path(root: Path, experiment: str) -> Path:
    """The folder of a run of the study stage."""
    return root / "build" / "study" / experiment


def story_path(root: Path) -> Path:
    """What the parts of the story were told by, and the runs that tell them."""
    return root / "build" / "story"


def summary_path(root: Path) -> Path:
    """The table of all runs, for other tools."""
    return root / "reports" / "summary.json"


def metrics_path(root: Path) -> Path:
    """The losses of all runs, for ``dvc metrics``."""
    return root / "reports" / "metrics.json"


def audit_path(root: Path) -> Path:
    """What the audit says of each holdout, for the report and other tools."""
    return root / "reports" / "audit.json"


def uses_path(root: Path) -> Path:
    """How often each validation row was used."""
    return root / "build" / "audit" / "rows.parquet"


def asked_path(root: Path, name: str) -> Path:
    """What the audit says of an experiment that somebody asked for by its name."""
    return root / "build" / "audits" / f"{name}.json"


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
