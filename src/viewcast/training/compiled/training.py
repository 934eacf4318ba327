"""One candidate on its way through the kernel: its arrays, its state, its result.

Shape letters: F features, H units of the first layer, E epochs, P parameters.
"""

import time
from typing import Any

import numpy as np

from viewcast.models import network
from viewcast.training import trajectory
from viewcast.training.candidate import Candidate
from viewcast.training.compiled.call import (
    BLOCK,
    BOOKS,
    DIVERGED,
    NEVER,
    Array,
    Call,
    Kernel,
    Record,
    new_arrays,
    new_books,
    settings_of,
    shapes,
)
from viewcast.training.compiled.inputs import Inputs
from viewcast.training.engine import Descent, diverged

# So long a call of the kernel may last: progress and an interruption by the user wait for it.
SLICE_SECONDS = 0.2
SPEED = 1e10  # operations per second, for a first guess of what a slice holds
BLOCK_SECONDS = 1e-6  # that a block of rows costs at least
OWN = ("own", "state", "results", "work")  # groups of arrays that belong to one candidate


class Training:
    """``begin``, then ``go_on`` until ``ended``, then ``result``.

    ``place``: among the candidates. ``epoch``: epochs done so far.
    """

    def __init__(self, place: int, candidate: Candidate, inputs: Inputs, loss: int) -> None:
        self.place, self.candidate, self.inputs = place, candidate, inputs
        self.settings = _settings(candidate, inputs, loss)
        self.call: Call | None = None
        rows = min(int(self.settings["batch"]), BLOCK)
        seconds = 6 * inputs.layout.parameters * rows / SPEED + BLOCK_SECONDS
        self.budget = max(1, int(SLICE_SECONDS / seconds))

    def begin(self) -> None:
        """Make the arrays, unless ``restore`` has."""
        if self.call is None:
            arrays = new_arrays(self.settings, OWN)
            arrays["params"][:] = self.inputs.layout.pack(self._first_params())
            self._take(arrays, new_books())

    def restore(self, saved: dict[str, Array]) -> None:
        """Go back to what ``state`` gave."""
        arrays = new_arrays(self.settings, OWN)
        books = saved.pop("books").view(BOOKS).reshape(())
        for name, array in saved.items():
            arrays[name][: len(array)] = array
        self._take(arrays, books)

    def release(self) -> None:
        """Let go of the arrays."""
        self.call = None

    def go_on(self, kernel: Kernel) -> None:
        """Train for about ``SLICE_SECONDS``."""
        assert self.call is not None, "begin comes first"
        start = time.perf_counter()
        self.call(kernel, self.budget)
        spent = time.perf_counter() - start
        if not self.ended:
            self.budget = max(1, int(self.budget * min(4.0, SLICE_SECONDS / max(spent, 1e-9))))

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return 0 if self.call is None else int(self.call.books["epoch"])

    @property
    def ended(self) -> bool:
        """Whether there is nothing left to do."""
        return self.call is not None and self.call.ended

    def losses(self, first: int, last: int) -> Array:
        """Training and validation losses (E, 2) of the epochs after ``first`` up to ``last``."""
        assert self.call is not None, "begin comes first"
        return self.call.arrays["curve"][first:last]

    def state(self) -> dict[str, Array]:
        """All that the next step depends on, and the results so far; nothing before ``begin``."""
        if self.call is None:
            return {}
        books, arrays = self.call.books, self.call.arrays
        begun = self.epoch + 1  # its training loss may be there already
        done = {"curve": begun, "trajectory": begun, "path": int(books["updates"])}
        wanted = [name for name, spec in shapes(self.settings).items() if spec.group == "state"]
        saved = {name: arrays[name] for name in (*wanted, *done)}
        saved |= {name: arrays[name][:count] for name, count in done.items()}
        return {**saved, "books": np.frombuffer(books.tobytes(), np.uint8)}

    def result(self) -> Descent:
        """What the training has left; to be asked for when it has ended."""
        assert self.call is not None, "begin comes first"
        books, arrays, settings = self.call.books, self.call.arrays, self.candidate.settings
        layout, curve = self.inputs.layout, arrays["curve"][: self.epoch]
        failure = None
        if books["status"] == DIVERGED:
            start = float(books["start_loss"])
            failure = diverged(settings, int(books["updates"]), start, curve)
        path = [layout.unpack(each) for each in arrays["path"][: int(books["updates"])]]
        losses = arrays["trajectory"][: self.epoch if settings.restore_best else 0]
        kept = layout.unpack(self.call.kept).astype(np.float64)
        return Descent.of(kept, curve, int(books["best_epoch"]), path, losses, failure)

    def _take(self, arrays: dict[str, Array], books: Record) -> None:
        if self.settings["subset"]:
            arrays["chosen"][:] = self.candidate.rows(self.inputs.training_rows)
        if self.settings["masked"]:
            arrays["mask"][self.candidate.features(self.inputs.layout.features)] = 1
        self.call = Call(self.settings, books, {**arrays, **self.inputs.arrays})

    def _first_params(self) -> Any:
        """The initial parameters (P,), 0 for the weights of features that are not seen."""
        layout, params = self.inputs.layout, self.candidate.init.copy()
        if self.settings["masked"]:
            layers = network.unflatten(params, layout.features, layout.inner, layout.outputs)
            unseen = np.ones(layout.features, np.bool_)
            unseen[self.candidate.features(layout.features)] = False
            layers[0][0][unseen] = 0
        return params


def _settings(candidate: Candidate, inputs: Inputs, loss: int) -> Record:
    """The kernel's settings of a candidate. ``loss``: the address of its machine code."""
    settings, layout, units = candidate.settings, inputs.layout, inputs.units
    rows = inputs.training_rows
    if settings.row_share < 1:
        rows = len(candidate.rows(rows))
    batch = rows if settings.batch_size == "full" else min(settings.batch_size, rows)
    validated = inputs.validation_rows
    return settings_of(
        all_rows=inputs.training_rows,
        rows=rows,
        validation_rows=validated,
        outputs=layout.outputs,
        width=layout.width,
        stride=layout.stride,
        layers=len(layout.inner),
        parameters=layout.parameters,
        hidden=layout.hidden,
        transposed=layout.transposed,
        epochs=settings.epochs,
        batch=batch,
        patience=NEVER if settings.patience is None else settings.patience,
        cell=trajectory.cell_size(validated) if settings.restore_best else 0,
        shuffle=settings.shuffle and batch < rows,
        subset=settings.row_share < 1,
        masked=settings.feature_share < 1,
        weighted=inputs.weighted,
        adam=settings.optimizer == "adam",
        during=settings.train_loss == "during",
        restore_best=settings.restore_best,
        keep_path=settings.keep_path,
        loss=loss,
        seed=candidate.order_seed,
        lr=settings.lr,
        momentum=settings.momentum,
        beta2=settings.beta2,
        weight_decay=settings.weight_decay,
        divergence_factor=settings.divergence_factor,
        shift=units.shift,
        scale=units.scale,
        factor=units.factor,
    )
