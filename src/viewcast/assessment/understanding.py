"""What an audit understood of the runs before it computed anything: the first lines it prints."""

from dataclasses import field

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

CONFIG = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=CONFIG)
class SetAside:
    """Runs that take no part, and why: ``count`` of them, ``names`` the first few."""

    reason: str
    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, config=CONFIG)
class Understanding:
    """What was taken for what.

    ``metric``: its name in the store, "" where rows alone are known; ``metric_from``: why this one
    (``--metric``, a tag, the parent run, most runs). ``more_is_better``, ``direction_from``: the
    same of the direction. ``value``: which point of a series counts: last, best, min or max.
    ``rows``: how many, None where unknown; ``digest``: of the holdout, None where unknown;
    ``rows_from``: how the rows are known (row tables, dataset input, scored models, not at all).
    ``taken``: runs that were compared; ``set_aside``: the others by reason.
    ``passed_over``: artifacts and metrics that might have been meant, each with the reason.
    ``advice``: one line to paste that would have more runs priced, None where all are.
    """

    metric: str
    metric_from: str
    more_is_better: bool
    direction_from: str
    value: str
    rows: int | None
    digest: str | None
    rows_from: str
    taken: int
    set_aside: tuple[SetAside, ...] = field(default=())
    passed_over: tuple[str, ...] = field(default=())
    advice: str | None = None
