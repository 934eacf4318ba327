"""One night: fetch and check the new days, then the steps of ``viewcast.retraining.night_steps``.

A step is written into the journal when it is done (``viewcast.retraining.journal``). A night that
was killed goes on with the first step that is not there.
"""

import time
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from viewcast.base.errors import DataError
from viewcast.base.files import append, read_json, remove, write
from viewcast.base.paths import (
    channel_path,
    days_path,
    habits_path,
    nights_log_path,
    refit_path,
    settings_of_refit_path,
)
from viewcast.data import live
from viewcast.data.live import as_csv
from viewcast.forecast import habits
from viewcast.forecast.recipes import identities
from viewcast.retraining.journal import Journal
from viewcast.retraining.loading import loading, needed
from viewcast.retraining.outcome import ended
from viewcast.retraining.refresh import (
    NewDays,
    fetch_new_days,
    refuse_what_was_left_out,
)
from viewcast.retraining.settings import Settings
from viewcast.retraining.versioning import Versioning
from viewcast.tracking.reachable import check_reachable

STAGED = "staged.csv"  # the series that a night is about to store


@dataclass(frozen=True)
class Night:
    """A night of a channel on ``today``."""

    settings: Settings
    root: Path
    today: date
    versioning: Versioning

    @property
    def channel(self) -> str:
        """The name of the channel."""
        return self.settings.retrain.channel

    def run(self) -> dict[str, Any]:
        """Do what is due; returns the outcome.

        A night that was killed is finished first. If it had not decided what serves, its work
        becomes that of this night.
        """
        begun = time.monotonic()
        self.versioning.prepare()
        unfinished, outcome = Journal.read(self.root, self.channel), None
        if unfinished is not None and unfinished.decided:
            outcome = self._finish(unfinished, begun)
            unfinished = None
        if unfinished is not None:
            self._store_days()
        new = fetch_new_days(self.settings, self.root, self.today)
        if new.merged.changed or self._changed:
            journal = self._begin(new, unfinished)
        elif unfinished is not None:
            journal = unfinished
        else:
            return outcome or self._nothing_new(new, begun)
        return self._finish(journal, begun)

    @property
    def _refit(self) -> dict[str, Any]:
        """All that decides tonight's refit but days and code of DVC's stage."""
        noted = habits.read(habits_path(self.root, self.channel))
        confirmed = habits.together(self.settings.data.habits, noted)
        recipes = self.settings.recipes
        return {
            "recipes": self.settings.plain_recipes,
            "codes": identities(recipes, self.settings.forecast.combination),
            "horizon": self.settings.forecast.horizon,
            "habits": [habit.plain() for habit in confirmed],
        }

    @property
    def _changed(self) -> bool:
        """Whether recipes or habits are others than those of the last night."""
        file = settings_of_refit_path(self.root, self.channel)
        try:
            return bool(read_json(file, "") != self._refit)
        except DataError:  # missing or damaged: this night writes it anew
            return True

    def _begin(self, new: NewDays, unfinished: Journal | None) -> Journal:
        """Write the new days into the journal, with those of a killed night; then store them."""
        check_reachable(self.settings.tracking)
        journal = Journal(
            night=self.today.isoformat(),
            newest=new.newest.isoformat(),
            added=[*(unfinished.added if unfinished else []), *new.merged.added],
            corrected=[
                *(unfinished.corrected if unfinished else []),
                *(asdict(correction) for correction in new.merged.corrected),
            ],
            remarks=list(
                dict.fromkeys([*(unfinished.remarks if unfinished else []), *new.merged.notes])
            ),
            age=new.check.age,
            drift=[asdict(test) for test in new.check.drift],
            drifted=new.check.drifted,
            begun=(unfinished.begun or unfinished.night) if unfinished else None,
            run_id=unfinished.run_id if unfinished else None,
        )
        days = as_csv(new.merged.series, self.settings.source.metric)
        write(channel_path(self.root, self.channel) / STAGED, days)
        journal.write(self.root, self.channel)
        self._store_days()
        return journal

    def _store_days(self) -> None:
        """Copy the staged days to their place."""
        staged = channel_path(self.root, self.channel) / STAGED
        place = days_path(self.root, self.channel) / live.DAILY
        write(place, staged.read_text(encoding="utf-8"))

    def _finish(self, journal: Journal, begun: float) -> dict[str, Any]:
        refit = self._refit
        # A night that has decided needs its refit again where another machine began it.
        if not (journal.decided and refit_path(self.root, self.channel).is_dir()):
            with loading(self.settings.tracking.uri, needed(self.settings.recipes.values())):
                journal.stages += self.versioning.repro(refit)
            journal.write(self.root, self.channel)
        from viewcast.retraining.night_steps import NightSteps  # noqa: PLC0415 (as above)

        steps = NightSteps(self.settings, refit, self.root, self.versioning, journal)
        outcome = steps.finish(begun)
        remove(channel_path(self.root, self.channel) / STAGED)
        return outcome

    def _nothing_new(self, new: NewDays, begun: float) -> dict[str, Any]:
        refuse_what_was_left_out(new, self.today, self.root, self.channel)
        reason = f"the source has no day after {new.newest:%Y-%m-%d} and corrects none"
        reason = "; ".join([reason, *new.waiting])
        outcome = ended("nothing new", reason, self.today, begun)
        append(nights_log_path(self.root, self.channel), outcome)
        return outcome
