"""Hidden rows that lie spread over the time of all rows, each stretch of them between gaps.

Gains change with the season. Hidden rows at the end tell of one season alone; these tell of all.
A row depends on its neighbours, so rows that chose would tell of hidden rows beside them, and the
estimate would flatter: between the two lie rows that are used for neither.

Shape letter: N rows.
"""

import math

import numpy as np
from numpy.typing import NDArray

from viewcast.base.errors import ConfigError, DataError
from viewcast.referee.gains import block_size
from viewcast.referee.terms import Terms

TOGETHER = 2  # blocks of a stretch: twice the gaps cost a tenth more of the rows
GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples lie evenly in a period, and none comes twice

Flags = NDArray[np.bool_]


def spread(rows: int, terms: Terms) -> tuple[Flags, Flags]:
    """Which rows (N,) judge, and which are hidden; the others are used for neither.

    The rows are cut into periods, each with one stretch of hidden rows: two blocks or longer, and
    the share that ``terms`` says of the rows in use. Between it and rows that judge lie
    ``terms.length`` rows. Its place in the period moves by the golden ratio: at one place a season
    as long as a period would always be met at the same phase. Nothing is random.

    Refuses (ConfigError) terms that do not say over how many rows a loss depends on others, and
    (DataError) rows that hold no period.
    """
    if terms.length <= 1:
        raise ConfigError(
            "hidden_rows = spread: length = 1 says that rows do not depend on their neighbours; "
            "hidden rows lie between those that judge, so a dependence that is not told would "
            "flatter the estimate: give length, 2 or more, or hidden_rows = last"
        )
    gap, least = math.ceil(terms.length), TOGETHER * block_size(terms.length)
    needed = 2 * gap + least / min(terms.hidden, 1 - terms.hidden)
    count = int(rows // needed)
    if not count:
        raise DataError(
            f"hidden_rows = spread: found {rows} rows, expected {math.ceil(needed)} or more for a "
            f"stretch of {least} hidden rows with gaps of {gap}; take more validation rows"
        )
    period = rows / count
    width = terms.hidden * (period - 2 * gap)
    judging, hidden = np.ones(rows, bool), np.zeros(rows, bool)
    for number in range(count):
        place = (number + 1) * GOLDEN % 1 * (period - 2 * gap - width)
        start = round(number * period + gap + place)
        stop = start + round(width)
        judging[start - gap : stop + gap] = False
        hidden[start:stop] = True
    return judging, hidden
