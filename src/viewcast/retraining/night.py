"""One night: fetch and check the new days, then the steps of ``viewcast.retraining.night_steps``.

A step is written into the journal when it is done (``viewcast.retraining.journal``). A night that
was killed goes on with the first step that is not there.
"""

import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from viewcast.base.files import append, write
from viewcast.base.paths import live_path, nightly_path, outcomes_path
from viewcast.data import live
from viewcast.data.live import as_csv, as_fresh
from viewcast.retraining.data_versioning import DataVersioning
from viewcast.retraining.journal import Journal
from viewcast.retraining.outcome import ended
from viewcast.retraining.refresh import NewDays, fetch_new_days
from viewcast.retraining.settings import Settings
from viewcast.training.config import Config

STAGED = "daily.csv"  # the series that a night is about to store, under build/nightly


@dataclass(frozen=True)
class Night:
    """A night on ``today``. ``config``: of a nightly run (data, loss, tracking)."""

    settings: Settings
    config: Config
    root: Path
    today: date
    versioning: DataVersioning

    def run(self) -> dict[str, Any]:
        """Do what is due; returns the outcome.

        A night that was killed is finished first. If it has not looked at any fresh day, and no
        newer day has come since, its work becomes that of this night.
        """
        begun = time.monotonic()
        self.versioning.pull()
        unfinished, outcome = Journal.read(self.root), None
        if unfinished is not None and unfinished.gated:
            outcome = self._finish(unfinished, begun)
            unfinished = None
        if unfinished is not None:
            self._store_days(unfinished)
        new = fetch_new_days(self.settings, self._train_days, self.root, self.today)
        if new is not None:
            journal = self._begin(new, unfinished)
        elif unfinished is not None:
            journal = unfinished
        else:
            return outcome or self._nothing_new(begun)
        return self._finish(journal, begun)

    @property
    def _train_days(self) -> int:
        days: int = self.config.data.splits[self.config.data.split].train
        return days

    def _begin(self, new: NewDays, unfinished: Journal | None) -> Journal:
        """Write the new days into the journal, with those of a killed night; then store them."""
        journal = Journal(
            night=self.today.isoformat(),
            newest=new.newest.isoformat(),
            fresh=self._first_fresh(new.newest).isoformat(),
            added=[*(unfinished.added if unfinished else []), *new.merged.added],
            corrected=[
                *(unfinished.corrected if unfinished else []),
                *(asdict(correction) for correction in new.merged.corrected),
            ],
            age=new.check.age,
            drift=[asdict(test) for test in new.check.drift],
            drifted=new.check.drifted,
            run_id=unfinished.run_id if unfinished else None,
        )
        write(nightly_path(self.root) / STAGED, as_csv(new.merged.series))
        journal.write(self.root)
        self._store_days(journal)
        return journal

    def _store_days(self, journal: Journal) -> None:
        """Copy the staged days to data/live and add them to DVC."""
        staged = nightly_path(self.root) / STAGED
        write(live_path(self.root) / live.DAILY, staged.read_text(encoding="utf-8"))
        write(live_path(self.root) / live.FRESH, as_fresh(date.fromisoformat(journal.fresh)))
        self.versioning.add()

    def _first_fresh(self, newest: date) -> date:
        # MLflow takes a second, which a night without new days need not wait for.
        from viewcast.retraining.night_steps import first_fresh_day  # noqa: PLC0415

        return first_fresh_day(self.settings, self.config, newest)

    def _finish(self, journal: Journal, begun: float) -> dict[str, Any]:
        from viewcast.retraining.night_steps import NightSteps  # noqa: PLC0415 (as above)

        steps = NightSteps(self.settings, self.config, self.root, self.versioning, journal)
        return steps.finish(begun)

    def _nothing_new(self, begun: float) -> dict[str, Any]:
        newest = live.read(live_path(self.root)).index[-1]
        reason = f"the source has no day after {newest:%Y-%m-%d} and corrects none"
        outcome = ended("nothing new", reason, self.today, begun)
        append(outcomes_path(self.root), outcome)
        return outcome
