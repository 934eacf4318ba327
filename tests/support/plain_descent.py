"""Gradient descent as a textbook writes it, one candidate at a time, to compare engines with.

Losses are measured in raw units from predictions in raw units, and gradients are those of automatic
differentiation, so that nothing of an engine is used but the description it shares with others: the
order of rows, the parts of rows and features, and what a network is.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from viewcast.models import network
from viewcast.models.scaling import Scaling, Vector
from viewcast.training.candidate import Candidate
from viewcast.training.order import orders
from viewcast.training.problem import Problem
from viewcast.training.weights import row_weights


@dataclass
class Course:
    """Losses after and during every epoch, those of validation, and parameters (P,) after it."""

    after: list[float] = field(default_factory=list)
    during: list[float] = field(default_factory=list)
    val: list[float] = field(default_factory=list)
    params: list[Vector] = field(default_factory=list)

    @property
    def best_epoch(self) -> int:
        """The first epoch with the least validation loss."""
        return int(np.argmin(self.val)) + 1


def plain_descent(given: Problem, one: Candidate, hidden: tuple[int, ...]) -> Course:
    """All epochs of the candidate's settings, but for an early end."""
    s, dtype = one.settings, getattr(torch, one.settings.precision)
    scaling: Scaling = s.scaling(given)
    unit = given.loss.rescale(scaling.y_std) or 1.0
    seen = np.isin(np.arange(len(given.inputs)), one.features(len(given.inputs)))

    def tensor(values: Vector) -> Tensor:
        return torch.tensor(values, dtype=dtype)

    part, shape = one.rows(len(given.train)), (len(given.inputs), hidden, len(given.outputs))
    weight = row_weights(given, s.sample_weight)
    by_row = tensor(np.ones(len(part)) if weight is None else weight[part])
    x, x_val = (tensor(scaling.inputs(given.x(r)) * seen) for r in (given.train, given.validation))
    y, y_val = (tensor(given.targets(r)) for r in (given.train, given.validation))
    x, y = x[part], y[part]
    flat = tensor(one.init)
    network.unflatten(flat, *shape)[0][0].mul_(tensor(seen)[:, None])
    flat.requires_grad_()

    def losses(x: Tensor, y: Tensor) -> Tensor:
        predicted = scaling.outputs(network.outputs(network.unflatten(flat, *shape), x))
        of_rows: Tensor = given.loss.rows(predicted, y).mean(-1)
        return of_rows

    rule: torch.optim.Optimizer = torch.optim.SGD(
        [flat], s.lr, momentum=s.momentum, weight_decay=s.weight_decay
    )
    if s.optimizer == "adam":
        betas = (s.momentum, s.beta2)
        rule = torch.optim.Adam([flat], s.lr, betas=betas, weight_decay=s.weight_decay)
    course, size = Course(), len(x) if s.batch_size == "full" else s.batch_size
    for epoch in range(1, s.epochs + 1):
        (order,) = orders(np.array([one.seed], np.uint64), epoch, len(x))
        during = 0.0
        for batch in torch.split(torch.tensor(order if s.shuffle else np.arange(len(x))), size):
            rule.zero_grad()
            found = losses(x[batch], y[batch])
            ((by_row[batch] * found).mean() / unit).backward()
            rule.step()
            during += found.sum().item() / len(x)
        with torch.no_grad():
            course.after.append(losses(x, y).mean().item())
            course.during.append(during)
            course.val.append(losses(x_val, y_val).mean().item())
            course.params.append(flat.detach().double().numpy().copy())
    return course
