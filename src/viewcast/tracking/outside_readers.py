"""Which runs of a store were shown scores of a referee's rows: a referee asks when it is closed.

It knows its rows, so that it finds every set that shares some of them: by the identity of the set,
and by the rows that the profile of a dataset names (``viewcast.tracking.datasets``). The store
itself is not told which rows the referee has: the hash of a row gives away its target.
"""

from collections.abc import Collection
from contextlib import suppress

import pandas as pd
from mlflow import MlflowClient

from viewcast.assessment.wording import few
from viewcast.base.errors import DataError
from viewcast.data.table import holdout
from viewcast.holdout.looks import Look, distinct
from viewcast.tracking.datasets import row_names, rows_by_holdout
from viewcast.tracking.look_tags import look_of
from viewcast.tracking.referee_runs import is_refereed
from viewcast.tracking.store import all_experiments, all_runs
from viewcast.tracking.tags import HOLDOUT

NAMED = 3  # users


def outside_readers(
    client: MlflowClient, rows: pd.DataFrame, submitters: Collection[str]
) -> list[str]:
    """A sentence on the runs, of any experiment and deleted or not, that were shown scores of some
    of these rows outside of a referee; none where there are none.

    ``rows``: entity, time, target; ``submitters``: of the referee.
    """
    known = all_runs(client, all_experiments(client), f"tags.`{HOLDOUT}` LIKE '%'", deleted=True)
    runs = [run for run in known if not is_refereed(run)]
    own, names = holdout(rows), set(row_names(rows))
    shared = {other: len(names & others) for other, others in rows_by_holdout(runs).items()}
    shared[own] = len(rows)
    looks: list[Look] = []
    for run in runs:
        with suppress(DataError):  # of somebody's run whose tags are damaged
            look = look_of(run, client)
            if look is not None and look.scores and shared.get(look.holdout or ""):
                looks.append(look)
    if not looks:
        return []
    looks = distinct(looks)
    labels = {run.info.run_id: str(run.info.run_name) for run in runs}
    return [_sentence(looks, labels, max(shared[str(look.holdout)] for look in looks), submitters)]


def _sentence(
    looks: list[Look], names: dict[str, str], rows: int, submitters: Collection[str]
) -> str:
    users = list(dict.fromkeys(look.user for look in looks))
    whose = ", ".join(users[:NAMED]) + (" and others" if len(users) > NAMED else "")
    runs = "1 run" if len(looks) == 1 else f"{len(looks):,} runs"
    same = [user for user in users if user in submitters]
    also = f"; {same[0]} submitted here as well" if same else ""
    return (
        f"{runs} of {whose} ({few([names[look.run_id] for look in looks])}) had been shown scores "
        f"of {rows:,} of these rows before the end{also}: what was tuned to them gains more here "
        "than on new rows"
    )
