"""Fit every recipe on all days of a channel: `python pipelines/refit.py channel=live`.

It is a stage of DVC in nights/<channel>, which every night runs (pipelines/refit.dvc.yaml).
"""

import sys
from pathlib import Path

from viewcast.base.collector import spare
from viewcast.base.errors import ConfigError
from viewcast.base.paths import days_path, standing_path
from viewcast.base.top_level import top_level
from viewcast.data import live
from viewcast.forecast.history import History
from viewcast.forecast.recipes import configured
from viewcast.retraining.refit import RefitSettings, refit, standing_fits, store

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> None:
    """Write nights/<channel>/refit. The settings come from the night: no need for Hydra here."""
    if len(arguments) != 1 or not arguments[0].startswith("channel="):
        raise ConfigError(f"found {' '.join(arguments) or 'no argument'}; expected channel=<name>")
    spare()
    channel = arguments[0].removeprefix("channel=")
    settings = RefitSettings.read(ROOT, channel)
    history = History.of(live.read(days_path(ROOT, channel))["views"])
    recipes = configured(settings.recipes)
    standing = standing_fits(recipes, settings, history, standing_path(ROOT, channel))
    made = refit(recipes, history, settings.confirmed(), settings.horizon, standing)
    store(made, ROOT, channel)
    left_out = "".join(f"; {name}: {reason}" for name, reason in made.left_out.items())
    print(f"refit on {len(history)} days: {', '.join(made.forecasts)}{left_out}")


if __name__ == "__main__":
    with top_level(Path(__file__).name):
        main(sys.argv[1:])
