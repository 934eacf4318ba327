"""The checkpoints of candidates in training."""

import time
from collections.abc import Sequence

from viewcast.training import checkpoint
from viewcast.training.compiled.call import Array
from viewcast.training.compiled.training import Training
from viewcast.training.problem import Problem


class Saving:
    """Checkpoints of a problem that names a folder for them; else nothing is saved.

    ``seconds``: least time between two of them.
    """

    def __init__(self, problem: Problem, seconds: float, trainings: Sequence[Training]) -> None:
        self.folder, self.identity = problem.checkpoint, problem.identity
        self.seconds, self.trainings = seconds, trainings
        self.last = time.monotonic()

    @property
    def wanted(self) -> bool:
        """Whether there is a folder."""
        return self.folder is not None

    def restore(self) -> None:
        """Put every training where the checkpoint of this same run left it, if there is one."""
        saved = checkpoint.read(self.folder, self.identity) or {}
        states: dict[int, dict[str, Array]] = {}
        for key, array in saved.items():
            place, name = key.split(".")
            states.setdefault(int(place), {})[name] = array
        for training in self.trainings:
            if training.place in states:
                training.restore(states[training.place])

    def save_if_due(self) -> None:
        """Save, if the last time is long enough ago."""
        if time.monotonic() - self.last >= self.seconds:
            self.save()

    def save(self) -> None:
        """Write the state of all trainings; to be called while none of them goes on."""
        if self.folder is None:
            return
        arrays = {
            f"{training.place}.{name}": array
            for training in self.trainings
            for name, array in training.state().items()
        }
        checkpoint.write(self.folder, arrays, self.identity)
        self.last = time.monotonic()
