"""The steps of a night after its new days are stored: train, register, evaluate, promote, report.

Every step can be repeated. The step that decides for users comes last: until the registry's alias
changes, the former champion forecasts.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from viewcast.base.files import append, entries
from viewcast.base.paths import challenger_path, live_path, outcomes_path
from viewcast.base.provenance import git_commit
from viewcast.base.settings import digest
from viewcast.data import live
from viewcast.data.views import daily_views
from viewcast.forecast.forecaster import Forecaster
from viewcast.report import champions_page
from viewcast.retraining import challenger, night_summary
from viewcast.retraining.champion_history import write_history
from viewcast.retraining.data_versioning import DataVersioning, set_stage_environment
from viewcast.retraining.evaluation import FreshDays, evaluate
from viewcast.retraining.history_in_mlflow import show_history
from viewcast.retraining.journal import Journal
from viewcast.retraining.promotion import promote
from viewcast.retraining.settings import Settings
from viewcast.tracking import tags
from viewcast.tracking.store import answering
from viewcast.tracking.used_days import spent_to
from viewcast.tracking.write.night_run import NightRun
from viewcast.tracking.write.registry import Registry
from viewcast.training.config import Config


def first_fresh_day(settings: Settings, config: Config, newest: date) -> date:
    """The day after the last one that any run in MLflow has used.

    Before the first evaluation it is the first of the ``fresh.first_champion_days`` newest days.
    """
    with answering(config.tracking):
        used_to = spent_to(Registry(config.tracking, settings.retrain.model_name).client)
    if used_to is None:
        return newest - timedelta(days=settings.fresh.first_champion_days - 1)
    return used_to + timedelta(days=1)


class NightSteps:
    """The steps of one night, which write what they did into ``journal``."""

    def __init__(
        self,
        settings: Settings,
        config: Config,
        root: Path,
        versioning: DataVersioning,
        journal: Journal,
    ) -> None:
        self.settings, self.config, self.root = settings, config, root
        self.versioning, self.journal = versioning, journal

    def finish(self, begun: float) -> dict[str, Any]:
        """Do the steps that are not in the journal; returns the outcome."""
        with answering(self.config.tracking):
            registry = Registry(self.config.tracking, self.settings.retrain.model_name)
            run = self._night_run()
            if not self.journal.gated:
                self._train()
                self._register_challenger(registry)
            self._evaluate(registry, run)
            self._promote(registry)
            return self._report(registry, run, begun)

    def _night_run(self) -> NightRun:
        """The night's run in MLflow, made once."""
        run = NightRun(self.config, self.root, self.journal.night, self.journal.run_id)
        if run.run_id != self.journal.run_id:
            self.journal.run_id = run.run_id
            self.journal.write(self.root)
        return run

    def _train(self) -> None:
        """Let DVC prepare the days and train the models."""
        journal = self.journal
        mark = digest([journal.night, journal.newest, journal.fresh, journal.corrected])
        label = self.settings.source.label
        set_stage_environment(label, f"night-{mark}", self.config.tracking)
        journal.stages += self.versioning.repro()
        journal.write(self.root)

    def _register_challenger(self, registry: Registry) -> None:
        """Register the challenger, or write down why there is none."""
        description, journal = challenger.read(self.root), self.journal
        if description["model"] is None:
            reasons = [f"{name}: {reason}" for name, reason in description["failures"].items()]
            reason = "; ".join(reasons) or "no model was validated"
            journal.challenger = {"version": None, "reason": reason}
        else:
            assert journal.run_id is not None, "made by _night_run"
            folder, about = challenger_path(self.root), self._version_tags(description)
            version = registry.register(journal.run_id, folder, about)
            journal.challenger = {**description, "version": version.number}
        champion = registry.champion()
        journal.champion = None if champion is None else champion.number
        journal.write(self.root)

    def _version_tags(self, description: dict[str, Any]) -> dict[str, str]:
        candidates, val_error = description["candidates"], description["val_error"]
        return {
            **{tag: str(description[key]) for key, tag in tags.ABOUT_VERSION.items()},
            tags.VERSION_VAL_LOSS: f"{candidates[description['model']]:.6g}",
            tags.VERSION_VAL_ERROR: f"{val_error or float('nan'):.6g}",
            tags.CHOSEN_AMONG: str(len(candidates)),
            tags.DATA_HASH: data_hash(self.root),
            tags.GIT_COMMIT: git_commit(self.root),
            tags.LABEL: self.settings.source.label,
        }

    def _evaluate(self, registry: Registry, run: NightRun) -> None:
        """Compare challenger and champion once there are enough fresh days.

        The look is recorded in MLflow before the first fresh day is scored.
        """
        journal = self.journal
        assert journal.challenger is not None, "written by _register_challenger"
        days = pd.date_range(journal.fresh, journal.newest)
        version = journal.challenger["version"]
        enough = len(days) >= self.settings.fresh.evaluation_days
        if journal.gate is not None or version is None or not enough:
            return
        views = live.read(live_path(self.root))["views"]
        fresh = FreshDays(views, days, daily_views(self.config.data), self.config.loss)
        run.record_look(fresh.rows(), version, journal.champion or 0)
        journal.gated = True
        journal.write(self.root)
        champion, age = None, 0
        if journal.champion is not None:
            champion = registry.forecaster(journal.champion)
            since = registry.version(journal.champion).tags[tags.PROMOTED]
            age = (journal.today - date.fromisoformat(since)).days
        trained = Forecaster.load(challenger_path(self.root) / "forecaster")
        result, losses = evaluate(fresh, champion, trained, age, self.settings.promotion)
        run.table(losses, tags.NIGHT_LOSSES)
        versions = {"champion": journal.champion, "challenger": version}
        journal.gate = {
            **versions,
            "challenger_model": journal.challenger["model"],
            **result,
        }
        journal.write(self.root)

    def _promote(self, registry: Registry) -> None:
        """Make the challenger the champion if the evaluation says so."""
        gate, journal = self.journal.gate, self.journal
        if gate is None or not gate["promote"]:
            return
        keys = ("mean", "low", "high", "days")
        promised = {f"{tags.PROMISED_OF}{key}": f"{gate['promised'][key]:.6g}" for key in keys}
        registry.tag(gate["challenger"], promised)
        description = journal.challenger or {}
        entry = {
            "id": journal.run_id,
            "night": journal.night,
            "version": gate["challenger"],
            "previous": journal.champion,
            "model": description["model"],
            "trained_to": description["trained_to"],
            "data": data_hash(self.root),
            "commit": git_commit(self.root),
            **{key: gate[key] for key in ("why", "reason", "promised", "difference", "unit")},
        }
        promote(registry, self.root, entry)

    def _report(self, registry: Registry, run: NightRun, begun: float) -> dict[str, Any]:
        """Write the outcome into MLflow, the log and the report, and close the journal."""
        champion = registry.champion()
        number = None if champion is None else champion.number
        evaluation_days = self.settings.fresh.evaluation_days
        outcome = night_summary.summary(self.journal, number, evaluation_days, begun)
        run.log_metrics(night_summary.metrics(self.journal, outcome))
        run.end(outcome)
        log, run_id = outcomes_path(self.root), self.journal.run_id
        if all(line.get("run_id") != run_id for line in entries(log)):
            append(log, outcome)
        views = live.read(live_path(self.root))["views"]
        level = self.settings.promotion.confidence_level
        history = write_history(registry, self.config, views, level, self.root)
        champions_page.write_page(self.root)
        evaluated = self.journal.gate is not None
        show_history(registry, self.config, history, self.journal.today, evaluated, self.root)
        Journal.close(self.root)
        return outcome


def data_hash(root: Path) -> str:
    """The hash of ``data/`` in ``data.dvc``; "none" without that file."""
    file = root / "data.dvc"
    return str(yaml.safe_load(file.read_text())["outs"][0]["md5"]) if file.is_file() else "none"
