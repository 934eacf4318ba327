"""The errors of viewcast. A message says what was found, where, what was expected, what to do."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from viewcast.base.masked import masked

if TYPE_CHECKING:
    import pandas as pd


class ViewcastError(Exception):
    """Base of all errors that a user can correct; scripts print it without a traceback.

    A message never shows the password of an address.
    """

    def __init__(self, message: str) -> None:
        super().__init__(masked(message))


Translation = Callable[[BaseException], ViewcastError | None]
_translations: list[Translation] = []


def translate(translation: Translation) -> None:
    """Let programs tell errors of a foreign library in words; None for one that it does not know.

    The room that uses the library says so when it is imported.
    """
    _translations.append(translation)


def in_words(error: BaseException) -> ViewcastError | None:
    """An error as a user can read it; None where it is a fault of this package."""
    if isinstance(error, ViewcastError):
        return error
    found = (translation(error) for translation in _translations)
    return next((each for each in found if each is not None), None)


class ConfigError(ViewcastError):
    """A setting is unknown or impossible, or it contradicts another one."""


class DataError(ViewcastError):
    """Input data were refused; nothing has been written."""


class CutFileError(DataError):
    """A file ends too early: its upload or download goes on, or was broken off.

    ``source``: the file. ``found``: what says that it was cut, in words, in which ``line`` (None
    where it has none). Where files arrive by themselves the right answer is to wait; of a file that
    somebody gave, to download it again.
    """

    def __init__(self, source: object, found: str, line: int | None = None) -> None:
        self.source, self.found, self.line = source, found, line
        where = f"{source}: " if line is None else f"{source}, line {line}: "
        whole = "" if line is None else ", or end its last line if nothing is missing"
        super().__init__(f"{where}{found}; it seems to be cut short: download it again{whole}")


class DivergenceError(ViewcastError):
    """The training loss grew without bound: the learning rate is too high for the problem.

    ``curve`` and ``path`` hold the epochs and updates until then, as in ``Trained``.
    """

    def __init__(self, message: str, curve: "pd.DataFrame", path: "pd.DataFrame") -> None:
        super().__init__(message)
        self.curve = curve
        self.path = path


class BudgetError(ViewcastError):
    """The budget of looks at these validation rows is spent: fresh rows are needed."""


class TrackingError(ViewcastError):
    """The tracking server cannot be reached, or lacks what was asked for."""


class SourceError(ViewcastError):
    """The source of new days cannot be reached, or refuses to answer at present."""


class LockedError(ViewcastError):
    """Another process is at work here: a retraining of this project, or a referee's own."""
