"""What a night works with: its days, its refit, the kept forecasts, and tonight's version."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from viewcast.base.paths import days_path
from viewcast.data import live
from viewcast.forecast.channel_forecaster import ChannelForecaster
from viewcast.forecast.history import History
from viewcast.forecast.ledger import COMBINATION
from viewcast.forecast.short_history import Serving
from viewcast.retraining import refit, serving
from viewcast.retraining.kept_lines import KeptLines
from viewcast.retraining.refit import Refit, RefitSettings
from viewcast.retraining.reigns import reigns
from viewcast.retraining.settings import Settings


class Tonight:
    """All of it is read when it is first asked for.

    ``refit_settings``: what decides the refit besides days and code.
    """

    def __init__(self, settings: Settings, refit_settings: dict[str, Any], root: Path) -> None:
        self.settings, self.root, self.channel = settings, root, settings.retrain.channel
        self.known = RefitSettings(**refit_settings)  # as the stage of the refit reads it

    @cached_property
    def history(self) -> History:
        """The days of this night."""
        return History.of(live.read(days_path(self.root, self.channel))["views"].asfreq("D"))

    @cached_property
    def made(self) -> Refit:
        """Tonight's refit."""
        horizon = self.settings.forecast.horizon
        return refit.load(self.settings.recipes, horizon, self.root, self.channel)

    @cached_property
    def kept(self) -> KeptLines:
        """The kept forecasts beside the days, read again after tonight's are added.

        After three years a ledger has 10,000 lines, which take a quarter of a second to read.
        """
        views = live.read(days_path(self.root, self.channel))["views"].asfreq("D")
        forecast = self.settings.forecast
        habits = self.known.confirmed()
        return KeptLines.read(self.root, self.channel, views, self.known.codes, forecast, habits)

    @property
    def chosen(self) -> Serving:
        """What serves tonight, if the guard lets it."""
        champion = reigns(self.root, self.channel)[-1].recipe
        combination = self.settings.forecast.combination
        made, days = self.made, len(self.history)
        return serving.with_sources(
            serving.serves(champion, days, combination, made.forecasts), made.fitted
        )

    @cached_property
    def version(self) -> ChannelForecaster:
        """Tonight's version."""
        chosen, champion = self.chosen, reigns(self.root, self.channel)[-1].recipe
        bare = serving.version(self.made, chosen.members, self.settings, self.known.confirmed())
        name = champion if chosen.members == (champion,) else COMBINATION
        return replace(bare, intervals=self.kept.intervals(name))

    def read_kept_again(self) -> None:
        """When they are next asked for: the ledger has more lines now."""
        del self.kept
