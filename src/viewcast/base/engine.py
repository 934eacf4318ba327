"""Where tasks run: on this machine, or on the workers of a Dask cluster.

A task is a pure function of its arguments, which can be pickled. Its result does not depend on
where it runs. Only the caller writes to MLflow.
"""

from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import Protocol


class Engine(Protocol):
    """The settings of an engine."""

    @property
    def name(self) -> str:
        """Names it in messages."""

    def executor(self) -> AbstractContextManager[Executor]:
        """Workers that take tasks as those of ``concurrent.futures`` do, until the end of a block.

        Raises ConfigError, in words, where they cannot be reached.
        """
