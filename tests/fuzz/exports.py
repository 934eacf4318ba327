"""Exports of YouTube Studio and of other sites: whole ones in many forms, and damaged ones.

What an accepted export must give is known as ``{"days": {day: views}, "whole": bool}``: not whole
is one whose damage may lose days, but may change none; of None nothing is known.
"""

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fuzz import evil
from fuzz.case import Case
from fuzz.damages import damaged
from fuzz.real import exports as real_exports
from fuzz.sheet import sheets
from fuzz.target import Accepted, Target
from viewcast.data.export import Wanted
from viewcast.data.studio import read_folder


@st.composite
def contents(draw: st.DrawFn) -> tuple[bytes, dict[str, Any], tuple[str, ...]]:
    """The bytes of an export, what it must be read as, and how it was made."""
    sheet, made = draw(sheets()), []
    for _ in range(draw(st.integers(0, 2))):
        sheet, how = draw(damaged(sheet))
        made.append(how)
    content, right = sheet.content(), sheet.right()
    if draw(st.integers(0, 3)) == 0:
        content, how = draw(evil.broken(content))
        made.append(how)
        right = right if how.startswith("cut") else {"days": {}, "whole": None}
        right = {**right, "whole": False if how.startswith("cut") else None}
    return content, right, tuple(made)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """One export in a file of its own, made here or a real one."""
    name = draw(st.sampled_from(("Totals.csv", "Totals.csv", "daily.CSV", "a b.csv")))
    real = real_exports()
    if real and draw(st.integers(0, 3)) == 0:
        chosen = draw(st.sampled_from(real))
        content, how = draw(evil.broken(chosen.read_bytes()))
        return Case({name: content}, None, (chosen.name, how))
    content, right, made = draw(contents())
    return Case({name: content}, right, made)


def agrees(value: Any, right: Any) -> bool:
    """Whether what was read is right, as far as that is known."""
    if right["whole"] is None:
        return True
    found, known = value["days"], right["days"]
    if right["whole"]:
        return bool(found == known)
    return all(known[day] == views for day, views in found.items() if day in known)


def days_of(series: Any) -> dict[str, Any]:
    """A series as plain values."""
    return {"days": {f"{day:%Y-%m-%d}": float(views) for day, views in series.items()}}


def run(given: Path, project: Path) -> Accepted:
    """Read the one file."""
    (file,) = given.iterdir()
    return Accepted(days_of(read_folder(file, Wanted()).whole.views))


TARGET = Target("exports", cases(), run, agrees)
