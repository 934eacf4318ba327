"""Cohorts: many candidates of one architecture, trained in chunks that fit the caches.

Candidates may differ in what ``OWN`` lists, and train together; those that differ in anything else
(batch size, optimizer, momentum) train in chunks of their own. The result of a candidate does not
depend on the other candidates of its chunk.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from viewcast.models import network
from viewcast.training.candidate import Candidate
from viewcast.training.trajectory import cell_count

# Settings that candidates of one chunk may differ in.
OWN = (
    "lr",
    "init",
    "patience",
    "restore_best",
    "divergence_factor",
    "weight_decay",
    "feature_share",
)

# Parameters, gradient, moments and activations of a chunk are read and written in every update:
# within 4 MB they stay in the caches of one core and its share of the last level (measured: 16 to
# 32 candidates of 5,801 parameters are fastest, 64 lose a third). A GPU wants much more at once.
CHUNK_BYTES = {"cpu": 4 * 2**20, "cuda": 4 * 2**30}
SMALLEST = {"cpu": 4, "cuda": 1}  # below, Python costs more than the caches save
LARGEST = {"cpu": 64, "cuda": 8192}
TRAJECTORY_BYTES = 2 * 2**30  # of a chunk's validation losses after every epoch
ROW_BYTES, BYTES_OF_A_ROW = 4 * 2**30, 40  # of a chunk's orders, their keys, its outputs
TENSORS_OF_PARAMETERS = 5  # parameters, their units, gradient, two moments


def chunk_size(features: int, hidden: tuple[int, ...], batch: int, device: str, width: int) -> int:
    """How many candidates train together: as many as ``CHUNK_BYTES`` holds, within limits.

    ``batch``: rows per update. ``width``: bytes of a number.
    """
    parameters = TENSORS_OF_PARAMETERS * network.size(features, hidden)
    activations = batch * (features + 2 * sum(hidden) + (hidden[-1] if hidden else features))
    fitting = CHUNK_BYTES[device] // (width * (parameters + activations))
    return min(max(fitting, SMALLEST[device]), LARGEST[device])


def chunks(
    candidates: Sequence[Candidate],
    features: int,
    hidden: tuple[int, ...],
    rows: int,
    device: str,
    validated: int = 0,
) -> Iterator[list[int]]:
    """The candidates in chunks, by their places in the cohort (at most ``chunk_size`` in each).

    ``rows``, ``validated``: training and validation rows.
    """
    groups: dict[str, list[int]] = {}
    for place, candidate in enumerate(candidates):
        everything = asdict(candidate.settings)
        shared = {key: value for key, value in everything.items() if key not in OWN}
        groups.setdefault(repr(shared), []).append(place)
    for places in groups.values():
        settings = candidates[places[0]].settings
        batch = rows if settings.batch_size == "full" else min(settings.batch_size, rows)
        width = 4 if settings.precision == "float32" else 8
        most = 1 if settings.keep_path else chunk_size(features, hidden, batch, device, width)
        trajectory = 4 * settings.epochs * max(1, cell_count(validated))
        by_rows = ROW_BYTES // (BYTES_OF_A_ROW * rows)
        most = max(1, min(most, TRAJECTORY_BYTES // trajectory, by_rows))
        for first in range(0, len(places), most):
            yield places[first : first + most]
