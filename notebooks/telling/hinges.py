"""Part 2: a sum of hinges, y = c₀ + Σ cᵢ max(0, bᵢ + wᵢ x), bent over the lectures.

The hinges are either put at lectures, and their heights come by least squares, or gradient descent
finds both.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from telling.rows import Lesson, Vector, lesson_of
from viewcast.models import network
from viewcast.models.fitted import FittedNetwork
from viewcast.models.scaling import Scaling
from viewcast.scoring.scores import Score
from viewcast.training import smallest_squares

UNITS = [1, 2, 3, 4, 5, 6, 8, 10, 12, 14]
POINTS = 240  # of a curve that is drawn


@dataclass(frozen=True)
class Bent:
    """A fitted sum of hinges: its losses, its curve (x, y), and each hinge alone (x, y, hinge)."""

    model: FittedNetwork
    train_loss: float
    validation: Score
    curve: pd.DataFrame
    alone: pd.DataFrame


@dataclass(frozen=True)
class Hinges:
    """Minutes over pages; learnt from the lectures of 2021, validated on those of 2025."""

    lesson: Lesson

    @classmethod
    def of(cls, root: Path) -> "Hinges":
        """The lectures, and the network of the lecture with its settings."""
        return cls(lesson_of(root, "lectures_deep"))

    @property
    def points(self) -> pd.DataFrame:
        """Pages, minutes and split of every lecture that is not sealed."""
        problem = self.lesson.problem
        parts = {"training": problem.train, "validation": problem.validation}
        return pd.concat(
            [
                rows[[*problem.inputs, "target", "row"]].assign(split=split)
                for split, rows in parts.items()
            ],
            ignore_index=True,
        ).rename(columns={problem.inputs[0]: "x", "target": "y"})

    def placed(self, units: int) -> Bent:
        """Hinges at ``units`` lectures, heights by least squares."""
        problem = self.lesson.problem
        x, y = problem.x(problem.train)[:, 0], problem.y(problem.train)
        return self._bent(put_at_points(x, y, units, problem.inputs))

    def learnt(self, units: int) -> Bent:
        """Hinges that gradient descent has found."""
        model = replace(self.lesson.model, units=units)
        fitted = self.lesson.trainer.fit(self.lesson.problem, model).model
        return self._bent(fitted)

    def _bent(self, model: FittedNetwork) -> Bent:
        points = self.points["x"]
        x = np.linspace(0, points.max() * 1.04, POINTS)
        rows = pd.DataFrame({model.inputs[0]: x})
        curve = pd.DataFrame({"x": x, "y": model.predict(rows)})
        alone = [
            pd.DataFrame({"x": x, "y": hinge.predict(rows), "hinge": number})
            for number, hinge in enumerate(each_alone(model), start=1)
        ]
        return Bent(
            model,
            self.lesson.train_loss(model),
            self.lesson.validation(model),
            curve,
            pd.concat(alone, ignore_index=True),
        )


def put_at_points(x: Vector, y: Vector, units: int, inputs: list[str]) -> FittedNetwork:
    """The network whose hinges lie at ``units`` of the points x (N,), nearest in squares to y (N,).

    The hinges lie evenly among the different x, the first at the smallest, none at the largest. So
    with one hinge less than different x, the sum passes through every point.
    """
    inside = np.unique(x)[:-1]
    units = min(units, len(inside))
    knots = inside[np.arange(units) * len(inside) // units]
    inner = [np.ones((1, len(knots))), -knots.reshape(1, -1)]
    design = np.column_stack([np.maximum(0, x[:, np.newaxis] - knots), np.ones(len(x))])
    outer = smallest_squares.solve(design, y[:, np.newaxis])
    params = np.concatenate([part.ravel() for part in (*inner, outer)])
    return FittedNetwork(inputs, (len(knots),), params, Scaling.identity(1))


def each_alone(model: FittedNetwork) -> list[FittedNetwork]:
    """One network for each hinge: all others and the constant taken away."""
    (units,) = model.hidden
    found = []
    for unit in range(units):
        params = model.params.copy()
        _, (outer, bias) = network.unflatten(params, len(model.inputs), model.hidden)
        outer[np.arange(units) != unit] = 0
        bias[:] = 0
        found.append(replace(model, params=params, scaling=replace(model.scaling, y_mean=0.0)))
    return found
