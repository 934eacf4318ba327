"""The settings of an audit, ``conf/audit.yaml``."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.settings import Tracking

Named = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", coerce_numbers_to_str=True))
class AuditSettings:
    """Which runs are audited, how, and where the results go.

    ``experiment``: null for all of the project (``viewcast-…``), without those of its nights;
    ``holdout``: the identity of one or its first digits, null for all. ``draws`` and ``seed``: of
    the resampling. ``least``: dependence length in rows that is assumed at the least, null for what
    the data of the runs state. ``tolerance``: of the budget in bits, a share of the range of a
    bounded loss. ``worn_out``: how large the winner's optimism may be, as a share of the spread
    (standard deviation) between runs. ``reference``: the model, or the name or id of the run, that
    gains are measured against, null for the first of several rounds. ``metric``: the validation
    loss of runs that viewcast did not make, null for the usual names. ``write``: whether runs and
    experiment are annotated. ``output``: the file of the results, under the project's root; null
    for reports/audit.json or, where an experiment or a holdout is asked for, a file of that name in
    build/audits.
    """

    tracking: Tracking
    experiment: Named | None = None
    holdout: Named | None = None
    draws: Annotated[int, Field(ge=50, le=10_000)] = 500
    seed: Annotated[int, Field(ge=0)] = 2021
    least: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 0.1
    worn_out: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.5
    reference: Named | None = "naive"
    metric: Named | None = None
    write: bool = True
    output: Named | None = None
