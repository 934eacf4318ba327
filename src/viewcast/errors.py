"""The errors of viewcast: every message says what was found, what was expected, what to do."""


class ViewcastError(Exception):
    """Base of all errors that a user can mend; entry points print it without a traceback."""


class ConfigError(ViewcastError):
    """A setting is unknown, impossible, or contradicts another one."""


class DataError(ViewcastError):
    """Input data was refused; nothing has been written."""


class DivergenceError(ViewcastError):
    """Training left the finite numbers: the learning rate is too high for the problem."""


class TrackingError(ViewcastError):
    """The tracking server cannot be reached or does not hold what was asked for."""
