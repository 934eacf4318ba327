"""Paths below the root of the project, and of caches. Each is written here and nowhere else."""

import os
from pathlib import Path

from viewcast.base.errors import ConfigError
from viewcast.base.quoted import shown

CACHE = "VIEWCAST_CACHE"  # environment variable: another folder of the user's caches
LIVE = "live"  # the channel whose nights need no name
NIGHTS = "nights"  # the folder of what nights keep: Git and the project's DVC ignore it


def checked_name(name: str) -> str:
    """A name from the configuration that becomes the last part of a path.

    Refuses (ConfigError) a name that would lead to another folder, or to a hidden one.
    """
    is_text = isinstance(name, str)  # an override may be anything
    if not is_text or not name or Path(name).name != name or name.startswith("."):
        raise ConfigError(
            f"name {shown(name)}: becomes the name of a file; expected one without / and without a "
            "dot at its beginning"
        )
    return name


def data_config_path(root: Path, data: str) -> Path:
    """The settings of a data set."""
    return root / "conf" / "data" / f"{checked_name(data)}.yaml"


def source_config_path(root: Path, source: str) -> Path:
    """The settings of a source of new days."""
    return root / "conf" / "source" / f"{checked_name(source)}.yaml"


def pipeline_config_path(root: Path) -> Path:
    """What ``dvc repro`` runs."""
    return root / "conf" / "pipeline.yaml"


def imported_path(root: Path, data: str) -> Path:
    """The folder of an imported export."""
    return root / "data" / checked_name(data)


def prepared_path(root: Path, data: str, part: str | None = None) -> Path:
    """The prepared table of a data set; of one that has several, the folder or one ``part``."""
    return _table_path(root / "build" / "prepared", data, part)


def sealed_path(root: Path, data: str, part: str | None = None) -> Path:
    """The test rows of a data set; only the opening of the test reads them."""
    return _table_path(root / "build" / "sealed", data, part)


def _table_path(folder: Path, data: str, part: str | None) -> Path:
    path = folder / f"{checked_name(data)}.parquet"
    return path if part is None else path / f"{checked_name(part)}.parquet"


def params_path(root: Path, *part: str) -> Path:
    """The composed parameters of a stage, such as ``"train", "channel", "deep"``; of all, a folder.

    ``batch``: what the runs of one ``dvc repro`` have in common; ``budget``: of the experiments.
    """
    folder = root / "build" / "params"
    return folder.joinpath(*part[:-1], f"{part[-1]}.yaml") if part else folder


def train_path(root: Path, data: str, model: str) -> Path:
    """The folder of a run that has its own DVC stage."""
    return root / "build" / "train" / checked_name(data) / checked_name(model)


def experiments_path(root: Path) -> Path:
    """The folder that holds the folders of all experiments."""
    return root / "build" / "experiments"


def experiment_path(root: Path, experiment: str) -> Path:
    """The folder of a run of the experiments stage."""
    return experiments_path(root) / checked_name(experiment)


def demo_path(root: Path) -> Path:
    """The folder of the demonstration: what each part was made from, and its runs."""
    return root / "build" / "demo"


def summary_path(root: Path) -> Path:
    """The table of all runs as JSON, for other tools."""
    return root / "reports" / "summary.json"


def metrics_path(root: Path) -> Path:
    """The losses of all runs, for ``dvc metrics``."""
    return root / "reports" / "metrics.json"


def audit_path(root: Path) -> Path:
    """The audit of each holdout as JSON, for the report and other tools."""
    return root / "reports" / "audit.json"


def uses_path(root: Path) -> Path:
    """How often each validation row was used."""
    return root / "build" / "audit" / "rows.parquet"


def asked_path(root: Path, name: str) -> Path:
    """The audit of an experiment or holdout that was given by its name."""
    return root / "build" / "audits" / f"{checked_name(name)}.json"


def simulated_path(root: Path) -> Path:
    """The daily views of the simulated channel, which ``pipelines/simulate.py`` makes."""
    return root / "data" / "channel" / "simulated_daily_views.csv"


def simulated_panel_path(root: Path) -> Path:
    """The views of the simulated videos, which ``pipelines/simulate_panel.py`` makes."""
    return root / "data" / "videos" / "simulated_videos.parquet"


def figures_path(root: Path) -> Path:
    """The folder of the pictures of the report; it is replaced as a whole."""
    return root / "reports" / "figures"


def page_path(root: Path) -> Path:
    """The page of the report."""
    return root / "reports" / "index.html"


def run_path(root: Path, identity: str) -> Path:
    """The folder of a run that was started by hand without ``output``."""
    return root / "build" / "runs" / checked_name(identity)


def named_run_paths(root: Path, name: str) -> list[Path]:
    """The folders that may hold the run of a name.

    ``name``: a path, an identity, an experiment, or data set and model, such as ``channel/deep``.
    """
    build = root / "build"
    return [root / name, *(build / place / name for place in ("runs", "experiments", "train"))]


