"""Where things lie under the project root: each path is spelt here and nowhere else in Python."""

from pathlib import Path

LIVE = "live"  # the data set that retraining keeps


def prepared_path(root: Path, data: str) -> Path:
    """The prepared table of a data set.

    That of the live one lies apart: stages of `dvc repro` depend on all of ``build/prepared``, and
    a new day of the live channel is no business of theirs.
    """
    folder = Path("nightly", "prepared") if data == LIVE else Path("prepared")
    return root / "build" / folder / f"{data}.parquet"


def sealed_path(root: Path, data: str) -> Path:
    """The test rows of a data set, which only the opening of the test reads."""
    folder = Path("nightly", "sealed") if data == LIVE else Path("sealed")
    return root / "build" / folder / f"{data}.parquet"


def params_path(root: Path) -> Path:
    """The composed parameters of every run of the pipeline."""
    return root / "build" / "params.yaml"


def train_path(root: Path, data: str, model: str) -> Path:
    """The folder of a run that is a DVC stage of its own."""
    return root / "build" / "train" / data / model


def experiment_path(root: Path, experiment: str) -> Path:
    """The folder of a run of the study stage."""
    return root / "build" / "experiments" / experiment


def demo_path(root: Path) -> Path:
    """What the parts of the story were told by, and the runs that tell them."""
    return root / "build" / "demo"


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
    study = sorted((root / "build" / "experiments").glob("*/result.json"))
    return [result.parent for result in (*main, *study)]


def sweep_path(root: Path, identity: str) -> Path:
    """The folder of a sweep."""
    return root / "build" / "sweeps" / identity


def live_path(root: Path) -> Path:
    """The folder of the live series and of the day from which it is kept fresh."""
    return root / "data" / LIVE


def quarantine_path(root: Path) -> Path:
    """Where refused deliveries are excluded; no part of the data that DVC keeps."""
    return root / "data" / "quarantine"


def nightly_path(root: Path) -> Path:
    """What the nightly pipeline builds."""
    return root / "build" / "nightly"


def nightly_train_path(root: Path, model: str) -> Path:
    """The folder of a nightly run of one model."""
    return nightly_path(root) / "train" / model


def challenger_path(root: Path) -> Path:
    """The challenger: the chosen recipe trained anew on all days that are not fresh."""
    return nightly_path(root) / "challenger"


def journal_path(root: Path) -> Path:
    """The night that is not over yet; absent between nights."""
    return nightly_path(root) / "night.json"


def lock_path(root: Path) -> Path:
    """Held by the retraining that is at work."""
    return nightly_path(root) / "lock"


def outcomes_path(root: Path) -> Path:
    """How every night ended, one line of JSON each."""
    return root / "registry" / "outcomes.jsonl"


def promotions_path(root: Path) -> Path:
    """Every promotion, one line of JSON each: who, when, why, scores."""
    return root / "registry" / "promotions.jsonl"


def retraining_path(root: Path) -> Path:
    """The history of champions, for the report and other tools."""
    return root / "reports" / "retraining.json"


def forecast_path(root: Path) -> Path:
    """The champion's forecast of the next days; its picture lies beside it."""
    return root / "reports" / "forecast.csv"
