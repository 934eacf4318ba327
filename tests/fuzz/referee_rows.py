"""Tables of validation rows of which a referee is started: edited, broken, cut."""

import io
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from fuzz import evil
from fuzz.case import Case
from fuzz.target import Accepted, Target
from viewcast.referee.folder import RefereeFolder
from viewcast.referee.terms import Terms

N = 104
COLUMNS = ("day", "shop", "id", "y")


@cache
def table() -> pd.DataFrame:
    """Rows that can judge."""
    columns = {
        "day": pd.date_range("2023-01-01", periods=N).astype(str),
        "shop": np.resize(["Ghent", "Bruges"], N),
        "id": [str(place) for place in range(N)],
        "y": [str(value) for value in np.random.default_rng(2).normal(size=N)],
    }
    return pd.DataFrame(columns, dtype=object)


def written(rows: pd.DataFrame, kind: str) -> bytes:
    """The rows as a file; lone halves of characters, which no file holds, as `?`."""
    if kind == "csv":
        return rows.to_csv(index=False).encode("utf-8", "replace")
    content = io.BytesIO()
    whole = rows.map(lambda cell: str(cell).encode("utf-8", "replace").decode())
    whole.assign(y=_numbers(whole["y"])).to_parquet(content)
    return content.getvalue()


def _numbers(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce")
    return values if numbers.isna().any() else numbers


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One table, and which of its columns name the rows."""
    rows, made = table().copy(), []
    for _ in range(draw(st.integers(0, 3))):
        column, cell = draw(st.sampled_from(COLUMNS)), draw(evil.cells)
        rows.loc[draw(st.integers(0, N - 1)), column] = cell
        made.append(f"{column} {cell[:20]!r}")
    if draw(st.integers(0, 9)) == 0:
        rows[draw(st.sampled_from(COLUMNS))] = draw(evil.cells)
    kind = draw(st.sampled_from(("csv", "parquet")))
    content = written(rows, kind)
    if draw(st.booleans()):
        content, how = draw(evil.broken(content))
        made.append(how)
    named = draw(st.sampled_from(("-", "time=day", "key=id", "time=day,entity=shop", "key=day")))
    right = N if not made else None
    return Case({f"rows.{kind}": content, "named": named.encode()}, right, (kind, named, *made))


def run(given: Path, project: Path) -> Accepted:
    """Start a referee; how many rows it has."""
    (path,) = given.glob("rows.*")
    named = (given / "named").read_text().strip("-").split(",")
    names = dict(each.split("=") for each in named if each)
    folder = project / "referee"
    with RefereeFolder.start(folder, path, "y", "mae", Terms(), **names) as referee:  # type: ignore[arg-type]
        return Accepted(referee.plan.rows)


TARGET = Target("referee_rows", cases(), run, places=("mae: ", " rows: "))
