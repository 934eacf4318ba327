"""The training loop: K candidates of one architecture, epoch by epoch, the best of each kept.

Candidates share the rows and the shape of a batch; each has its own initial parameters, order of
rows, learning rate, patience and end. A candidate that has ended (patience used up, or diverged)
is left out of the books at once, and out of the arithmetic as soon as that saves an eighth of it.
No candidate changes the numbers of another: tests compare bits (layers of a single unit, and
several outputs, agree to rounding, because the rounding of their products depends on how many
candidates share the product).

Shape letters: K candidates, N training rows, M validation rows, F features, P parameters (padded),
E epochs, B batch rows. Nothing here knows MLflow, Hydra or files other than the checkpoint.
"""

import time
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from viewcast.models.scaling import Scaling
from viewcast.training import checkpoint
from viewcast.training.candidate import Candidate, OnEpochs, Rules
from viewcast.training.engine import Descent, diverged
from viewcast.training.problem import Problem
from viewcast.training.settings import DescentSettings
from viewcast.training.torch_engine import optimizer
from viewcast.training.torch_engine.books import Books
from viewcast.training.torch_engine.data import Data
from viewcast.training.torch_engine.members import Members
from viewcast.training.torch_engine.network_batch import NetworkBatch
from viewcast.training.torch_engine.objective import Objective
from viewcast.training.torch_engine.orders import orders
from viewcast.training.torch_engine.state import State
from viewcast.training.trajectory import cell_count, in_cells
from viewcast.training.units import LossUnits
from viewcast.training.weights import row_weights


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
    like = torch.empty(0, dtype=getattr(torch, shared.precision), device=problem.device)
    units = LossUnits.of(problem.loss, scaling)
    weight = row_weights(problem, shared.sample_weight)
    data = Data.of(problem, scaling, units.raw, weight, like)
    members = Members.of(candidates, data)
    networks = NetworkBatch(data, members, hidden, Objective(problem.loss, units))
    networks.params[:, : networks.size] = like.new_tensor(np.stack([c.init for c in candidates]))
    networks.zero_masked_weights()
    optimizer_state = optimizer.OptimizerState.empty(networks.params, members.lr)
    start_loss = networks.start_loss().cpu().numpy()
    rules = Rules.of(candidates, start_loss, units.factor)
    count, cells = len(candidates), cell_count(len(data.y_val)) if rules.restore_best.any() else 0
    books = Books.empty(count, shared.epochs, cells)
    state = State(books, optimizer_state, networks.params.clone(), np.arange(count))

    saved = checkpoint.read(problem.checkpoint, problem.identity)
    if saved is not None:
        state.restore(saved)
        networks = _networks_of(state, members, networks)
        for epoch in range(1, books.epoch + 1):
            ran = books.ran(epoch)
            on_epochs(epoch, ran, *books.curve[epoch - 1, ran].T)
    last_write = time.monotonic()

    while books.epoch < shared.epochs and state.running.any():
        train_loss = _one_epoch(networks, state, shared)
        _validate(networks, state, rules, train_loss)
        ran = books.ran(books.epoch)
        on_epochs(books.epoch, ran, *books.curve[books.epoch - 1, ran].T)
        running = state.running
        if running.any() and 8 * running.sum() <= 7 * len(running):
            state.keep_only(np.flatnonzero(running))
            networks = _networks_of(state, members, networks)
        if problem.checkpoint and time.monotonic() - last_write >= shared.checkpoint_seconds:
            checkpoint.write(problem.checkpoint, state.arrays(), problem.identity)
            last_write = time.monotonic()
    kept = state.best[:, : networks.size].cpu().numpy().astype(np.float64)
    updates = -(-networks.count // _batch(shared, networks.count))
    path = [params[: networks.size].cpu().numpy() for params in state.path]
    return [
        Descent.of(
            kept[place],
            books.curve[: _ended(books, place), place],
            int(books.best_epoch[place]),
            path,
            books.trajectory[place, : _kept_epochs(books, place, candidate)],
            _failure(books, place, candidate, updates, start_loss[place]),
        )
        for place, candidate in enumerate(candidates)
    ]


def _networks_of(state: State, members: Members, former: NetworkBatch) -> NetworkBatch:
    """The networks of the candidates that are still computed."""
    computed = members.at(state.ids)
    networks = NetworkBatch(former.data, computed, former.hidden, former.objective)
    torch.mul(state.optimizer_state.units, computed.lr, out=networks.params)
    return networks


def _batch(shared: DescentSettings, rows: int) -> int:
    return rows if shared.batch_size == "full" else min(shared.batch_size, rows)


def _one_epoch(networks: NetworkBatch, state: State, shared: DescentSettings) -> Tensor:
    """One update per batch, over all training rows of each candidate once; the training loss (K,).

    With ``train_loss = after`` it is the loss of all rows after the epoch, with ``during`` that of
    each row just before the update that used it.
    """
    size, members, order = _batch(shared, networks.count), networks.members, None
    # In a single batch the order of rows would change the rounding only.
    if shared.shuffle and size < networks.count:
        device = networks.params.device
        order = orders(members.seeds, state.books.epoch + 1, networks.count, device)
    for x, y, weight, outputs in networks.batches(size, order):
        passes = networks.passes(y.shape[1])
        passes.forward(x, outputs)
        passes.backward(x, networks.objective.grad(outputs, y, weight))
        if networks.decays:
            networks.grad.addcmul_(networks.params, members.decay)
        updated = networks.params, networks.grad, state.optimizer_state, members.lr
        if shared.optimizer == "sgd":
            optimizer.sgd(*updated, shared.momentum)
        else:
            optimizer.adam(*updated, (shared.momentum, shared.beta2))
        if shared.keep_path:
            state.path.append(networks.params[0].clone())
    return networks.train_loss() if shared.train_loss == "after" else networks.epoch_loss(order)


def _validate(networks: NetworkBatch, state: State, rules: Rules, train_loss: Tensor) -> None:
    """Validate the running candidates; enter their losses, keep the parameters that are better."""
    books, running = state.books, np.flatnonzero(state.running)
    ids, losses = state.ids[running], networks.val_losses()
    if books.trajectory.size:
        cells = in_cells(losses).double() * networks.objective.units.factor
        books.enter_cells(ids, cells.cpu().numpy()[running])
    both = torch.stack([train_loss, networks.objective.mean(losses)]).cpu().numpy()
    train, val = both[:, running]
    better = books.enter(ids, train, val, rules)
    if better.any():
        to, from_ = torch.as_tensor(np.stack([ids[better], running[better]])).to(state.best.device)
        state.best[to] = networks.params[from_]


def _ended(books: Books, place: int) -> int:
    return int(books.last[place]) or books.epoch


def _kept_epochs(books: Books, place: int, candidate: Candidate) -> int:
    """Epochs of the trajectory."""
    return _ended(books, place) if candidate.settings.restore_best else 0


def _failure(
    books: Books, place: int, candidate: Candidate, updates: int, start_loss: float
) -> str | None:
    if not books.diverged[place]:
        return None
    last = _ended(books, place)
    return diverged(candidate.settings, last * updates, start_loss, books.curve[:last, place])
