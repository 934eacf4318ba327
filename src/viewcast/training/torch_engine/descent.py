"""The training loop: K candidates of one architecture, epoch by epoch, the best of each kept.

An ordinary run is the cohort with K = 1. Candidates share the rows and the shape of a batch; each
has its own initial parameters, order of rows, learning rate, patience and end. A candidate that has
ended (patience used up, or diverged) is left out of the state update at once, and out of the
arithmetic as soon as that saves an eighth of it. No candidate changes the numbers of another: tests
compare bits (hidden layers of a single unit are compared to 1e-6, because the rounding of their
products depends on how many candidates share the product).

Shape letters: K candidates, N training rows, M validation rows, F features, P parameters (padded),
E epochs, B batch rows. Nothing here knows MLflow, Hydra or files other than the checkpoint.
"""

import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from viewcast.models import network
from viewcast.models.scaling import Scaling, Vector
from viewcast.training import checkpoint
from viewcast.training.candidate import Candidate, OnEpochs, Rules
from viewcast.training.engine import Descent
from viewcast.training.problem import Problem
from viewcast.training.settings import DescentSettings
from viewcast.training.torch_engine import optimizer
from viewcast.training.torch_engine.network_batch import Data, NetworkBatch
from viewcast.training.torch_engine.state import State
from viewcast.training.trajectory import cell_count, in_cells


def descend(
    problem: Problem,
    candidates: Sequence[Candidate],
    hidden: tuple[int, ...],
    scaling: Scaling,
    on_epochs: OnEpochs,
) -> list[Descent]:
    """Train candidates whose settings agree in all but ``chunks.OWN``; one result for each.

    Losses of the curves are in raw units. Goes on from the problem's checkpoint where there is
    one, to bit-equal results. ``on_epochs`` is called after each epoch with its number, the
    candidates (k,) that ran it, their training and validation losses (k,).
    """
    torch.set_num_threads(problem.threads)  # their number changes the last bits of a sum
    shared = candidates[0].settings
    dtype, device = getattr(torch, shared.precision), torch.device(problem.device)
    data = Data.of(problem, scaling, dtype, device)
    raw_units = _raw_units(problem, scaling)

    networks = NetworkBatch(data, candidates, hidden, problem.loss, raw_units)
    for place, candidate in enumerate(candidates):
        networks.params[place, : len(candidate.init)] = torch.as_tensor(candidate.init, dtype=dtype)
    networks.zero_masked_weights()
    optimizer_state = optimizer.OptimizerState.empty(networks.params, networks.lr)
    start_loss = networks.train_loss().cpu().numpy()
    rules = Rules.of(candidates, start_loss, raw_units)
    cells = cell_count(len(data.y_val)) if rules.restore_best.any() else 0
    state = State.first(
        optimizer_state, networks.params, [c.seed for c in candidates], shared.epochs, cells
    )
    saved = checkpoint.read(problem.checkpoint, problem.identity)
    if saved is not None:
        state.restore({name: torch.as_tensor(array) for name, array in saved.items()})
        networks = _networks_of(state, candidates, networks, hidden)
        for epoch in range(1, state.epoch + 1):
            ran = np.flatnonzero((state.last == 0) | (state.last >= epoch))
            on_epochs(epoch, ran, *state.curve[epoch - 1, ran].T)
    last_write = time.monotonic()

    while state.epoch < shared.epochs and state.running.any():
        train_loss = _one_epoch(networks, state, shared).cpu().numpy()
        _update_state(networks, state, rules, train_loss)
        ran = np.flatnonzero((state.last == 0) | (state.last == state.epoch))
        on_epochs(state.epoch, ran, *state.curve[state.epoch - 1, ran].T)
        running = state.running
        if running.any() and 8 * running.sum() <= 7 * len(running):
            state.keep_only(torch.as_tensor(np.flatnonzero(running)))
            networks = _networks_of(state, candidates, networks, hidden)
        if problem.checkpoint and time.monotonic() - last_write >= shared.checkpoint_seconds:
            arrays = {name: tensor.cpu().numpy() for name, tensor in state.tensors().items()}
            checkpoint.write(problem.checkpoint, arrays, problem.identity)
            last_write = time.monotonic()
    size = network.size(data.x.shape[-1], hidden)
    updates = int(state.optimizer_state.step) // max(state.epoch, 1)
    return [
        _result(state, c, place, size, updates, start_loss[place])
        for place, c in enumerate(candidates)
    ]


