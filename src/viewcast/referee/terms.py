"""What a referee is started with, and never changes: its terms, and the plan that is hashed.

The plan is written before the first submission. All that decides an answer is in it, but for the
targets, of which it holds the digest.
"""

from dataclasses import asdict
from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from viewcast.base.settings import construct, digest
from viewcast.selection.clusters import Cluster

Mode = Literal["referee", "explore"]
HiddenRows = Literal["last", "spread"]
HIDDEN_ROWS: tuple[HiddenRows, ...] = get_args(HiddenRows)
STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=STRICT)
class Terms:
    """``budget`` T: answers that are given in all, the first submission's included. ``false`` F:
    false acceptances that are allowed on average over the whole life, if nothing is an improvement;
    it is the dial for progress. ``hidden``: share of the rows that enter no answer. ``length``:
    over how many rows a row's loss depends on its neighbours, 1 for rows in no order. ``mode``:
    ``referee``, or ``explore``, whose answer means "kept", never "better": the Ladder with a step
    of one standard error. ``hidden_rows``: the ``last`` in time, or ``spread`` over it
    (``viewcast.referee.spread``).
    """

    budget: Annotated[int, Field(ge=2, le=1_000_000)] = 200
    false: Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)] = 1.0
    hidden: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.25
    length: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0
    mode: Mode = "referee"
    hidden_rows: HiddenRows = "last"


def terms_of(
    budget: int,
    false: float,
    hidden: float,
    length: float,
    mode: Mode,
    hidden_rows: HiddenRows = "last",
) -> Terms:
    """Checked terms; refuses (ConfigError) a setting out of range by its name."""
    given = {
        "budget": budget,
        "false": false,
        "hidden": hidden,
        "length": length,
        "mode": mode,
        "hidden_rows": hidden_rows,
    }
    terms: Terms = construct(Terms, given, "")
    return terms


@dataclass(frozen=True, config=STRICT)
class Plan:
    """``name`` of the referee; ``holdout``: the identity of the rows
    (``viewcast.data.table.holdout`` of entity, time, target); ``rows``: how many; ``metric``,
    ``more_is_better``; ``cluster``: which rows are alike, None of one series; ``gate``, ``hidden``:
    how many rows judge, and how many are read once at the end; ``terms``; ``source``: what the rows
    were read from, for people; ``target``, and ``key``, ``time``, ``entity`` that name a row:
    columns of the table; ``order``: the identity of the rows' names and of their places in the
    table, which say whose a prediction is.
    """

    name: str
    holdout: str
    rows: int
    metric: str
    more_is_better: bool
    cluster: Cluster | None
    gate: int
    hidden: int
    terms: Terms
    source: str = ""
    target: str = "target"
    key: str | None = None
    time: str | None = None
    entity: str | None = None
    order: str = ""

    @property
    def hash(self) -> str:
        """The identity of the plan (16 hex)."""
        return digest(self.plain())

    def plain(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        plain = asdict(self)
        if self.terms.hidden_rows == "last":
            del plain["terms"]["hidden_rows"]  # older plans have no such key, and keep their hash
        return plain


def between(plan: Plan) -> str:
    """Where the hidden rows lie if not at the end, to go on a sentence; empty if they do."""
    if plan.terms.hidden_rows == "last":
        return ""
    unused = plan.rows - plan.gate - plan.hidden
    return f", spread over the time; {unused:,} rows between the two are used for neither"
