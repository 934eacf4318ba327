"""Progress bars on standard error; no output where standard error is not a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

OnEpoch = Callable[[int, float, float | None], None]


def ignore_epoch(epoch: int, train_loss: float, val_loss: float | None) -> None:
    """Do nothing after an epoch."""


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(show_speed=True),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


@contextmanager
def epochs(name: str, total: int | None) -> Iterator[OnEpoch | None]:
    """A bar over the epochs of a run; None where training has no epochs."""
    if total is None:
        yield None
        return
    with _progress() as bar:
        task = bar.add_task(name, total=total)
        yield lambda epoch, train_loss, val_loss: bar.update(task, completed=epoch)


@contextmanager
def runs(total: int) -> Iterator[Progress]:
    """A bar over the runs of all experiments; ``advance`` of task 0 moves it."""
    with _progress() as bar:
        bar.add_task("experiments", total=total)
        yield bar


@contextmanager
def candidate_epochs(candidates: int, total: int) -> Iterator[Callable[[int], None]]:
    """A bar over the epochs of all candidates of a sweep; call it with how many are done."""
    with _progress() as bar:
        task = bar.add_task(f"{candidates:,} candidates, epochs", total=total)
        yield lambda epochs: bar.advance(task, epochs)


@contextmanager
def origins(total: int) -> Iterator[Callable[[], None]]:
    """A bar over the past days that a backtest forecasts from; call it after each."""
    with _progress() as bar:
        task = bar.add_task("backtest", total=total)
        yield lambda: bar.advance(task)


def note(text: str) -> None:
    """Say why there is a pause, in a line that stays."""
    console = Console(stderr=True)
    if console.is_terminal:
        console.print(text, markup=False, highlight=False)


def tell(text: str) -> None:
    """Say what a person must know, in a line of standard error, be it a terminal or a log."""
    print(f"viewcast: {text}", file=sys.stderr)
