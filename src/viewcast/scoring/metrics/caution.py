"""When a bound from pseudo-losses of class metrics is approximate, and when there is none.

Measured over 50 runs each: with 1,000 rows the 95 % bound of F1, MCC, AUC and average precision
covers .92 to .98, with 200 rows .87 to .91.
"""

from viewcast.scoring.metric import RowValues, Vector

ROWS = 500  # from here on a bound is not called approximate
RARE = 50  # rows of the rarest class, below which there is no bound


def cautioned(values: Vector, rarest: int, *, defined: bool = True, more: str = "") -> RowValues:
    """Pseudo-losses with what is to be said of a bound from them.

    ``rarest``: rows of the rarest class, by target or, where the metric divides by it, by
    prediction. ``defined``: whether the metric has a derivative there. ``more``: a further caution.
    """
    if not defined:
        reason = "a class is never predicted, so the metric's noise cannot be told"
        return RowValues(values, reason, bound=False)
    if rarest < RARE:
        reason = f"the rarest class has {rarest} rows, a bound needs {RARE}"
        return RowValues(values, _joined(reason, more), bound=False)
    few = f"{len(values)} rows, below {ROWS} the bound is approximate" if len(values) < ROWS else ""
    return RowValues(values, _joined(few, more) or None)


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
