"""Which rows are alike, where the user says it: by entity, by time, by both, or by a column.

``cluster`` is one of these three words, or a column of other people's tables that names the series
of each row, such as a patient or a channel.
"""

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

import pandas as pd

from viewcast.assessment.study import Scored
from viewcast.base.errors import ConfigError, DataError
from viewcast.holdout.panels import panel, usual_cluster
from viewcast.selection.clusters import CLUSTERS, Cluster, cluster_named
from viewcast.tracking.read.columns import Columns


def with_series(
    columns: Columns, names: Iterable[str], cluster: str | None, where: str = ""
) -> Columns:
    """The columns of a table of these ``names``, whose series the one called ``cluster`` names.

    As they are for a word, or for nothing. Refuses (DataError) a column that the table lacks;
    ``where`` begins the message.
    """
    if cluster is None or cluster in CLUSTERS:
        return columns
    known = list(map(str, names))
    if cluster not in known:
        raise DataError(
            f"{where}cluster = {cluster}: it has no such column; its columns are {', '.join(known)}"
        )
    return replace(columns, entity=cluster)


def clustered(scored: Sequence[Scored], cluster: str | None, tables: Set[str]) -> list[Scored]:
    """Runs whose facts say that rows are alike as the user says it, whatever the runs said.

    ``tables``: the ids of the runs whose tables were read with their columns. Rows whose series a
    column names are alike by series, and by time too where the series share their times and both
    are enough (``viewcast.holdout.panels``).

    Refuses (ConfigError) where no run's rows have several entities, or times, as that needs.
    """
    if cluster is None or not scored:
        return list(scored)
    word = cluster_named(cluster)
    needed = {"entity": ["entity"], "time": ["time"]}.get(cluster, ["entity", "time"])
    needed = needed if word else ["entity"]
    found: dict[int, Cluster | None] = {}  # by the table of keys, which runs share
    told = []
    for run in scored:
        if run.rows is None or not (word or run.run_id in tables):
            told.append(run)
            continue
        keys = run.rows.keys
        if id(keys) not in found:
            several = all(name in keys and keys[name].nunique() > 1 for name in needed)
            found[id(keys)] = (word or _usual(keys, run.facts.block)) if several else None
        own = found[id(keys)]
        told.append(run if own is None else replace(run, facts=replace(run.facts, cluster=own)))
    if not any(found.values()):
        reasons = [run.excluded for run in scored if run.rows is None and run.excluded]
        raise ConfigError(
            f"cluster = {cluster}: no run has rows of several {_several(needed)}"
            + (f" ({reasons[0]})" if reasons else "")
            + f"; allowed: {', '.join(CLUSTERS)} of rows that name their entity and time, or the "
            "column of the tables that names the series of each row"
        )
    return told


def _usual(keys: pd.DataFrame, block: float) -> Cluster:
    return (usual_cluster(keys) if panel(keys, block) is not None else None) or "entity"


def _several(needed: Sequence[str]) -> str:
    return " and ".join({"entity": "entities", "time": "times"}[name] for name in needed)
