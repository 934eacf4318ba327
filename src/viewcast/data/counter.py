"""Counters that only grow, such as the views of a channel in YouTube's Data API.

The figure of a day is the reading of that day less the reading of the day before. Where a single
reading is missing, the counter is taken to have grown evenly between its neighbours. Views that are
taken back make a difference below zero: that day counts as missing.
"""

import numpy as np
import pandas as pd

from viewcast.base.errors import DataError
from viewcast.data.gaps import missing, refuse_long, spans

LEAST = 14  # readings from which on a series that never falls is suspected to be a counter


def differences(readings: pd.Series, source: object) -> tuple[pd.Series, list[str]]:
    """The figures of the days from the second reading on, and what is told of them.

    ``readings``: a counter by day, in order, each day once; float64. Refuses (DataError) fewer than
    two readings, and two or more in a row that are missing.
    """
    if len(readings) < 2:
        raise DataError(
            f"{source}: found {len(readings)} readings of a counter, expected 2 or more"
        )
    absent = missing(pd.DatetimeIndex(readings.index))
    refuse_long(absent, source)
    told = ["the figures of days are the differences of a counter"]
    if len(absent):
        told.append(f"the counter was not read on {spans(absent)}; it grew evenly around them")
    whole = readings.asfreq("D").interpolate()
    # Half a view is nobody's: an even share is rounded, the other day has the rest.
    steps = whole.round().diff().iloc[1:]
    back = pd.DatetimeIndex(steps.index[steps < 0])
    if len(back):
        told.append(f"views were taken back on {spans(back)}, which count as missing")
    return steps[steps >= 0], told


def looks_cumulative(series: pd.Series) -> bool:
    """Whether daily figures look like a counter: they never fall, and begin above every step."""
    steps = np.diff(series.to_numpy(np.float64))
    return bool(
        len(series) >= LEAST and (steps >= 0).all() and series.iloc[0] > 2 * steps.sum() > 0
    )
