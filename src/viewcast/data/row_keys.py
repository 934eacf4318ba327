"""The keys of the rows of any table: which series, when, and a name that runs share.

Runs are compared row by row, so two runs that scored the same day must give it the same name,
whether a table holds its days as dates, as times or as text.
"""

from typing import Any

import pandas as pd

from viewcast.base.errors import DataError
from viewcast.base.quoted import quoted

ISO: dict[str, Any] = {"format": "ISO8601", "errors": "coerce"}
EXACT = 2.0**53  # beyond, a float is no whole number that somebody counted to
ZONE = r"(?:Z|[+-]\d\d:?\d\d)$"


def keys_of(
    table: pd.DataFrame,
    row: str | None = None,
    time: str | None = None,
    entity: str | None = None,
) -> pd.DataFrame:
    """Keys of all rows: columns entity, time, row (all text), the index of ``table``, by time.

    ``row``, ``time``, ``entity``: columns of ``table``, None where there is none. Without ``row``,
    a row is named by its time (after its entity, if there is one) where that is unique, otherwise
    by its position. Without ``time`` the rows are in order of time as they stand: the time is
    ``row`` where that holds dates, otherwise the position. An entity that is not given is "".

    Refuses (DataError) a missing key, and a ``row`` that occurs twice within an entity.
    """
    for column in (row, time, entity):
        if column is not None and table[column].isna().any():
            raise DataError(
                f"column {column!r}: missing in {int(table[column].isna().sum())} of {len(table)} "
                "rows; give every row its key"
            )
    positions = pd.Series(range(len(table)), index=table.index)
    entities = text(table[entity]) if entity else pd.Series("", index=table.index, dtype="str")
    moments = dated(table[time]) if time else positions
    if not time and row and pd.api.types.is_datetime64_any_dtype(dated(table[row])):
        moments = dated(table[row])
    keys = pd.DataFrame({"entity": entities, "time": text(moments)})
    if row:
        keys["row"] = text(dated(table[row]))
        _refuse_repeated(keys, row)
    elif keys.duplicated(["entity", "time"]).any():
        keys["row"] = text(positions)
    else:
        keys["row"] = (keys["entity"] + " " + keys["time"]).str.strip()
    return keys.loc[moments.sort_values(kind="stable").index]


def named_keys(
    table: pd.DataFrame,
    row: str | None = None,
    time: str | None = None,
    entity: str | None = None,
) -> pd.DataFrame:
    """As ``keys_of``, but where rows have names and no time, these are their time.

    Numbers that name rows are their order too, so that shuffled rows are known again.
    """
    if row is None or time is not None:
        return keys_of(table, row, time, entity)
    if pd.api.types.is_numeric_dtype(dated(table[row])):
        return keys_of(table, row, row, entity)
    named = keys_of(table, row, None, entity)
    return named.assign(time=named["row"])


def dated(values: Any) -> pd.Series:
    """Dates, times and their text in ISO 8601 as timestamps without zone; others as they are.

    Midnights stay the days of their own zone; moments of a day become UTC, where no hour
    comes twice.
    """
    series = pd.Series(values)
    if pd.api.types.is_datetime64_any_dtype(series):
        words, wall = series, series.dt.tz_localize(None)
        universal = pd.to_datetime(series, utc=True)
    elif pd.api.types.is_numeric_dtype(series):
        return series
    else:
        words = series.astype(str).where(series.notna())  # pandas 2 makes words of what is missing
        if pd.to_numeric(words.head(1), errors="coerce").notna().all():  # costs most of the time
            numbers = pd.to_numeric(words, errors="coerce")
            if numbers.notna().all():
                return numbers
        universal = pd.to_datetime(words, utc=True, **ISO)
        if words.head(1).str.contains(ZONE).any():
            wall = pd.to_datetime(words.str.replace(ZONE, "", regex=True), **ISO)
        else:
            wall = universal.dt.tz_localize(None)
    if universal.isna().any():
        return words
    days = (wall == wall.dt.normalize()).all()
    return wall if days else universal.dt.tz_localize(None)


def text(values: pd.Series) -> pd.Series:
    """Keys as text, the same whether 3 was stored as 3 or as 3.0."""
    whole = pd.api.types.is_float_dtype(values) and (values == values.round()).all()
    if whole and (values.abs() < EXACT).all():
        values = values.astype("int64")
    return values.astype(str)


def _refuse_repeated(keys: pd.DataFrame, column: str) -> None:
    repeated = keys.duplicated(["entity", "row"])
    if repeated.any():
        raise DataError(
            f"column {column!r}: {quoted(keys.loc[repeated, 'row'].iloc[0])} occurs twice, "
            f"{int(repeated.sum())} of {len(keys)} rows repeat another; expected one row per target"
        )
