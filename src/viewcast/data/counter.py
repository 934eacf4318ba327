"""Counters that only grow, such as the views of a channel in YouTube's Data API.

The figure of a day is the reading of that day less the reading of the day before. Where a single
reading is missing, the counter is taken to have grown evenly between its neighbours. Views that are
taken back make a difference below zero: that day counts as missing unless another policy is asked.
"""

import numpy as np
import pandas as pd

from viewcast.base.errors import DataError
from viewcast.data.gaps import missing, refuse_long, spans
from viewcast.data.not_counted import Policy

LEAST = 14  # readings from which on a series that never falls is suspected to be a counter


def differences(
    readings: pd.Series, source: object, negative: Policy = "missing"
) -> tuple[pd.Series, list[str]]:
    """The figures of the days from the second reading on, and what is told of them.

    ``readings``: a counter by day, in order, each day once; float64. ``negative``: what becomes of
    a day on which it fell. Refuses (DataError) fewer than two readings, two or more in a row that
    are missing, and falls where ``negative`` says so.
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
    if len(back) and negative == "refuse":
        raise DataError(
            f"{source}: the counter falls on {spans(back)}, expected one that only grows; "
            "negative=missing or negative=zero allow it"
        )
    if len(back):
        told.append(f"views were taken back on {spans(back)}, which count as {negative}")
    return (steps.clip(lower=0) if negative == "zero" else steps[steps >= 0]), told


def looks_cumulative(series: pd.Series) -> bool:
    """Whether daily figures look like a counter: they never fall, and begin above every step or
    rise so often that no weekend can lie among them.
    """
    steps = np.diff(series.to_numpy(np.float64))
    above = len(series) >= LEAST and series.iloc[0] > 2 * steps.sum() > 0
    return bool((steps >= 0).all() and (above or (steps > 0).sum() >= 2 * LEAST))
