"""One night: refresh, check, reproduce, judge, promote, tell. Each step can be done again.

What a step found out is written into the journal when it is done (``viewcast.retraining.journal``);
a night that was killed goes on with the first step that is not there. The registry's alias is
changed last of all that matters: until then the former champion answers.
"""

import time
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd
import yaml

from viewcast.base.files import append, entries, write
from viewcast.base.paths import challenger_path, live_path, nightly_path, outcomes_path
from viewcast.base.provenance import git_commit
from viewcast.base.settings import digest
from viewcast.data import live
from viewcast.data.live import as_csv, as_fresh
from viewcast.data.views import daily_views
from viewcast.forecast.forecaster import Forecaster
from viewcast.retraining import challenger, night_summary
from viewcast.retraining.champion_history import write_history
from viewcast.retraining.evaluation import Fair, judge
from viewcast.retraining.journal import Journal
from viewcast.retraining.outcome import ended
from viewcast.retraining.promotion import promote
from viewcast.retraining.refresh import Arrival, arrive
from viewcast.retraining.reproduce import tell_stages
from viewcast.retraining.settings import Settings
from viewcast.tracking import tags
from viewcast.training.config import Config

if TYPE_CHECKING:
    from viewcast.tracking.write.night_run import NightRun
    from viewcast.tracking.write.registry import Registry

STAGED = "daily.csv"  # the series that a night is about to keep, under build/nightly


class Keeper(Protocol):
    """What a night asks of DVC (``viewcast.retraining.reproduce.Dvc``)."""

    def bring(self) -> None:
        """Bring the data that are known, where there are none yet."""

    def keep(self) -> None:
        """Bring ``data.dvc`` up to what lies in ``data/``."""

    def reproduce(self) -> list[str]:
        """Recompute what the new days change; the stages that ran."""


