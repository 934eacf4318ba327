"""The order in which a candidate takes its rows in an epoch, the same in every engine.

A row's key is a hash of the candidate's seed, the epoch and the row's number; rows are taken by
their keys. So an order needs no state: training goes on from a checkpoint with the same orders, and
many candidates are ordered at once. The hash is SplitMix64 (Steele, Lea and Flood 2014, figure 16).

Shape letters: K candidates, N rows.
"""

import numpy as np
from numpy.typing import NDArray

STEP = 0x9E3779B97F4A7C15
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def keys(seeds: NDArray[np.uint64], epoch: int, rows: int) -> NDArray[np.int64]:
    """The keys (K, N) of the rows in an epoch (from 1), by the candidates' seeds (K,).

    Of the 64 bits of the hash the upper 63 are kept, so that signed numbers compare alike.
    """
    with np.errstate(over="ignore"):
        steps = np.arange(1, rows + 1, dtype=np.uint64) * np.uint64(STEP)
        mixture = mixed(starts(seeds, epoch)[:, np.newaxis] + steps)
        return (mixture >> np.uint64(1)).astype(np.int64)


def starts(seeds: NDArray[np.uint64], epoch: int) -> NDArray[np.uint64]:
    """Where the generators of an epoch (from 1) start (K,), by the candidates' seeds (K,)."""
    with np.errstate(over="ignore"):
        return mixed(mixed(seeds + np.uint64(STEP)) + np.uint64(epoch) * np.uint64(STEP))


def orders(seeds: NDArray[np.uint64], epoch: int, rows: int) -> NDArray[np.int64]:
    """The numbers of the rows (K, N) in the order of the epoch."""
    return np.argsort(keys(seeds, epoch, rows), axis=1, kind="stable")


def mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64, for each number."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(FIRST)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(SECOND)
    return bits ^ (bits >> np.uint64(31))
