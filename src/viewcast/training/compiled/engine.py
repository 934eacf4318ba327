"""Gradient descent by the compiled kernel: one candidate after another on each core.

Candidates share nothing but the rows, which nobody writes. So the bits of a candidate depend
neither on its company nor on the number of threads.
"""

from collections.abc import Sequence

import numpy as np

from viewcast.models.scaling import Scaling
from viewcast.training.candidate import Candidate
from viewcast.training.compiled import machine
from viewcast.training.compiled.inputs import Inputs
from viewcast.training.compiled.pool import steps
from viewcast.training.compiled.saving import Saving
from viewcast.training.compiled.training import Training
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
    """Train candidates that agree in ``standardise`` and ``sample_weight``; see ``descent``.

    With a checkpoint they are trained one after the other. After an error, or an interruption by
    the user, the checkpoint holds all that was done.
    """
    settings = candidates[0].settings
    inputs = Inputs.of(problem, hidden, scaling, settings.sample_weight)
    loss, kernel = machine.loss_address(problem.loss), machine.kernel()
    trainings = [
        Training(place, candidate, inputs, loss) for place, candidate in enumerate(candidates)
    ]
    saving = Saving(problem, settings.checkpoint_seconds, trainings)
    saving.restore()
    workers = 1 if saving.wanted else min(workers, len(trainings))
    told = np.zeros(len(trainings), np.int64)  # epochs that were reported
    found: dict[int, Descent] = {}
    try:
        for training, epoch, ended in steps(trainings, kernel, workers):
            place = training.place
            losses = training.losses(int(told[place]), epoch)
            saving.save_if_due()
            if len(losses):
                epochs = np.arange(told[place] + 1, epoch + 1)
                report(np.full(len(epochs), place), epochs, losses[:, 0], losses[:, 1])
                told[place] = epoch
            if ended:
                found[place] = training.result()
                if not saving.wanted:
                    training.release()
    except BaseException:
        saving.save()
        raise
    return [found[place] for place in range(len(trainings))]
