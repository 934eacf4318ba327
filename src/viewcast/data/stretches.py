"""Whether a set of rows of which only the identity is known is a stretch of a longer table.

The identity of a set tells nothing of its rows (``viewcast.data.table.holdout``), so that it can
only be compared with those of sets which somebody has. These are the stretches of a table in order
of time: validation rows usually are the last ones of something.
"""

from bisect import bisect_left, insort

import pandas as pd

from viewcast.data.table import holdout, is_large, of_digests, row_digests

MOST = 20_000_000  # hashes of rows to go through, about a second; beyond, only both ends are tried


def has_stretch(rows: pd.DataFrame, count: int, identity: str) -> bool:
    """Whether so many rows that follow each other have this identity (``table.holdout``).

    ``rows``: entity, time, target in order of time. Rows that are all of the table are no stretch.
    """
    starts = len(rows) - count
    if count < 1 or starts < 1:
        return False
    ends = (rows.iloc[:count], rows.iloc[starts:])
    if any(holdout(end) == identity for end in ends):
        return True
    if starts * count > MOST or is_large(ends[0]):
        return False
    digests = row_digests(rows)
    window = sorted(digests[:count])
    for leaving, coming in zip(digests, digests[count:], strict=False):
        del window[bisect_left(window, leaving)]
        insort(window, coming)
        if of_digests(window) == identity:
            return True
    return False