def run_folders(root: Path) -> list[Path]:
    """The folders of all runs of the pipeline, those with their own stage first.

    DVC leaves the run of a stage that is no more, of a data set that was taken out: a run belongs
    to the pipeline as long as the pipeline has parameters for it.
    """
    main = sorted((root / "build" / "train").glob("*/*/result.json"))
    planned = [one.parent for one in main if params_path(root, *one.parent.parts[-3:]).is_file()]
    experiments = sorted(experiments_path(root).glob("*/result.json"))
    return [*planned, *(result.parent for result in experiments)]


def sweep_path(root: Path, identity: str) -> Path:
    """The folder of a sweep."""
    return root / "build" / "sweeps" / checked_name(identity)


def retraining_path(root: Path) -> Path:
    """The history of champions as JSON, for the report and other tools."""
    return root / "reports" / "retraining.json"


def panel_forecast_path(root: Path, data: str, split: str, kind: str) -> Path:
    """The forecast of every video of a panel, as a file of this kind."""
    return root / "reports" / f"forecast_{checked_name(data)}_{checked_name(split)}.{kind}"


def forecast_path(root: Path) -> Path:
    """The champion's forecast of the next days; its picture lies in the same folder."""
    return root / "reports" / "forecast.csv"


def channel_path(root: Path, channel: str) -> Path:
    """The folder of all that the nights of a channel keep. It is a DVC project of its own."""
    return root / NIGHTS / checked_name(channel)


def days_path(root: Path, channel: str) -> Path:
    """The folder of the daily series of a channel."""
    return channel_path(root, channel) / "days"


def ledger_path(root: Path, channel: str) -> Path:
    """Every forecast that was kept before its days came, one line of JSON each."""
    return channel_path(root, channel) / "ledger.jsonl"


def backtest_path(root: Path, channel: str) -> Path:
    """Forecasts of known days, each from earlier days only; same lines as the ledger."""
    return channel_path(root, channel) / "backtest.jsonl"


def judgements_path(root: Path, channel: str) -> Path:
    """The losses of each recipe in each judged week, one line of JSON each."""
    return channel_path(root, channel) / "judgements.jsonl"


def standing_path(root: Path, channel: str) -> Path:
    """The fits that no day of the channel changes, kept from night to night."""
    return channel_path(root, channel) / "pooled.npz"


def refit_path(root: Path, channel: str) -> Path:
    """The folder of tonight's refit: the fitted recipes and their forecasts."""
    return channel_path(root, channel) / "refit"


def habits_path(root: Path, channel: str) -> Path:
    """The changes of habit that ``viewcast habit`` has noted."""
    return channel_path(root, channel) / "habits.yaml"


def settings_of_refit_path(root: Path, channel: str) -> Path:
    """What the refit of a channel depends on besides its days and the code: recipes and habits."""
    return channel_path(root, channel) / "settings.json"


def night_path(root: Path, channel: str) -> Path:
    """The journal of the present night of a channel; absent between nights."""
    return channel_path(root, channel) / "night.json"


def night_lock_path(root: Path, channel: str) -> Path:
    """The file that a running night of a channel locks."""
    return channel_path(root, channel) / "lock"


def refused_path(root: Path, channel: str) -> Path:
    """The folder of the deliveries of a channel that were refused."""
    return channel_path(root, channel) / "quarantine"


def nights_log_path(root: Path, channel: str) -> Path:
    """How each night of a channel ended, one line of JSON each."""
    return channel_path(root, channel) / "outcomes.jsonl"


def reigns_path(root: Path, channel: str) -> Path:
    """What became champion, and which version serves by hand, one line of JSON each."""
    return channel_path(root, channel) / "promotions.jsonl"


def code_of_refit_path(root: Path, channel: str) -> Path:
    """The identity of the code that a channel's refit can reach."""
    return channel_path(root, channel) / "code.json"


def refit_template_path(root: Path) -> Path:
    """The template of the ``dvc.yaml`` of each channel."""
    return root / "pipelines" / "refit.dvc.yaml"


def cache_folder() -> Path:
    """The folder of this user: ``$VIEWCAST_CACHE``, else ``viewcast`` in ``$XDG_CACHE_HOME``, else
    ``~/.cache/viewcast``. It may be deleted at any time.

    Refuses (ConfigError) a user without a home, as in some containers, where none of them is set.
    """
    own = os.environ.get(CACHE)
    if own:
        return Path(own).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(caches) if caches else Path.home() / ".cache") / "viewcast"
    except RuntimeError as error:
        raise ConfigError(
            f"this user has no home folder, where compiled code and downloads are kept ({error}); "
            f"set HOME, or {CACHE} to a folder of your own"
        ) from error


def kernels_path() -> Path:
    """The user's folder of compiled kernels."""
    return cache_folder() / "kernels"
