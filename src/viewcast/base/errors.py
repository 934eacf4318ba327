"""The errors of viewcast: every message says what was found, what was expected, what to do."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


class ViewcastError(Exception):
    """Base of all errors that a user can mend; entry points print it without a traceback."""


class ConfigError(ViewcastError):
    """A setting is unknown, impossible, or contradicts another one."""


class DataError(ViewcastError):
    """Input data was refused; nothing has been written."""


class DivergenceError(ViewcastError):
    """Training left the finite numbers: the learning rate is too high for the problem.

    ``curve`` and ``path`` hold the epochs and updates until then, as in ``Trained``.
    """

    def __init__(self, message: str, curve: "pd.DataFrame", path: "pd.DataFrame") -> None:
        super().__init__(message)
        self.curve = curve
        self.path = path


class BudgetError(ViewcastError):
    """The looks that these validation rows can bear are spent: fresh rows are due."""


class TrackingError(ViewcastError):
    """The tracking server cannot be reached or does not hold what was asked for."""


class SourceError(ViewcastError):
    """The source of new days cannot be reached, or refuses to answer for now."""


class LockedError(ViewcastError):
    """Another retraining is at work on this project."""
