"""The simulated channel as a source: it delivers every day before today."""

from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar

import pandas as pd
import yaml
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from viewcast.base.settings import construct, filled
from viewcast.data.simulator import Simulated
from viewcast.data.sources.timezone import Zone


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Simulator:
    """``parameters``: the YAML file of the simulated channel, under the project."""

    label: str
    timezone: Zone
    parameters: str
    settle_days: ClassVar[int] = 0
    metric: ClassVar[str] = "views"
    site: ClassVar[None] = None

    def fetch(
        self, root: Path, since: date | None, today: date, known: pd.Series | None = None
    ) -> pd.DataFrame:
        """Every day from ``since`` to yesterday. ``today`` does not change the views of a day."""
        given = filled(yaml.safe_load((root / self.parameters).read_text("utf-8")), self.parameters)
        given.pop("defaults", None)  # of Hydra
        simulated: Simulated = construct(Simulated, given, self.parameters)
        yesterday = today - timedelta(days=1)
        views = simulated.simulator.history(yesterday.isoformat(), simulated.seed)
        days = views.astype("float64").rename_axis("date").to_frame()
        return days if since is None else days.loc[pd.Timestamp(since) :]
