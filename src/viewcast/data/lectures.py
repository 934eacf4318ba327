"""Lectures: the minutes of a lecture from its slides. One row per slide deck of three courses."""

from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from viewcast.data import cells, raw, table
from viewcast.data.published import Published
from viewcast.data.split import ByLecture, known_split

COLUMNS = ["course", "lecture", "title", "pages", "words", "minutes"]

POSITIVE = pa.Check.in_range(
    0, np.inf, include_min=False, include_max=False, error="a number above 0"
)
WHOLE = pa.Check(lambda values: values % 1 == 0, error="a whole number")

SCHEMA = pa.DataFrameSchema(
    {
        "course": pa.Column(str, pa.Check.str_length(min_value=1, error="the name of a course")),
        "lecture": pa.Column(float, [pa.Check.ge(0, error="a number from 0"), WHOLE]),
        "pages": pa.Column(float, [POSITIVE, WHOLE]),
        "words": pa.Column(float, [POSITIVE, WHOLE], nullable=True),
        "minutes": pa.Column(float, POSITIVE),
        "row": pa.Column(str, unique=True),
    }
)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Lectures:
    """Slide decks with pages, words (unknown for some) and minutes.

    ``label``: how pages name the data. ``raw``: the folder of ``lectures.csv``. ``unit``: of the
    target. ``splits``: by name, which lectures train, validate and test. ``split``: the one of
    ``splits`` that is used. ``features``: named feature sets. ``block``: rows per block of
    dependent rows in standard errors (1: lectures are exchangeable). ``published``: the lecturer's
    figures by model.
    """

    name: str
    label: str
    raw: str
    unit: str
    splits: dict[str, ByLecture]
    split: str
    features: dict[str, list[str]]
    block: Annotated[int, Field(ge=1)]
    published: dict[str, Published]
    part: ClassVar[None] = None
    cluster: ClassVar[None] = None
    feature_lookback: ClassVar[int] = 0  # no feature contains minutes of any lecture

    @model_validator(mode="after")
    def _split_is_known(self) -> "Lectures":
        known_split(self.split, self.splits)
        return self

    def prepare(self, root: Path) -> pd.DataFrame:
        """The tidy table: features pages, words, words per page; one column per split."""
        source = root / self.raw / "lectures.csv"
        text = raw.read_columns(source, COLUMNS)
        frame = text[["course", "title"]].copy()
        for column in ("lecture", "pages", "words", "minutes"):
            frame[column] = cells.numbers(text[column], source)
        # By number, not by spelling: 01 and 1 are the same lecture.
        numbers = frame["lecture"].map("{:.0f}".format).astype("str")
        frame["row"] = text["course"] + "/" + numbers
        frame = raw.validate(frame, SCHEMA, source)
        keys = pd.DataFrame(
            {
                "row": frame["row"],
                "entity": frame["course"],
                "time": frame["lecture"].astype(np.int64),
                "target": frame["minutes"],
            }
        )
        features = frame[["pages", "words"]].assign(words_per_page=frame["words"] / frame["pages"])
        splits = {name: split.label(frame["row"]) for name, split in self.splits.items()}
        return table.assemble(keys, features, splits, self.unit)
