"""What a data set of the configuration is: settings that make a prepared table."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import pandas as pd

from viewcast.data.published import Published


class DataSet(Protocol):
    """The settings of a data set."""

    @property
    def name(self) -> str:
        """Names its prepared table and its runs."""

    @property
    def label(self) -> str:
        """Its name in pictures; contains ``simulated`` where the data are."""

    @property
    def raw(self) -> str:
        """The folder of its source files, below the project."""

    @property
    def unit(self) -> str:
        """The unit of the target."""

    @property
    def splits(self) -> Mapping[str, Any]:
        """Every way of splitting the rows, by name."""

    @property
    def split(self) -> str:
        """Which of ``splits`` is used."""

    @property
    def part(self) -> str | None:
        """The part of the prepared table that ``split`` is in; None: one table for all splits."""

    @property
    def cluster(self) -> Literal["entity", "time", "both"] | None:
        """Which rows of the split are alike; None where they are one series."""

    @property
    def features(self) -> Mapping[str, list[str]]:
        """Feature sets by name: columns and ranges such as ``lag_1..lag_7``."""

    @property
    def block(self) -> int:
        """How many neighbouring rows belong together when noise is measured; 1: none."""

    @property
    def published(self) -> Mapping[str, Published]:
        """Figures that others published, by the name of the model."""

    @property
    def feature_lookback(self) -> int:
        """How many rows back a feature shows targets; 0: features show no target."""

    def prepare(self, root: Path) -> pd.DataFrame:
        """The prepared table of the part (``viewcast.data.table``) from the files below ``root``.

        Refuses (DataError) files that are not what the data set expects.
        """
