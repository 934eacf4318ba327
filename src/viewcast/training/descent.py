"""The training loop: K candidates of one architecture, epoch by epoch, the best of each kept.

An ordinary run is the cohort with K = 1. Candidates share the rows and the shape of a batch; each
has its own start, order of rows, learning rate, patience and end. Who has ended (patience spent,
diverged) is left out of the books at once and out of the arithmetic as soon as that saves an
eighth. Nothing that one candidate does can be seen in another's numbers: tests compare bits
(hidden layers of a single unit are compared to 1e-6: how their products round depends on company).

Shape letters: K candidates, N training rows, M validation rows, F features, P parameters (padded),
E epochs, B batch rows. Nothing here knows MLflow, Hydra or files other than the checkpoint.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from viewcast.models import network
from viewcast.models.scaling import Scaling, Vector
from viewcast.training import checkpoint, optimizer
from viewcast.training.candidate import Candidate, OnEpochs, Rules
from viewcast.training.network_batch import Data, Scene
from viewcast.training.problem import Problem
from viewcast.training.settings import DescentSettings
from viewcast.training.state import State
from viewcast.training.trajectory import Losses, cell_count, in_cells


@dataclass(frozen=True)
class Descent:
    """Parameters kept (P₀,), loss curve, the epoch they are from, the path if asked for.

    ``trajectory`` (E, cells): the validation losses after each epoch of a candidate that keeps its
    best, in raw units, row by row or in cells; no epochs otherwise. ``failure`` says how a
    candidate diverged, and is None for one that did not.
    """

    flat: Vector
    curve: pd.DataFrame
    best_epoch: int
    path: pd.DataFrame
    trajectory: Losses
    failure: str | None


def descend(
    problem: Problem,
    candidates: Sequence[Candidate],
    hidden: tuple[int, ...],
    scaling: Scaling,
    on_epochs: OnEpochs,
) -> list[Descent]:
    """Train candidates whose settings agree in all but ``cohort.OWN``; one result for each.

    Losses of the curves are in raw units. Goes on from the problem's checkpoint where there is
    one, to bit-equal results. ``on_epochs`` is told of each epoch: its number, the candidates
    (k,) that ran it, their training and validation losses (k,).
    """
    torch.set_num_threads(problem.threads)  # their number changes the last bits of a sum
    everyone, shared = list(candidates), candidates[0].settings
    dtype, device = getattr(torch, shared.precision), torch.device(problem.device)
    data = Data.of(problem, scaling, dtype, device)
    raw_units = problem.loss.rescale(scaling.y_std)

    scene = Scene(data, everyone, hidden, problem.loss, raw_units)
    for place, candidate in enumerate(everyone):
        scene.flat[place, : len(candidate.start)] = torch.as_tensor(candidate.start, dtype=dtype)
    scene.forget_masked()
    memory = optimizer.Memory.empty(scene.flat, scene.lr)
    start_loss = scene.train_loss().cpu().numpy()
    rules = Rules.of(everyone, start_loss, raw_units)
    cells = cell_count(len(data.y_val)) if rules.best.any() else 0
    state = State.first(memory, scene.flat, [c.seed for c in everyone], shared.epochs, cells)
    saved = checkpoint.read(problem.checkpoint, problem.identity)
    if saved is not None:
        state.restore(saved)
        scene = _scene_of(state, everyone, scene, hidden)
        for epoch in range(1, state.epoch + 1):
            ran = np.flatnonzero((state.last == 0) | (state.last >= epoch))
            on_epochs(epoch, ran, *state.curve[epoch - 1, ran].T)
    last_write = time.monotonic()

    while state.epoch < shared.epochs and state.running.any():
        train_loss = _one_epoch(scene, state, shared).cpu().numpy()
        _keep_books(scene, state, rules, train_loss)
        ran = np.flatnonzero((state.last == 0) | (state.last == state.epoch))
        on_epochs(state.epoch, ran, *state.curve[state.epoch - 1, ran].T)
        running = state.running
        if running.any() and 8 * running.sum() <= 7 * len(running):
            state.keep_only(torch.as_tensor(np.flatnonzero(running)))
            scene = _scene_of(state, everyone, scene, hidden)
        if problem.checkpoint and time.monotonic() - last_write >= shared.checkpoint_seconds:
            checkpoint.write(problem.checkpoint, state.tensors(), problem.identity)
            last_write = time.monotonic()
    size = network.size(data.x.shape[-1], hidden)
    updates = int(state.memory.step) // max(state.epoch, 1)
    return [
        _result(state, c, place, size, updates, start_loss[place])
        for place, c in enumerate(everyone)
    ]


def _scene_of(
    state: State, everyone: list[Candidate], former: Scene, hidden: tuple[int, ...]
) -> Scene:
    """The scene of the candidates that are still computed."""
    computed = [everyone[place] for place in state.ids.tolist()]
    scene = Scene(former.data, computed, hidden, former.loss, former.raw_units)
    torch.mul(state.memory.units, scene.lr, out=scene.flat)
    return scene


def _one_epoch(scene: Scene, state: State, shared: DescentSettings) -> Tensor:
    """One update per batch, over all training rows of each candidate once; the training loss (K,).

    ``after`` the epoch it is the loss of all rows, ``during`` it that of each row just before the
    update that the row was used for.
    """
    size = scene.count if shared.batch_size == "full" else shared.batch_size
    # The order of rows within the one batch there is would change nothing but rounding.
    order = _orders(scene, state) if shared.shuffle and size < scene.count else None
    for x, y, predicted in scene.batches(size, order):
        passes = scene.passes(y.shape[1])
        passes.forward(x, predicted)
        passes.backward(x, scene.loss.slope(predicted, y, 1 / y.shape[1]))
        if scene.decays:
            scene.slope.addcmul_(scene.flat, scene.decay)
        if shared.optimiser == "sgd":
            optimizer.sgd(scene.flat, scene.slope, state.memory, scene.lr, shared.momentum)
        else:
            betas = (shared.momentum, shared.beta2)
            optimizer.adam(scene.flat, scene.slope, state.memory, scene.lr, betas)
        if shared.keep_path:
            state.path.append(scene.flat[0].clone())
    state.epoch += 1
    return scene.train_loss() if shared.train_loss == "after" else scene.epoch_loss(order)


def _orders(scene: Scene, state: State) -> Tensor:
    """A new order (K, N) of the rows of each computed candidate."""
    generators = [state.orders[place] for place in state.ids.tolist()]
    orders = [torch.randperm(scene.count, generator=generator) for generator in generators]
    return torch.stack(orders).to(scene.flat.device)


def _keep_books(scene: Scene, state: State, rules: Rules, train: Vector) -> None:
    """Validate every computed candidate; note losses, better parameters, and who has ended."""
    places = np.flatnonzero(state.running)
    who = state.ids.numpy()[places]
    losses = scene.val_losses()
    train, val = train[places], scene.mean(losses).cpu().numpy()[places]
    state.curve[state.epoch - 1, who] = np.stack([train, val], -1)
    best = rules.best[who]
    if state.trajectory.size:
        cells = in_cells(losses).cpu().numpy()[places].astype(np.float64)
        with np.errstate(over="ignore"):  # beyond single precision a loss is infinite
            state.trajectory[who, state.epoch - 1] = cells * scene.raw_units
    lost = best & ~np.isfinite(val) | ~(train <= rules.limit[who])
    state.diverged[who] = lost
    better = ~lost & (~best | (val < state.best_loss[who]))
    state.best_loss[who[better]], state.best_epoch[who[better]] = val[better], state.epoch
    ended = lost | (state.epoch - state.best_epoch[who] >= rules.patience[who])
    state.last[who[ended]] = state.epoch
    if better.any():
        device = scene.flat.device
        from_ = torch.as_tensor(places[better], device=device)
        state.best[torch.as_tensor(who[better], device=device)] = scene.flat[from_]


def _result(
    state: State, candidate: Candidate, place: int, size: int, updates: int, start_loss: float
) -> Descent:
    last = int(state.last[place]) or state.epoch
    losses = state.curve[:last, place]
    curve = pd.DataFrame(losses, columns=["train_loss", "val_loss"])
    curve.insert(0, "epoch", np.arange(1, last + 1))
    failure = None
    if state.diverged[place]:
        failure = (
            f"diverged at step {last * updates} (epoch {last}) with learning rate "
            f"{candidate.settings.lr:g}: training loss {losses[-1, 0]:.4g} after "
            f"{start_loss:.4g} at the start; try a smaller trainer.lr"
        )
    kept = state.best[place, :size].cpu().numpy().astype(np.float64)
    path, best_epoch = _path(state.path, size), int(state.best_epoch[place])
    trajectory = state.trajectory[place, : last if candidate.settings.keep == "best" else 0]
    return Descent(kept, curve, best_epoch, path, trajectory, failure)


def _path(path: list[Tensor], size: int) -> pd.DataFrame:
    if not path:
        return pd.DataFrame()
    values = torch.stack(path)[:, :size].double().cpu().numpy()
    columns = [f"p{i}" for i in range(size - 1)] + ["b"]
    frame = pd.DataFrame(values, columns=columns)
    frame.insert(0, "update", np.arange(1, len(frame) + 1))
    return frame
