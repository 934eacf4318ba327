"""How a run ends whose process raises: FAILED by an error, KILLED by Ctrl-C or another signal.

A process that is killed outright leaves its run RUNNING; whoever repeats the work ends it KILLED.
"""

import contextlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from mlflow import MlflowClient

from viewcast.tracking.patience import ONCE, patience

FINISHED, FAILED, KILLED = "FINISHED", "FAILED", "KILLED"
STOPPED = "stopped from outside, by Ctrl-C or a signal"


def status(error: BaseException | None) -> str:
    """The status in which an error, or none, ends a run."""
    if error is None:
        return FINISHED
    return FAILED if isinstance(error, Exception) else KILLED


def failure(error: BaseException) -> str:
    """What the tag ``FAILURE`` says of an error."""
    return str(error) or repr(error) if isinstance(error, Exception) else STOPPED


@contextmanager
def ended_by_errors(client: MlflowClient, run_id: str) -> Iterator[None]:
    """Do the block; where it raises, end the run first.

    The run of a store that does not answer stays RUNNING: the first error is the one to tell.
    """
    try:
        yield
    except BaseException as error:
        with contextlib.suppress(Exception), patience(ONCE):
            client.set_terminated(run_id, status(error))
        raise


@contextmanager
def killed_where_half_written(client: MlflowClient, begun: Collection[str]) -> Iterator[None]:
    """Do the block; where it raises, end KILLED those runs that are in ``begun`` at that moment.

    They are what they should be once somebody repeats the work. Where the store does not answer,
    they stay RUNNING.
    """
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception), patience(ONCE):
            for run_id in list(begun):
                client.set_terminated(run_id, KILLED)
        raise
