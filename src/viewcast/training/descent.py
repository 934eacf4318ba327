"""Gradient descent, by the engine that can execute it.

Two engines follow the same description (``settings``, ``order``, ``units``, ``candidate``): the
compiled one (``viewcast.training.compiled``) and PyTorch (``viewcast.training.torch_engine``).
"""

from collections.abc import Sequence
from dataclasses import replace
from threading import Event, Lock

import numpy as np
from numpy.typing import NDArray

from viewcast.base.pool import in_threads, until
from viewcast.models.scaling import Scaling, Vector
from viewcast.training.candidate import Candidate
from viewcast.training.choice import Engine, engine_of
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

    Candidates agree in ``standardise`` and ``sample_weight``, as they share the rows. Goes on from
    the problem's checkpoint where there is one, to bit-equal results. ``workers``: candidates
    trained at the same time. ``report`` is called in one thread at a time. Raises ConfigError where
    ``engine = compiled`` cannot be.
    """
    by_engine: dict[Engine, list[int]] = {}
    for place, candidate in enumerate(candidates):
        engine = engine_of(candidate.settings, problem.loss, problem.device)
        by_engine.setdefault(engine, []).append(place)
    found: dict[int, Descent] = {}
    for engine, places in by_engine.items():
        execute = _by_torch if engine == "torch" else _by_kernel
        chosen = [candidates[place] for place in places]
        told = _renamed(report, np.array(places))
        own = replace(problem, identity=f"{problem.identity}-{engine}")
        results = execute(own, chosen, hidden, scaling, told, workers)
        found.update(zip(places, results, strict=True))
    return [found[place] for place in range(len(candidates))]


def _by_kernel(
    problem: Problem,
    candidates: Sequence[Candidate],
    hidden: tuple[int, ...],
    scaling: Scaling,
    report: Report,
    workers: int,
) -> list[Descent]:
    # The engine loads its machine code, which a forecast or a report does not need.
    from viewcast.training.compiled import engine  # noqa: PLC0415

    return engine.descend(problem, candidates, hidden, scaling, report, workers)


def _by_torch(
    problem: Problem,
    candidates: Sequence[Candidate],
    hidden: tuple[int, ...],
    scaling: Scaling,
    report: Report,
    workers: int,
) -> list[Descent]:
    """In chunks that fit the caches; on a GPU one chunk at a time."""
    # torch takes more than a second to import: only its engine needs it.
    from viewcast.training.torch_engine import descent as torch_engine  # noqa: PLC0415
    from viewcast.training.torch_engine.chunks import chunks  # noqa: PLC0415

    features, rows = len(problem.inputs), (len(problem.train), len(problem.validation))
    parts = list(chunks(candidates, features, hidden, rows[0], problem.device, rows[1]))
    if len(parts) > 1:  # one file holds the state of one chunk
        problem = replace(problem, checkpoint=None)
    stop, one_at_a_time = Event(), Lock()

    def train(places: list[int]) -> list[Descent]:
        chosen = [candidates[place] for place in places]

        def on_epochs(epoch: int, ran: NDArray[np.int64], train: Vector, val: Vector) -> None:
            with one_at_a_time:
                report(np.array(places)[ran], np.full(len(ran), epoch), train, val)

        return torch_engine.descend(problem, chosen, hidden, scaling, until(stop, on_epochs))

    results = in_threads(train, parts, workers if problem.device == "cpu" else 1, stop)
    found = {
        place: descent
        for places, part in zip(parts, results, strict=True)
        for place, descent in zip(places, part, strict=True)
    }
    return [found[place] for place in range(len(candidates))]


def _renamed(report: Report, places: NDArray[np.int64]) -> Report:
    """``report`` for candidates that are known by their places among these."""

    def told(own: NDArray[np.int64], epochs: NDArray[np.int64], train: Vector, val: Vector) -> None:
        report(places[own], epochs, train, val)

    return told
