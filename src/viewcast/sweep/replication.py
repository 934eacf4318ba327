"""Replication: candidates that cannot be told apart from the best are trained with other seeds.

``sweep.replicate=10`` trains each of their settings until it has 10 seeds. An audit then tells how
much of the winner's gain is its setting and how much its seed.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from viewcast.base.errors import ConfigError
from viewcast.base.settings import digest
from viewcast.selection.confidence_set import confidence_set
from viewcast.selection.dependence import dependence_length
from viewcast.sweep.members import Member
from viewcast.sweep.results import Results
from viewcast.sweep.space import Plain

KEY = "replicate"
SEED = "seed"
MOST = 10  # settings, the best of those that cannot be told apart
DRAWS = 500


def wanted(sweep: Mapping[str, Any]) -> int | None:
    """How many seeds each setting is to have, None where nothing is replicated."""
    seeds = sweep.get(KEY)
    if seeds is None:
        return None
    if not isinstance(seeds, int) or isinstance(seeds, bool) or seeds < 2:
        raise ConfigError(f"sweep.{KEY} = {seeds!r}: expected a number of seeds, 2 or more")
    return seeds


def seeded(candidates: Sequence[Mapping[str, Any]], base: Plain) -> list[Plain]:
    """The candidates, each of which names its seed, so that others may differ by it."""
    return [{SEED: base[SEED], **own} for own in candidates]


def replications(results: Results, candidates: Sequence[Member], seeds: int) -> list[Plain]:
    """What is to be trained so that every setting which may be the best has so many ``seeds``.

    Settings that may be the best: those of the runs in the 95 % confidence set of the validation
    losses, at most 10, best first. Empty where all have seeds enough.
    """
    used: dict[str, set[int]] = defaultdict(set)
    for member in candidates:
        used[_setting(member)].add(int(member.own[SEED]))
    more: list[Plain] = []
    for setting, member in list(_best(results, candidates).items())[:MOST]:
        seed = int(member.own[SEED])
        while len(used[setting]) < seeds:
            seed += 1
            if seed not in used[setting]:
                used[setting].add(seed)
                more.append({**member.own, SEED: seed})
    return more


def _best(results: Results, candidates: Sequence[Member]) -> dict[str, Member]:
    """By setting, its best run among those that cannot be told apart from the best of all."""
    by_number = {str(member.number): member for member in candidates}
    table = results.predictions.dropna()
    trained = [by_number[column] for column in table if column in by_number]
    if not trained:
        return {}
    losses = np.stack([_losses(member, table) for member in trained]).astype(np.float32)
    length = dependence_length(losses, trained[0].config.data.block)
    inside = confidence_set(losses, length, DRAWS, trained[0].config.seed)
    found: dict[str, Member] = {}
    for place in np.argsort(losses.mean(axis=1), kind="stable"):
        if inside[place]:
            found.setdefault(_setting(trained[place]), trained[place])
    return found


def _losses(member: Member, table: pd.DataFrame) -> NDArray[np.float64]:
    """Of each row of a table of predictions, or of scores where it has no target."""
    values = table[str(member.number)].to_numpy(np.float64)
    if "target" not in table:
        return values
    return np.asarray(member.config.loss.rows(values, table["target"].to_numpy(np.float64)))


def _setting(member: Member) -> str:
    """Identity of what a candidate is beside its seed."""
    return digest({key: value for key, value in member.own.items() if key != SEED})