def _raw_units(problem: Problem, scaling: Scaling) -> float:
    """By what a loss in the units of training is multiplied to be one in raw units."""
    factor = problem.loss.rescale(scaling.y_std)
    if factor is None:
        assert (scaling.y_mean, scaling.y_std) == (0, 1), "refused by check_settings"
        return 1.0
    return factor


def _networks_of(
    state: State, candidates: Sequence[Candidate], former: NetworkBatch, hidden: tuple[int, ...]
) -> NetworkBatch:
    """The networks of the candidates that are still computed."""
    computed = [candidates[place] for place in state.ids.tolist()]
    networks = NetworkBatch(former.data, computed, hidden, former.loss, former.raw_units)
    torch.mul(state.optimizer_state.units, networks.lr, out=networks.params)
    return networks


def _one_epoch(networks: NetworkBatch, state: State, shared: DescentSettings) -> Tensor:
    """One update per batch, over all training rows of each candidate once; the training loss (K,).

    With ``train_loss = after`` it is the loss of all rows after the epoch, with ``during`` that of
    each row just before the update that used it.
    """
    size = networks.count if shared.batch_size == "full" else shared.batch_size
    # In a single batch the order of rows would change the rounding only.
    order = _orders(networks, state) if shared.shuffle and size < networks.count else None
    for x, y, predicted in networks.batches(size, order):
        passes = networks.passes(y.shape[1])
        passes.forward(x, predicted)
        passes.backward(x, networks.loss.grad(predicted, y, 1 / y.shape[1]))
        if networks.decays:
            networks.grad.addcmul_(networks.params, networks.decay)
        if shared.optimizer == "sgd":
            optimizer.sgd(
                networks.params, networks.grad, state.optimizer_state, networks.lr, shared.momentum
            )
        else:
            betas = (shared.momentum, shared.beta2)
            optimizer.adam(
                networks.params, networks.grad, state.optimizer_state, networks.lr, betas
            )
        if shared.keep_path:
            state.path.append(networks.params[0].clone())
    state.epoch += 1
    return networks.train_loss() if shared.train_loss == "after" else networks.epoch_loss(order)


def _orders(networks: NetworkBatch, state: State) -> Tensor:
    """A new order (K, N) of the rows of each computed candidate."""
    generators = [state.orders[place] for place in state.ids.tolist()]
    orders = [torch.randperm(networks.count, generator=generator) for generator in generators]
    return torch.stack(orders).to(networks.params.device)


def _update_state(networks: NetworkBatch, state: State, rules: Rules, train: Vector) -> None:
    """Validate every computed candidate; store losses, better parameters, and which ended."""
    places = np.flatnonzero(state.running)
    ids = state.ids.numpy()[places]
    losses = networks.val_losses()
    train, val = train[places], networks.mean(losses).cpu().numpy()[places]
    state.curve[state.epoch - 1, ids] = np.stack([train, val], -1)
    best = rules.restore_best[ids]
    if state.trajectory.size:
        cells = in_cells(losses).cpu().numpy()[places].astype(np.float64)
        with np.errstate(over="ignore"):  # beyond single precision a loss is infinite
            state.trajectory[ids, state.epoch - 1] = cells * networks.raw_units
    lost = best & ~np.isfinite(val) | ~(train <= rules.limit[ids])
    state.diverged[ids] = lost
    better = ~lost & (~best | (val < state.best_loss[ids]))
    state.best_loss[ids[better]], state.best_epoch[ids[better]] = val[better], state.epoch
    ended = lost | (state.epoch - state.best_epoch[ids] >= rules.patience[ids])
    state.last[ids[ended]] = state.epoch
    if better.any():
        device = networks.params.device
        from_ = torch.as_tensor(places[better], device=device)
        state.best[torch.as_tensor(ids[better], device=device)] = networks.params[from_]


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
    trajectory = state.trajectory[place, : last if candidate.settings.restore_best else 0]
    return Descent(kept, curve, best_epoch, path, trajectory, failure)


def _path(path: list[Tensor], size: int) -> pd.DataFrame:
    if not path:
        return pd.DataFrame()
    values = torch.stack(path)[:, :size].double().cpu().numpy()
    columns = [f"p{i}" for i in range(size - 1)] + ["b"]
    frame = pd.DataFrame(values, columns=columns)
    frame.insert(0, "update", np.arange(1, len(frame) + 1))
    return frame