@dataclass(frozen=True)
class Night:
    """A night on ``today``. ``config``: of a nightly run (data, loss, tracking); ``dvc``: who keeps
    data and recomputes.
    """

    settings: Settings
    config: Config
    root: Path
    today: date
    dvc: Keeper

    def run(self) -> dict[str, Any]:
        """Do what is due; the outcome.

        A night that was killed is finished first: as tonight's, if no newer day has come since and
        it has looked at no fresh day.
        """
        begun = time.monotonic()
        self.dvc.bring()
        left, told = Journal.read(self.root), None
        if left is not None and left.gated:
            told = self._finish(left, begun)
            left = None
        if left is not None:
            self._keep(left)
        arrival = arrive(self.settings, self._train_days, self.root, self.today)
        if arrival is None and left is None:
            return told or self._tell_nothing_new(begun)
        return self._finish(self._begin(arrival, left), begun)

    @property
    def _train_days(self) -> int:
        days: int = self.config.data.splits[self.config.data.split].train
        return days

    def _begin(self, arrival: Arrival | None, left: Journal | None) -> Journal:
        """Write down what came in, beside what a killed night had brought; then bring it in."""
        if arrival is None:
            assert left is not None, "there is something new, or something left"
            return left
        fresh = self._fresh_from(arrival)
        journal = Journal(
            night=self.today.isoformat(),
            newest=arrival.newest.isoformat(),
            fresh=fresh.isoformat(),
            added=[*(left.added if left else []), *arrival.merged.added],
            corrected=[
                *(left.corrected if left else []),
                *(asdict(one) for one in arrival.merged.corrected),
            ],
            age=arrival.findings.age,
            drift=[asdict(test) for test in arrival.findings.drift],
            drifted=arrival.findings.drifted,
            run_id=left.run_id if left else None,
        )
        write(nightly_path(self.root) / STAGED, as_csv(arrival.merged.series))
        journal.write(self.root)
        self._keep(journal)
        return journal

    def _fresh_from(self, arrival: Arrival) -> date:
        """The day after the last one that the record of uses knows; else some of the newest."""
        from viewcast.tracking.store import answering  # noqa: PLC0415 (as above)
        from viewcast.tracking.used_days import spent_to  # noqa: PLC0415 (MLflow takes a second)

        with answering(self.config.tracking):
            spent = spent_to(self._registry().client)
        if spent is None:
            return arrival.newest - timedelta(days=self.settings.fresh.first - 1)
        return spent + timedelta(days=1)

    def _keep(self, journal: Journal) -> None:
        """The days into data/live, and DVC told of them."""
        staged = nightly_path(self.root) / STAGED
        write(live_path(self.root) / live.DAILY, staged.read_text(encoding="utf-8"))
        write(live_path(self.root) / live.FRESH, as_fresh(date.fromisoformat(journal.fresh)))
        self.dvc.keep()

    def _finish(self, journal: Journal, begun: float) -> dict[str, Any]:
        """The steps after the refresh, from the first that is not in the journal."""
        from viewcast.tracking.store import answering  # noqa: PLC0415 (as above)

        with answering(self.config.tracking):
            registry = self._registry()
            run = self._recorded(journal)
            if not journal.gated:
                self._reproduce(journal)
                self._challenge(journal, registry)
            self._judge(journal, registry, run)
            self._promote(journal, registry)
            return self._tell(journal, registry, run, begun)

    def _registry(self) -> "Registry":
        from viewcast.tracking.write.registry import Registry  # noqa: PLC0415 (as above)

        return Registry(self.config.tracking, self.settings.retrain.name)

    def _recorded(self, journal: Journal) -> "NightRun":
        from viewcast.tracking.write.night_run import NightRun  # noqa: PLC0415 (as above)

        run = NightRun(self.config, self.root, journal.night, journal.run_id)
        if run.run_id != journal.run_id:
            journal.run_id = run.run_id
            journal.write(self.root)
        return run

    def _reproduce(self, journal: Journal) -> None:
        mark = digest([journal.night, journal.newest, journal.fresh, journal.corrected])
        tell_stages(self.settings.source.label, f"night-{mark}", self.config.tracking)
        journal.stages += self.dvc.reproduce()
        journal.write(self.root)

    def _challenge(self, journal: Journal, registry: "Registry") -> None:
        """Register the challenger; or write down why there is none."""
        about = challenger.read(self.root)
        if about["model"] is None:
            why = "; ".join(f"{name}: {said}" for name, said in about["failures"].items())
            journal.challenger = {"version": None, "reason": why or "no model was validated"}
        else:
            version_tags = {
                **{tags.ABOUT_VERSION[key]: str(about[key]) for key in tags.ABOUT_VERSION},
                tags.VERSION_VAL_LOSS: f"{about['candidates'][about['model']]:.6g}",
                tags.VERSION_VAL_ERROR: f"{about['val_error'] or float('nan'):.6g}",
                tags.CHOSEN_AMONG: str(len(about["candidates"])),
                tags.DATA_HASH: data_hash(self.root),
                tags.GIT_COMMIT: git_commit(self.root),
                tags.LABEL: self.settings.source.label,
            }
            assert journal.run_id is not None, "recorded before"
            version = registry.register(journal.run_id, challenger_path(self.root), version_tags)
            journal.challenger = {**about, "version": version.number}
        champion = registry.champion()
        journal.champion = None if champion is None else champion.number
        journal.write(self.root)

    def _judge(self, journal: Journal, registry: "Registry", run: "NightRun") -> None:
        assert journal.challenger is not None, "registered before"
        days = pd.date_range(journal.fresh, journal.newest)
        version = journal.challenger["version"]
        if journal.gate is not None or version is None or len(days) < self.settings.fresh.least:
            return
        data, views = daily_views(self.config.data), live.read(live_path(self.root))["views"]
        fair = Fair(views, days, data, self.config.loss)
        run.judges(fair.rows(), version, journal.champion or 0)
        journal.gated = True
        journal.write(self.root)
        reigning, age = None, 0
        if journal.champion is not None:
            reigning = registry.forecaster(journal.champion)
            since = registry.version(journal.champion).tags[tags.PROMOTED]
            age = (journal.today - date.fromisoformat(since)).days
        opponent = Forecaster.load(challenger_path(self.root) / "forecaster")
        said, losses = judge(fair, reigning, opponent, age, self.settings.judge)
        run.table(losses, "judgement")
        who = {"champion": journal.champion, "challenger": version}
        journal.gate = {**who, "challenger_model": journal.challenger["model"], **said}
        journal.write(self.root)

    def _promote(self, journal: Journal, registry: "Registry") -> None:
        if journal.gate is None or not journal.gate["promote"]:
            return
        gate, about = journal.gate, journal.challenger or {}
        promised = {f"{tags.PROMISED_OF}{key}": f"{gate['promised'][key]:.6g}"
                    for key in ("mean", "low", "high", "days")}  # fmt: skip
        registry.tag(gate["challenger"], promised)
        entry = {
            "id": journal.run_id,
            "night": journal.night,
            "version": gate["challenger"],
            "previous": journal.champion,
            "model": about["model"],
            "trained_to": about["trained_to"],
            "data": data_hash(self.root),
            "commit": git_commit(self.root),
            **{key: gate[key] for key in ("why", "reason", "promised", "difference", "unit")},
        }
        promote(registry, self.root, entry)

    def _tell(
        self, journal: Journal, registry: "Registry", run: "NightRun", begun: float
    ) -> dict[str, Any]:
        from viewcast.report.champions_page import write_page  # noqa: PLC0415 (so does matplotlib)

        champion = registry.champion()
        reigning = None if champion is None else champion.number
        told = night_summary.outcome(journal, reigning, self.settings.fresh.least, begun)
        run.figures(night_summary.figures(journal, told))
        run.end(told)
        if all(one.get("run_id") != journal.run_id for one in entries(outcomes_path(self.root))):
            append(outcomes_path(self.root), told)
        views = live.read(live_path(self.root))["views"]
        write_history(registry, self.config, views, self.settings.judge.level, self.root)
        write_page(self.root)
        Journal.close(self.root)
        return told

    def _tell_nothing_new(self, begun: float) -> dict[str, Any]:
        newest = live.read(live_path(self.root)).index[-1]
        reason = f"the source has no day after {newest:%Y-%m-%d} and corrects none"
        told = ended("nothing new", reason, self.today, begun)
        append(outcomes_path(self.root), told)
        return told


def data_hash(root: Path) -> str:
    """The hash by which DVC knows the data."""
    file = root / "data.dvc"
    return str(yaml.safe_load(file.read_text())["outs"][0]["md5"]) if file.is_file() else "none"
