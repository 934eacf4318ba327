"""The steps of a night after its new days are stored: refit, judge, register, guard, serve, keep.

Every step can be repeated. What decides for users comes late: until the registry's alias changes,
the former version forecasts. Once it is decided what serves, the night is finished with its own
days, whatever comes in the meantime.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from viewcast.base.errors import TrackingError
from viewcast.base.files import append, entries
from viewcast.base.paths import (
    backtest_path,
    ledger_path,
    nights_log_path,
)
from viewcast.base.provenance import git_commit
from viewcast.forecast import ledger
from viewcast.forecast.backtest import Backtest
from viewcast.forecast.channel_forecaster import ChannelForecaster
from viewcast.forecast.ledger import COMBINATION
from viewcast.report import nights_page, nights_record
from viewcast.report.nights_record import NightsRecord
from viewcast.retraining import night_summary, serving
from viewcast.retraining.alarms import standing
from viewcast.retraining.guard import guard
from viewcast.retraining.journal import Journal
from viewcast.retraining.judging import judge
from viewcast.retraining.nights_in_mlflow import show_nights
from viewcast.retraining.record import Ahead, record
from viewcast.retraining.settings import Settings
from viewcast.retraining.tonight import Tonight
from viewcast.retraining.versioning import Versioning
from viewcast.tracking import tags
from viewcast.tracking.store import answering
from viewcast.tracking.write.night_run import NightRun
from viewcast.tracking.write.registry import Registry


class NightSteps:
    """The steps of one night, which write what they did into ``journal``.

    ``refit_settings``: what decides the refit besides days and code.
    """

    def __init__(
        self,
        settings: Settings,
        refit_settings: dict[str, Any],
        root: Path,
        versioning: Versioning,
        journal: Journal,
    ) -> None:
        self.settings, self.root, self.channel = settings, root, settings.retrain.channel
        self.versioning, self.journal = versioning, journal
        self.tonight = Tonight(settings, refit_settings, root)

    def finish(self, begun: float) -> dict[str, Any]:
        """Do the steps that are not in the journal; returns the outcome."""
        with answering(self.settings.tracking):
            registry = Registry(self.settings.tracking, self.settings.model_name)
            with self._night_run() as run:
                if not self.journal.decided:
                    self._backtest()
                    self._judge()
                    self._register(registry)
                    self._guard(registry)
                self._serve(registry)
                self._keep(registry)
                return self._report(registry, run, begun)

    def _write(self) -> None:
        self.journal.write(self.root, self.channel)

    def _night_run(self) -> NightRun:
        """The night's run in MLflow, made once."""
        run = NightRun(self.settings.subject, self.root, self.journal.night, self.journal.run_id)
        if run.run_id != self.journal.run_id:
            self.journal.run_id = run.run_id
            self._write()
        return run

    def _backtest(self) -> None:
        """On a recipe's first night, measure its errors on days that are known."""
        forecast = self.settings.forecast
        past = Backtest(
            self.settings.recipes,
            self.tonight.known.codes,
            forecast.combination,
            forecast.horizon,
            forecast.level,
            forecast.half_life,
            self.tonight.known.confirmed(),
        )
        past.run(
            self.tonight.history,
            forecast.backtest_weeks,
            forecast.backtest_days,
            backtest_path(self.root, self.channel),
            ledger_path(self.root, self.channel),
        )

    def _judge(self) -> None:
        """Judge the weeks that have matured; another recipe may become champion."""
        found = judge(self.tonight.kept, self.settings, self.root, self.journal.today)
        first = self.journal.begun or self.journal.night
        new = [reign for reign in found.reigns if reign.night and str(reign.night) >= first]
        self.journal.gate = {
            "champion": found.champion,
            "promoted": new[-1].recipe if new else None,
            "reason": new[-1].why if new else found.sentence,
            "threshold": found.evidence.threshold,
            "evidence": float(found.evidence.mean[-1]) if len(found.evidence.lasts) else 1.0,
            "weeks": len(found.evidence.lasts),
        }
        self._write()

    def _register(self, registry: Registry) -> None:
        """Register tonight's version."""
        former, run_id = registry.champion(), self.journal.run_id
        assert run_id is not None, "made by _night_run"
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / tags.STORED_FORECASTER
            place.mkdir()
            self.tonight.version.save(place)
            version = registry.register(run_id, place, self._version_tags())
        self.journal.version = version.number
        self.journal.former = None if former is None else former.number
        self._write()

    def _version_tags(self) -> dict[str, str]:
        chosen, history = self.tonight.chosen, self.tonight.history
        members = chosen.members
        return {
            tags.MODEL: members[0] if len(members) == 1 else COMBINATION,
            tags.MEMBERS: ", ".join(members),
            tags.CODE: self.tonight.version.identity,
            tags.LOSS: self.settings.subject.loss,
            tags.UNIT: self.settings.unit,
            tags.TRAINED_FROM: history.first.isoformat(),
            tags.TRAINED_TO: history.newest.isoformat(),
            tags.TRAINED_ROWS: str(len(history)),
            tags.WHY: chosen.why,
            tags.DATA_HASH: self.versioning.days_hash(),
            tags.GIT_COMMIT: git_commit(self.root),
            tags.LABEL: self.settings.source.label,
        }

    def _guard(self, registry: Registry) -> None:
        """Decide whether tonight's version may serve."""
        journal = self.journal
        former = None
        if journal.former != journal.version:
            former = self._forecaster(registry, journal.former)
        found = guard(self.tonight.version, former, self.tonight.history, self.settings.guard)
        journal.guard = {"passes": found.passes, "reason": found.reason}
        self._write()

    def _forecaster(self, registry: Registry, number: int | None) -> ChannelForecaster | None:
        """A version by its number; None without one, and for one that cannot be read any more.

        That is one of an earlier release, or one whose files are gone: neither can serve, so a new
        version need not be better than it.
        """
        if number is None:
            return None
        try:
            return registry.forecaster(number)
        except TrackingError:
            registry.version(number)  # it raises where the store gives no answer any more
            return None

    def _serve(self, registry: Registry) -> None:
        """Let tonight's version serve, or wait for approval; the guard may have stopped it."""
        journal = self.journal
        assert journal.guard is not None and journal.version is not None, "written before"
        registry.tag(journal.version, {tags.REASON: journal.guard["reason"]})
        if not journal.guard["passes"]:
            return
        if self.settings.retrain.approve == "manual":
            registry.propose(journal.version)
            return
        registry.tag(journal.version, {tags.SERVED_FROM: journal.night})
        registry.serve(journal.version)

    def _keep(self, registry: Registry) -> None:
        """Keep tonight's forecasts, before their days exist."""
        kept, version = self.tonight.kept, self.journal.version
        forecasts = self.tonight.made.forecasts
        lines = [kept.line(name, log, version) for name, log in forecasts.items()]
        combination = self.settings.forecast.combination
        combined = serving.combine(forecasts, len(self.tonight.history), combination)
        if combined is not None:
            lines.append(kept.line(COMBINATION, combined, version))
        served = self._served(registry)
        if served is not None:
            number, forecaster = served
            log = np.maximum(forecaster.forecast(self.tonight.history), 0)
            lines.append(kept.served(log, forecaster.intervals, forecaster.identity, number))
        ledger.append(ledger_path(self.root, self.channel), lines)
        self.tonight.read_kept_again()

    def _served(self, registry: Registry) -> tuple[int, ChannelForecaster] | None:
        """The version that serves, with its number; None where there is none that can be read."""
        champion = registry.champion()
        if champion is None:
            return None
        if champion.number == self.journal.version:
            return champion.number, self.tonight.version
        served = self._forecaster(registry, champion.number)
        if served is None or len(self.tonight.history) < served.min_days:
            return None
        return champion.number, served

    def _record(self, registry: Registry) -> NightsRecord:
        """The record after this night."""
        chosen, served = self.tonight.chosen, self._served(registry)
        number, forecaster = (None, self.tonight.version) if served is None else served
        log = np.maximum(forecaster.forecast(self.tonight.history), 0)
        why = chosen.why if number is None else registry.version(number).tags.get(tags.WHY, "")
        alarms = standing(self.tonight.kept, forecaster)
        ahead = Ahead(log, forecaster.intervals, number, why, chosen.claim, alarms)
        journal = self.journal
        left_out = self.tonight.made.left_out
        notes = [*journal.remarks, *(f"{name}: {why}" for name, why in left_out.items())]
        return record(self.settings, self.tonight.kept, ahead, journal.today, notes, self.root)

    def _report(self, registry: Registry, run: NightRun, begun: float) -> dict[str, Any]:
        """Write the outcome into MLflow, the log and the record, and close the journal."""
        champion = registry.champion()
        number = None if champion is None else champion.number
        approve, left_out = self.settings.retrain.approve, self.tonight.made.left_out
        outcome = night_summary.summary(self.journal, number, approve, left_out, begun)
        run.log_metrics(night_summary.metrics(self.journal, outcome))
        run.end(outcome)
        log, run_id = nights_log_path(self.root, self.channel), self.journal.run_id
        if all(line.get("run_id") != run_id for line in entries(log)):
            append(log, outcome)
        made, kept = self._record(registry), self.tonight.kept
        nights_record.write(made, self.root)
        nights_page.write_page(self.root)
        show_nights(run, self.settings.subject, made, kept.lines, kept.views, self.root)
        registry.prune(self.settings.retrain.keep_versions)
        self.versioning.push()
        Journal.close(self.root, self.channel)
        return outcome
