"""Real daily series that forecasts are measured on, by path: they are no part of the project.

Shape letter: D days.
"""

from pathlib import Path

import pandas as pd

from viewcast.data.studio import read_export

EXPORTS = {
    "coding": "studio/codingtrain-2021/Totals.csv",
    "german": "studio/weima-2020-german",
    "health": "studio/wholebrainhealth-2020-2022",
}
VIDEOS = "videos/adele6_2009_2018.csv.gz"
SHORT = {
    "DeumyOzKqgI": "skyfall",
    "hLQl3WQQoQ0": "someone",
    "YQHsXMglC9A": "hello",
    "rYEDA3JcQqw": "rolling",
    "Ri7-vnrJD3k": "fire",
    "BW9Fzwuf43c": "hometown",
}
COUNTERS = "api/channels_cumulative_daily_2026.csv.gz"
FIVE = ("coding", "german", "health", "skyfall", "someone")  # the table of the method's notes


def long_series(data: Path) -> dict[str, pd.Series]:
    """Daily views (D,) of three channels and six music videos, by a short name.

    Ends the program, as a success, where there is no such folder: `make benchmark` goes on.
    """
    if not data.is_dir():
        print(f"{data}: no such folder; nothing is measured; name the one of the series by --data")
        raise SystemExit(0)
    series = {name: read_export(data / path, None) for name, path in EXPORTS.items()}
    videos = pd.read_csv(data / VIDEOS, parse_dates=["date"])
    for identity, rows in videos.groupby("video_id"):
        series[SHORT[str(identity)]] = rows.set_index("date")["views"].asfreq("D").astype(float)
    return {name: series[name] for name in (*EXPORTS, *SHORT.values())}


def young_series(data: Path, days: int) -> dict[str, pd.Series]:
    """Channels that were counted on ``days`` + 1 days in a row or more: their last ``days`` daily
    views, by identity. Counters that go back, since views were taken back, leave a channel out.
    """
    table = pd.read_csv(data / COUNTERS, parse_dates=["date_utc"])
    found = {}
    for identity, rows in table.groupby("channel_id"):
        counter = rows.set_index("date_utc")["views"].sort_index()
        counter = counter[~counter.index.duplicated(keep="last")].asfreq("D")
        views = counter.diff().iloc[-days:]
        if len(views) == days and bool((views >= 0).all()) and views.sum() > 0:
            found[str(identity)] = views
    return found
