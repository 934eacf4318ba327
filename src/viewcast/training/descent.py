"""Gradient descent, by the engine that can execute it.

Two engines follow the same description (``settings``, ``order``, ``units``, ``candidate``): the
compiled one (``viewcast.training.compiled``) and PyTorch (``viewcast.training.torch_engine``).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from viewcast.models.scaling import Scaling, Vector
from viewcast.training.candidate import Candidate
from viewcast.training.engine import Descent, Report
from viewcast.training.problem import Problem


def descend(
    problem: Problem,
    candidates: Sequence[Candidate],
    hidden: tuple[int, ...],
    scaling: Scaling,
    report: Report,
    workers: int = 1,
) -> list[Descent]:
    """Train every candidate; one result for each, the same for any company and any ``workers``.

    Goes on from the problem's checkpoint where there is one, to bit-equal results. ``workers``:
    candidates trained at the same time.
    """
    # torch takes more than a second to import: only its engine needs it.
    from viewcast.training.torch_engine import descent as torch_engine  # noqa: PLC0415

    def on_epochs(epoch: int, ran: NDArray[np.int64], train: Vector, val: Vector) -> None:
        report(ran, np.full(len(ran), epoch), train, val)

    return torch_engine.descend(problem, candidates, hidden, scaling, on_epochs)
