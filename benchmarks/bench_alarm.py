"""The alarm: how often it rings without a change, how soon with one, and what it finds on channels.

    python benchmarks/bench_alarm.py --channels 16 --data ../shared/data

Forecasts of every night are the mean of logs of ridge and rhythm, which take few milliseconds. The
calm channels are those of ``conf/simulator.yaml``: a fourth of them as it is, the others with noise
of 6 to 30 % a day, other tails and memories. Each has two years of nights; a New Year's dip of ten
days in each year is theirs. Then views are changed on the 40th day before the end.

``alarms a year``: those of calm channels, with the standard error of a Poisson count; of real
series whatever happened there counts as well. ``heard``: share of changes that rang within 14 days;
``days``: median of new days that were known then; ``named``: share whose day was named to the day.
Real series are read by path and left out without ``--data``.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from forecast_series import long_series
from numpy.typing import NDArray
from rich.progress import track
from side_by_side import keep

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.project import REPOSITORY
from support.regimes import three_changes
from viewcast.base.cli import compose
from viewcast.forecast.alarm import Alarm, alarms
from viewcast.forecast.combination import combined
from viewcast.forecast.history import WEEK, History
from viewcast.forecast.recipes import configured

Floats = NDArray[np.float64]
YEAR, WARMING = 365, 60  # days; nights until enough forecasts were kept
NIGHTS = 2 * YEAR + WARMING
AGO = 40  # days before the end that the change begins
HEARD = 14  # days
TURNED = -2 * np.array([0.15, 0.15, 0.1, 0.1, -0.1, -0.25, -0.15])  # of a week, in logs
CHANGES = {
    "three times the views": np.full(WEEK, np.log(3)),
    "a third of the views": np.full(WEEK, -np.log(3)),
    "half as many again": np.full(WEEK, np.log(1.5)),
    "weekends busy": TURNED,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--data", type=Path)
    arguments = parser.parse_args()
    calm, changed = [], {name: [] for name in CHANGES}
    for number in track(range(arguments.channels), "channels"):
        history = channel(number)
        logs = kept(history, len(history) - NIGHTS)
        calm.append(heard(history, logs))
        for name, step in CHANGES.items():
            changed[name].append(after(history, logs, step))
    rows = [_quiet("calm, simulated", calm, arguments.channels * 2.0)]
    rows += [_found(name, each) for name, each in changed.items()]
    if arguments.data is not None:
        for name, views in long_series(arguments.data).items():
            history = History.of(views)
            first = max(len(history) - NIGHTS, 90)
            rung = heard(history, kept(history, first))
            rows.append(_quiet(f"real: {name}", [rung], (len(history) - first - WARMING) / YEAR))
    keep("alarm", rows, f"{arguments.channels} simulated channels of two years of nights")


def channel(number: int) -> History:
    """A calm channel."""
    usual = three_changes("2017-01-01")[0]
    rng = np.random.default_rng(number)
    if number % 4:
        usual = replace(
            usual,
            level=float(np.exp(rng.uniform(np.log(200), np.log(50_000)))),
            noise=float(np.exp(rng.uniform(np.log(0.06), np.log(0.3)))),
            tail=float(rng.uniform(2.8, 8)),
            memory_low=float(rng.uniform(0.2, 0.8)),
            memory_high=float(rng.uniform(0, 0.6)),
        )
    return History.of(usual.history("2020-12-31", 100 + number).astype(float))


def kept(history: History, first: int) -> dict[int, Floats]:
    """The forecasts (7,) of each night from the day at ``first`` on, by the place of its origin."""
    return dict(_forecasts(history, range(first, len(history))))


def _forecasts(history: History, origins: range) -> Iterator[tuple[int, Floats]]:
    sections = compose(REPOSITORY, [], "retrain")["recipes"]
    recipes = configured({name: sections[name] for name in ("ridge", "rhythm")})
    for origin in origins:
        known = History(history.first, history.log[: origin + 1])
        logs = {name: each.fit(known, WEEK).forecast(known) for name, each in recipes.items()}
        yield origin, combined(logs)


def heard(history: History, logs: dict[int, Floats]) -> list[Alarm]:
    """The alarms over all nights."""
    known = np.append(history.log, np.full(WEEK, np.nan))
    errors = [known[origin + 1 : origin + 1 + WEEK] - log for origin, log in logs.items()]
    origins = [history.first + timedelta(days=origin) for origin in logs]
    return alarms(origins, np.array(errors), history)


def after(history: History, logs: dict[int, Floats], step: Floats) -> tuple[int, int] | None:
    """New days known when the change rang, and days by which its day was missed; None: silent."""
    place = len(history) - AGO
    log = history.log.copy()
    log[place:] += step[history.weekdays[place:]]
    moved = History(history.first, log)
    new = dict(_forecasts(moved, range(place, len(history))))
    since = history.first + timedelta(days=place)
    for alarm in heard(moved, {**logs, **new}):
        if since <= alarm.first < since + timedelta(days=HEARD):
            return (alarm.first - since).days + 1, (alarm.since - since).days
    return None


def _quiet(name: str, rung: list[list[Alarm]], years: float) -> dict[str, Any]:
    count = sum(len(each) for each in rung)
    error = float(np.sqrt(max(count, 1))) / years
    return {**_row(name), "alarms": count, "alarms a year": count / years, "error": error}


def _found(name: str, each: list[tuple[int, int] | None]) -> dict[str, Any]:
    rung = [found for found in each if found is not None]
    return {
        **_row(name),
        "heard": len(rung) / len(each),
        "days": float(np.median([days for days, _ in rung])) if rung else float("nan"),
        "named": float(np.mean([missed == 0 for _, missed in rung])) if rung else float("nan"),
    }


def _row(name: str) -> dict[str, Any]:
    names = ("alarms", "alarms a year", "error", "heard", "days", "named")
    return {"channel": name, **dict.fromkeys(names, float("nan"))}


if __name__ == "__main__":
    main()
